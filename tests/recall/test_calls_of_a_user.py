"""Reading one user, minting a token, and the two calls that change something."""

import json
import logging
import math
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from reconciler.domain import (
    CalendarUser,
    Cancellation,
    Cancelled,
    Deadline,
    DeadlinePassed,
    Platform,
    Preferences,
    Secret,
    Timeouts,
)
from reconciler.recall import (
    Blocked,
    CalendarReader,
    CalendarWriter,
    ClientSettings,
    Conflict,
    CredentialsRefused,
    Effect,
    NoAnswer,
    NotFound,
    NotReached,
    NotSentInTime,
    OutOfCredit,
    RecallError,
    Rejected,
    ServerError,
    Throttled,
    ThrottledBeyondCap,
    TooSlow,
    UnexpectedAnswer,
    UserTokenRefused,
)
from reconciler.recall.transport import ApiTransport, CallDeadline, GetOnlyTransport, MethodRefused
from tests.recall.clients import KEY, LISTED, TOKEN, Clients, endpoint
from tests.recall.fake_clock import START
from tests.recall.scripted_server import Reply, Scripted, reply

ALICE = {"id": "u-1", "external_id": "alice@example.com", "connections": []}
DROPPED = Reply((), close=True)
RESET = Reply((), reset=True)

Action = Callable[[Clients], object]


def get_user(clients: Clients) -> CalendarUser:
    return clients.reader.get_user(Secret(TOKEN), "alice@example.com", clients.deadline)


def mint(clients: Clients) -> Secret:
    return clients.writer.mint_token(lambda: (LISTED, math.inf), clients.deadline)


def disconnect(clients: Clients) -> None:
    permit = clients.writer.reserve_disconnect("alice@example.com", clients.deadline)
    clients.writer.disconnect(Secret(TOKEN), Platform.GOOGLE, permit, leave_by=math.inf)


def update(clients: Clients) -> None:
    permit = clients.writer.reserve_update("alice@example.com", clients.deadline)
    preferences = Preferences(record_external=False, bot_name=None)
    clients.writer.update_preferences(Secret(TOKEN), preferences, permit, leave_by=math.inf)


READS = [get_user, mint]
CHANGES = [disconnect, update]


# Reading a user


def test_a_user_is_read_with_the_token_alone() -> None:
    with Scripted(reply(200, ALICE)) as server:
        with Clients(server.url) as clients:
            assert get_user(clients) == CalendarUser("u-1", "alice@example.com", ())
        (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/api/v1/calendar/user/", b"")
    assert request.headers["x-recallcalendarauthtoken"] == TOKEN
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "answer", [reply(200, b"<html>"), reply(200, []), reply(204, b""), reply(206, ALICE)]
)
def test_an_answer_that_is_no_user_is_unexpected(answer: Reply) -> None:
    with Scripted(answer) as server, Clients(server.url) as clients:
        with pytest.raises(UnexpectedAnswer, match="get calendar user"):
            get_user(clients)
        assert len(server.requests) == 1


def test_a_refused_token_is_not_tried_again() -> None:
    with Scripted(reply(401, {"detail": "Invalid token."})) as server:
        with Clients(server.url) as clients, pytest.raises(UserTokenRefused) as caught:
            get_user(clients)
        assert len(server.requests) == 1
    assert caught.value.effect is Effect.NONE


SILENT = Reply((b"", b"HTTP/1.1 200 OK\r\n\r\n"), drip=30.0)


def test_a_call_that_takes_too_long_as_a_whole_is_not_tried_again() -> None:
    with (
        Scripted(SILENT) as server,
        Clients(server.url, ClientSettings(call_total=0.5)) as clients,
    ):
        with pytest.raises(TooSlow) as caught:
            get_user(clients)
        assert len(server.requests) == 1
    assert caught.value.effect is Effect.UNKNOWN


def test_a_call_that_outlasts_the_callers_deadline_says_so() -> None:
    def late(_: object) -> Reply:
        clients.clock.time += 10
        return SILENT

    with Scripted(late) as server, Clients(server.url, ClientSettings(call_total=0.2)) as clients:
        deadline = Deadline(clients.clock, at=clients.clock.time + 5)
        with pytest.raises(DeadlinePassed):
            clients.reader.get_user(Secret(TOKEN), "a", deadline)
        assert len(server.requests) == 1


def test_a_token_that_outlasts_the_callers_deadline_says_so() -> None:
    def late(_: object) -> Reply:
        clients.clock.time += 10
        return SILENT

    with Scripted(late) as server, Clients(server.url, ClientSettings(call_total=0.2)) as clients:
        deadline = Deadline(clients.clock, at=clients.clock.time + 5)
        with pytest.raises(DeadlinePassed):
            clients.writer.mint_token(lambda: (CalendarUser("u-1", "a", ()), math.inf), deadline)
        assert len(server.requests) == 1


def test_a_token_that_takes_too_long_for_the_caller_who_has_time_is_too_slow() -> None:
    with (
        Scripted(SILENT) as server,
        Clients(server.url, ClientSettings(call_total=0.5)) as clients,
    ):
        with pytest.raises(TooSlow):
            clients.writer.mint_token(
                lambda: (CalendarUser("u-1", "a", ()), math.inf), clients.deadline
            )
        assert len(server.requests) == 1


def test_connections_are_used_again() -> None:
    with Scripted(reply(200, ALICE)) as server, Clients(server.url) as clients:
        get_user(clients)
        get_user(clients)
        assert [request.connection for request in server.requests] == [1, 1]


# Minting


def test_a_token_is_minted_with_the_key_and_the_listed_id() -> None:
    with Scripted(reply(200, {"token": "minted"})) as server, Clients(server.url) as clients:
        assert mint(clients) == Secret("minted")
        (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/v1/calendar/authenticate/")
    assert json.loads(request.body) == {"user_id": "alice@example.com"}
    assert request.headers["authorization"] == f"Token {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert "idempotency-key" not in request.headers


@pytest.mark.parametrize("external_id", [None, ""])
def test_no_token_is_minted_for_a_user_without_an_external_id(external_id: str | None) -> None:
    with Scripted(reply()) as server, Clients(server.url) as clients:
        with pytest.raises(ValueError, match="external id"):
            clients.writer.mint_token(
                lambda: (CalendarUser("u", external_id, ()), math.inf), clients.deadline
            )
        assert server.requests == []


def test_each_attempt_to_mint_asks_anew_for_whom_and_after_the_wait() -> None:
    asked: list[float] = []

    def listed() -> tuple[CalendarUser, float]:
        asked.append(clients.clock.time)
        return CalendarUser(f"u-{len(asked)}", f"alice-{len(asked)}", ()), math.inf

    answers = [reply(429, b"", Retry_After="20"), reply(200, {"token": "minted"})]
    with Scripted(*answers) as server, Clients(server.url) as clients:
        began = clients.clock.time
        clients.writer.mint_token(listed, clients.deadline)
        sent = [json.loads(request.body)["user_id"] for request in server.requests]
    assert sent == ["alice-1", "alice-2"]
    assert [moment - began for moment in asked] == [0, pytest.approx(20, abs=1)]


def test_no_token_is_asked_for_once_the_list_is_too_old() -> None:
    with Scripted(reply(200, {"token": "minted"})) as server, Clients(server.url) as clients:
        tried: list[None] = []

        def listed() -> tuple[CalendarUser, float]:
            tried.append(None)
            return LISTED, clients.clock.time - 1

        with pytest.raises(NotSentInTime):
            clients.writer.mint_token(listed, clients.deadline)
        assert server.requests == []
        assert len(tried) == 5


def test_somebody_who_is_not_listed_any_more_ends_the_minting_at_once() -> None:
    def listed() -> tuple[CalendarUser, float]:
        raise LookupError("gone")

    with Scripted(reply()) as server, Clients(server.url) as clients:
        with pytest.raises(LookupError, match="gone"):
            clients.writer.mint_token(listed, clients.deadline)
        assert server.requests == []


@pytest.mark.parametrize("body", [b"", b"{}", {"token": None}, {"token": ""}, {"token": "a\nb"}])
def test_an_answer_without_a_usable_token_is_unexpected(body: object) -> None:
    with (
        Scripted(reply(200, body)) as server,
        Clients(server.url) as clients,
        pytest.raises(UnexpectedAnswer) as caught,
    ):
        mint(clients)
    assert caught.value.__context__ is None


def test_a_refused_key_hints_at_the_address() -> None:
    with Scripted(reply(401, {"detail": "Invalid API token"})) as server:
        with Clients(server.url) as clients, pytest.raises(CredentialsRefused) as caught:
            mint(clients)
        assert len(server.requests) == 1
    assert "belongs to sandbox:s1" in caught.value.hint


# Trying again what changes nothing


@pytest.mark.parametrize("action", READS)
@pytest.mark.parametrize(
    "failure",
    [reply(status, b"") for status in (408, 409, 429, 502, 503, 504)] + [DROPPED, RESET],
)
def test_a_passing_failure_is_tried_again(action: Action, failure: Reply) -> None:
    sound = reply(200, {**ALICE, "token": "t"})
    with Scripted(failure, failure, sound) as server, Clients(server.url) as clients:
        action(clients)
        assert len(server.requests) == 3
        assert clients.clock.waits == [0.25, 0.5]


@pytest.mark.parametrize("action", READS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (402, OutOfCredit),
        (403, Blocked),
        (404, NotFound),
        (405, NotFound),
        (422, Rejected),
        (418, Rejected),
        (500, ServerError),
        (501, ServerError),
        (301, UnexpectedAnswer),
        (307, UnexpectedAnswer),
    ],
)
def test_a_lasting_failure_is_not_tried_again(
    action: Action, status: int, kind: type[RecallError]
) -> None:
    with Scripted(reply(status, b"", Location="/elsewhere")) as server:
        with Clients(server.url) as clients, pytest.raises(kind) as caught:
            action(clients)
        assert len(server.requests) == 1
    assert caught.value.status == status


@pytest.mark.parametrize("action", READS)
def test_attempts_are_bounded_and_back_off(action: Action) -> None:
    with Scripted(reply(503, b"")) as server, Clients(server.url) as clients:
        with pytest.raises(ServerError):
            action(clients)
        assert len(server.requests) == 5
        assert clients.clock.waits == [0.25, 0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("shown", "waited"),
    [("7", 7.0), ("120", 120.0), ("1.5", 1.5), ("0", 0.25), ("-3", 0.25), ("later", 60.0)],
)
def test_a_retry_after_is_never_shortened(shown: str, waited: float) -> None:
    answers = (reply(429, b"", Retry_After=shown), reply(200, ALICE))
    with Scripted(*answers) as server, Clients(server.url) as clients:
        get_user(clients)
        assert clients.clock.waits == [waited]


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("minutes", [-10, 0, 10])
@pytest.mark.parametrize(("action", "answer"), [(get_user, ALICE), (mint, {"token": "t"})])
def test_a_date_to_retry_after_is_measured_by_the_servers_own_clock(
    action: Action, answer: object, minutes: int
) -> None:
    there = START + timedelta(minutes=minutes)
    shown = http_date(there + timedelta(seconds=30))
    refused = reply(429, b"", Retry_After=shown, Date=http_date(there))
    with Scripted(refused, reply(200, answer)) as server, Clients(server.url) as clients:
        action(clients)
        assert clients.clock.waits == [30.0]


@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_a_disconnect_is_told_to_wait_by_the_servers_own_clock(minutes: int) -> None:
    there = START + timedelta(minutes=minutes)
    shown = http_date(there + timedelta(seconds=30))
    refused = reply(429, b"", Retry_After=shown, Date=http_date(there))
    with (
        Scripted(refused) as server,
        Clients(server.url) as clients,
        pytest.raises(Throttled) as caught,
    ):
        disconnect(clients)
    assert caught.value.retry_after == 30
    assert not isinstance(caught.value, ThrottledBeyondCap)


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}])
def test_a_date_to_retry_after_without_a_clock_to_measure_it_is_a_minute_at_least(
    date: dict[str, str],
) -> None:
    refused = reply(429, b"", Retry_After=http_date(START + timedelta(seconds=5)), **date)
    with Scripted(refused, reply(200, ALICE)) as server, Clients(server.url) as clients:
        get_user(clients)
        assert clients.clock.waits == [60.0]


def test_of_several_headers_to_retry_after_the_longest_counts() -> None:
    head = b"HTTP/1.1 429 X\r\nRetry-After: 5\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"
    with Scripted(Reply((head,)), reply(200, ALICE)) as server, Clients(server.url) as clients:
        get_user(clients)
        assert clients.clock.waits == [9.0]


def test_jitter_is_added_to_what_the_server_asks() -> None:
    answers = (reply(429, b"", Retry_After="7"), reply(200, ALICE))
    with Scripted(*answers) as server, Clients(server.url) as clients:
        reader = CalendarReader(
            endpoint(server.url),
            clock=clients.clock,
            rate_limiter=clients.rate_limiter,
            jitter=lambda: 0.5,
        )
        with reader:
            reader.get_user(Secret(TOKEN), "a", clients.deadline)
        assert clients.clock.waits == [7.125]


@pytest.mark.parametrize("action", [get_user, mint, disconnect])
def test_a_retry_after_beyond_the_cap_gives_up_at_once(action: Action) -> None:
    with Scripted(reply(429, b"", Retry_After="121")) as server, Clients(server.url) as clients:
        with pytest.raises(ThrottledBeyondCap) as caught:
            action(clients)
        assert len(server.requests) == 1
        assert clients.clock.waits == []
    assert caught.value.retry_after == 121
    assert caught.value.effect is Effect.NONE


def test_a_503_that_asks_to_wait_beyond_the_cap_is_not_tried_again() -> None:
    with Scripted(reply(503, b"", Retry_After="3600")) as server, Clients(server.url) as clients:
        with pytest.raises(ServerError):
            get_user(clients)
        assert len(server.requests) == 1


def test_an_address_that_refuses_is_tried_again_and_costs_no_budget() -> None:
    with Scripted(reply()) as server:
        url = server.url
    with Clients(url) as clients:
        with pytest.raises(NotReached) as caught:
            mint(clients)
        assert len(clients.clock.waits) == 4
        assert clients.rate_limiter.authenticate.idle()
    assert (caught.value.effect, caught.value.status) == (Effect.NONE, None)


def test_each_attempt_takes_from_the_budget() -> None:
    with Scripted(reply(503, b"")) as server, Clients(server.url) as clients:
        with pytest.raises(ServerError):
            mint(clients)
        for _ in range(295):
            clients.rate_limiter.authenticate.take(clients.deadline).answered()
        before = clients.clock.time
        clients.rate_limiter.authenticate.take(clients.deadline)
        assert clients.clock.time > before


def test_a_stop_ends_the_backoff() -> None:
    stop = Cancellation()

    def busy(_: object) -> Reply:
        stop.request(2)
        return reply(503, b"")

    with Scripted(busy) as server, Clients(server.url) as clients:
        with pytest.raises(Cancelled):
            clients.writer.mint_token(lambda: (LISTED, math.inf), Deadline(clients.clock, stop))
        assert len(server.requests) == 1


# The two changes


def test_a_disconnect_names_the_platform_and_carries_the_token_alone() -> None:
    with Scripted(reply(200, ALICE)) as server, Clients(server.url) as clients:
        disconnect(clients)
        (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/v1/calendar/user/disconnect/")
    assert json.loads(request.body) == {"platform": "google"}
    assert request.headers["x-recallcalendarauthtoken"] == TOKEN
    assert not {"authorization", "idempotency-key"} & set(request.headers)


def test_an_update_holds_only_what_is_reported() -> None:
    with Scripted(reply(200, ALICE)) as server, Clients(server.url) as clients:
        update(clients)
        (request,) = server.requests
    assert (request.method, request.path) == ("PUT", "/api/v1/calendar/user/")
    assert json.loads(request.body) == {"preferences": {"record_external": False, "bot_name": None}}


def test_an_update_of_nothing_is_refused() -> None:
    with Scripted(reply()) as server, Clients(server.url) as clients:
        permit = clients.writer.reserve_update("a", clients.deadline)
        with pytest.raises(ValueError, match="no preferences"):
            clients.writer.update_preferences(
                Secret(TOKEN), Preferences(), permit, leave_by=math.inf
            )
        assert server.requests == []


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize("answer", [reply(200, b"no json"), reply(201, ALICE), reply(204, b"")])
def test_any_2xx_is_accepted(action: Action, answer: Reply) -> None:
    with Scripted(answer) as server, Clients(server.url) as clients:
        action(clients)
        assert len(server.requests) == 1


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize(
    ("answer", "kind", "effect"),
    [
        (reply(400, {"platform": ["bad"]}), Rejected, Effect.NONE),
        (reply(401, b""), UserTokenRefused, Effect.NONE),
        (reply(402, b""), OutOfCredit, Effect.NONE),
        (reply(403, b"<html>"), Blocked, Effect.NONE),
        (reply(404, b""), NotFound, Effect.NONE),
        (reply(408, b""), NoAnswer, Effect.UNKNOWN),
        (reply(409, b""), Conflict, Effect.NONE),
        (reply(429, b"", Retry_After="3"), Throttled, Effect.NONE),
        (reply(500, b""), ServerError, Effect.UNKNOWN),
        (reply(503, b""), ServerError, Effect.UNKNOWN),
        (reply(300, b""), UnexpectedAnswer, Effect.UNKNOWN),
        (reply(302, b"", Location="/x"), UnexpectedAnswer, Effect.UNKNOWN),
        (DROPPED, NoAnswer, Effect.UNKNOWN),
        (RESET, NoAnswer, Effect.UNKNOWN),
        (Reply((b"SSH-2.0-x\r\n\r\n",), close=True), NoAnswer, Effect.UNKNOWN),
        (
            Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",), close=True),
            NoAnswer,
            Effect.UNKNOWN,
        ),
        (
            Reply((b"HTTP/1.1 429 X\r\nContent-Length: 9\r\n\r\n{",), close=True),
            Throttled,
            Effect.NONE,
        ),
    ],
)
def test_a_change_is_sent_once_and_its_failure_says_what_is_proven(
    action: Action, answer: Reply, kind: type[RecallError], effect: Effect
) -> None:
    with Scripted(answer) as server, Clients(server.url) as clients:
        with pytest.raises(kind) as caught:
            action(clients)
        assert len(server.requests) == 1
        assert clients.clock.waits == []
    assert caught.value.effect is effect


@pytest.mark.parametrize("action", CHANGES)
def test_a_change_without_an_answer_in_time_has_an_unknown_effect(action: Action) -> None:
    with (
        Scripted(SILENT) as server,
        Clients(server.url, ClientSettings(Timeouts(read=0.02))) as clients,
    ):
        with pytest.raises(NoAnswer) as caught:
            action(clients)
        assert len(server.requests) == 1
    assert caught.value.effect is Effect.UNKNOWN
    assert caught.value.status is None


@pytest.mark.parametrize("action", CHANGES)
def test_a_change_that_reached_nobody_had_no_effect(action: Action) -> None:
    with Scripted(reply()) as server:
        url = server.url
    with Clients(url) as clients, pytest.raises(NotReached) as caught:
        action(clients)
    assert caught.value.effect is Effect.NONE


@pytest.mark.parametrize("action", CHANGES)
def test_each_change_has_a_connection_of_its_own(action: Action) -> None:
    with Scripted(reply(200, ALICE)) as server, Clients(server.url) as clients:
        action(clients)
        action(clients)
        assert [request.connection for request in server.requests] == [1, 2]
        assert server.requests[0].headers["connection"] == "close"


def test_a_change_that_was_answered_counts_in_the_budget() -> None:
    with Scripted(reply(500, b"")) as server, Clients(server.url) as clients:
        permit = clients.writer.reserve_disconnect("a", clients.deadline)
        with pytest.raises(ServerError):
            clients.writer.disconnect(Secret(TOKEN), Platform.GOOGLE, permit, leave_by=math.inf)
        for _ in range(119):
            clients.writer.reserve_disconnect("a", clients.deadline).answered()
        clients.writer.reserve_disconnect("a", clients.deadline)
        assert clients.clock.waits == [60.0]


# What errors tell


def test_an_error_shows_the_body_in_one_bounded_line() -> None:
    body = b'{"platform":\r\n["\x1b[31m not valid"]}' + b"x" * 100_000
    with (
        Scripted(reply(400, body)) as server,
        Clients(server.url) as clients,
        pytest.raises(Rejected) as caught,
    ):
        disconnect(clients)
    assert caught.value.detail.startswith(
        'disconnect calendar platform: HTTP 400: {"platform": [" [31m not valid"]}xxx'
    )
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


def test_an_error_does_not_show_a_page_of_html() -> None:
    with (
        Scripted(reply(502, b"\n<!doctype html>")) as server,
        Clients(server.url) as clients,
        pytest.raises(ServerError, match="HTTP 502: an HTML page"),
    ):
        disconnect(clients)


def test_an_error_has_a_stable_name_for_reports() -> None:
    assert ThrottledBeyondCap("x").code == "throttled_beyond_cap"


def test_a_redirect_says_that_it_is_not_followed() -> None:
    with (
        Scripted(reply(302, b"", Location="/x")) as server,
        Clients(server.url) as clients,
        pytest.raises(UnexpectedAnswer, match="redirects are not followed"),
    ):
        get_user(clients)


@pytest.mark.parametrize("action", [get_user, mint, disconnect, update])
@pytest.mark.parametrize(
    "answer",
    [
        reply(400, {"echo": f"{KEY} {TOKEN}"}),
        reply(401, {"echo": f"{KEY} {TOKEN}"}),
        DROPPED,
        Reply((f"HTTP/1.1 {KEY} {TOKEN}\r\n\r\n".encode(),), close=True),
    ],
)
def test_no_error_and_no_log_holds_a_secret(
    action: Action, answer: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        Scripted(answer) as server,
        Clients(server.url, ClientSettings(attempts=1)) as clients,
        pytest.raises(RecallError) as caught,
    ):
        action(clients)
    written = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert caplog.text
    assert KEY not in written
    # To mint a token is to have none: the server cannot echo one.
    assert action is mint or TOKEN not in written
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


# What a reader can do


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_a_readers_transport_refuses_any_other_method_before_a_byte_is_sent(method: str) -> None:
    with Scripted(reply()) as server:
        inner = ApiTransport(endpoint(server.url), CallDeadline(), keep_alive=True)
        transport = GetOnlyTransport(inner)
        with pytest.raises(MethodRefused):
            transport.handle_request(httpx.Request(method, server.url))
        transport.close()
        assert server.requests == []


def test_a_readers_transport_refuses_a_body() -> None:
    with Scripted(reply()) as server:
        inner = ApiTransport(endpoint(server.url), CallDeadline(), keep_alive=True)
        transport = GetOnlyTransport(inner)
        with pytest.raises(MethodRefused):
            transport.handle_request(httpx.Request("GET", server.url, content=b"x"))
        transport.close()
        assert server.requests == []


def test_a_readers_own_channel_is_one_that_can_only_get() -> None:
    with Clients("http://127.0.0.1:9") as clients:
        assert isinstance(clients.reader._channel._transport, GetOnlyTransport)


def test_a_reader_has_no_verb_but_reading_and_a_writer_none_that_deletes() -> None:
    assert {name for name in vars(CalendarReader) if not name.startswith("_")} == {
        "close",
        "get_user",
        "list_users",
        "server_ahead",
    }
    assert not any("delete" in name for name in vars(CalendarWriter))


def test_clients_are_context_managers() -> None:
    with Scripted(reply(200, ALICE)) as server, Clients(server.url) as clients:
        with CalendarReader(
            endpoint(server.url), clock=clients.clock, rate_limiter=clients.rate_limiter
        ) as reader:
            user = reader.get_user(Secret(TOKEN), "a", clients.deadline)
        with CalendarWriter(
            endpoint(server.url), clock=clients.clock, rate_limiter=clients.rate_limiter
        ) as writer:
            permit = writer.reserve_disconnect("a", clients.deadline)
            writer.disconnect(Secret(TOKEN), Platform.GOOGLE, permit, leave_by=math.inf)
    assert user.id == "u-1"


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        (http_date(START + timedelta(minutes=10)), 600),
        (http_date(START - timedelta(minutes=10)), -600),
        ("yesterday", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_a_reader_tells_how_far_the_servers_clock_is_ahead(date: str, ahead: int | None) -> None:
    with Scripted(reply(200, ALICE, Date=date)) as server, Clients(server.url) as clients:
        assert clients.reader.server_ahead is None
        get_user(clients)
        assert clients.reader.server_ahead == ahead


def test_a_list_that_takes_its_time_does_not_put_the_servers_clock_back() -> None:
    def slowly(_: int) -> None:
        clients.clock.time += 300

    answer = reply(200, [], Date=http_date(START))
    with Scripted(answer) as server, Clients(server.url) as clients:
        clients.reader.list_users(clients.deadline, slowly)
        assert clients.clock.waits == []
        assert clients.reader.server_ahead == 0
