"""The list call: shapes, pages, and what makes an observation incomplete."""

import gzip
import json
from typing import Any

import pytest

from reconciler.domain import (
    CalendarUser,
    Cancellation,
    Cancelled,
    Connection,
    Deadline,
    ObservedState,
    Preferences,
)
from reconciler.recall import (
    Blocked,
    ClientSettings,
    CredentialsRefused,
    NotReached,
    OutOfCredit,
    ServerError,
    ThrottledBeyondCap,
    TooSlow,
    UnexpectedAnswer,
)
from tests.recall.clients import KEY, Clients
from tests.recall.scripted_server import Reply, Request, Scripted, reply

ALICE = {
    "id": "u-1",
    "external_id": "alice@example.com",
    "connections": [
        {"platform": "google", "connected": True, "email": "a@example.com", "id": "c-1"},
        {"platform": "microsoft", "connected": False, "email": None, "id": None},
    ],
    "preferences": {
        "id": "p-1",
        "record_non_host": False,
        "record_recurring": False,
        "record_external": True,
        "record_internal": False,
        "record_confirmed": False,
        "record_only_host": False,
        "bot_name": None,
    },
}
BOB = {"id": "u-2", "external_id": "bob@example.com", "connections": []}


def listed(
    *replies: Any, settings: ClientSettings | None = None
) -> tuple[ObservedState, list[Request]]:
    with Scripted(*replies) as server, Clients(server.url, settings) as clients:
        return clients.reader.list_users(clients.deadline), server.requests


def only_problem(observed: ObservedState) -> str:
    assert len(observed.problems) == 1
    return observed.problems[0]


def test_a_bare_array_becomes_calendar_users() -> None:
    observed, _ = listed(reply(200, [ALICE]))
    assert observed == ObservedState(
        (
            CalendarUser(
                "u-1",
                "alice@example.com",
                (
                    Connection("google", True, "a@example.com", "c-1"),
                    Connection("microsoft", False),
                ),
                Preferences(
                    record_non_host=False,
                    record_recurring=False,
                    record_external=True,
                    record_internal=False,
                    record_confirmed=False,
                    record_only_host=False,
                    bot_name=None,
                ),
            ),
        )
    )


def test_the_list_is_one_get_with_the_key_and_without_a_body() -> None:
    _, requests = listed(reply(200, []))
    (request,) = requests
    assert (request.method, request.path, request.body) == ("GET", "/api/v1/calendar/users/", b"")
    assert request.headers["authorization"] == f"Token {KEY}"
    assert request.headers["user-agent"].startswith("calendar-reconciler/")
    assert not {"content-length", "transfer-encoding", "idempotency-key", "cookie"} & set(
        request.headers
    )
    assert "x-recallcalendarauthtoken" not in request.headers


def test_an_empty_array_is_a_complete_observation_of_nobody() -> None:
    assert listed(reply(200, b" \n []"))[0] == ObservedState(())


def test_an_unknown_platform_is_kept_as_text() -> None:
    row = {**BOB, "connections": [{"platform": "zoho", "connected": True}]}
    observed, _ = listed(reply(200, [row]))
    assert observed.users[0].connections == (Connection("zoho", True),)


@pytest.mark.parametrize("connected", [None, "true", 1])
def test_a_connected_that_is_no_boolean_makes_its_row_a_problem(connected: object) -> None:
    row = {**ALICE, "connections": [{"platform": "google", "connected": connected}]}
    observed, _ = listed(reply(200, [BOB, row]))
    assert [user.id for user in observed.users] == ["u-2"]
    assert only_problem(observed).startswith("page 1, row 1 (alice@example.com) is malformed")


def test_a_malformed_row_without_an_external_id_is_named_by_recalls_id() -> None:
    observed, _ = listed(reply(200, [{"id": "u-7", "connections": 3}]))
    assert "row 0 (u-7)" in only_problem(observed)


@pytest.mark.parametrize("row", [7, {"connections": []}, {"id": 5}])
def test_a_row_that_has_no_readable_id_is_named_by_its_index(row: object) -> None:
    observed, _ = listed(reply(200, [row, BOB]))
    assert "row 0 is malformed" in only_problem(observed)
    assert [user.id for user in observed.users] == ["u-2"]


def test_a_row_nested_too_deeply_costs_only_itself() -> None:
    deep = b'{"id":"u-1","x":' + b"[" * 400 + b"]" * 400 + b"}"
    observed, _ = listed(reply(200, b"[" + deep + b"," + json.dumps(BOB).encode() + b"]"))
    assert "u-2" in [user.id for user in observed.users]


def test_pages_are_followed_to_the_end() -> None:
    def first(request: Request) -> Reply:
        url = f"http://{request.headers['host']}/api/v1/calendar/users/?cursor=2#top"
        return reply(200, {"results": [ALICE], "next": url, "count": 2})

    observed, requests = listed(first, reply(200, {"results": [BOB], "next": None, "count": 2}))
    assert [user.id for user in observed.users] == ["u-1", "u-2"]
    assert observed.complete
    assert requests[1].path == "/api/v1/calendar/users/?cursor=2"


def test_a_relative_next_is_followed() -> None:
    observed, requests = listed(
        reply(200, {"results": [ALICE], "next": "?cursor=2"}), reply(200, [BOB])
    )
    assert observed.complete
    assert requests[1].path == "/api/v1/calendar/users/?cursor=2"


@pytest.mark.parametrize(
    "link",
    [
        "https://127.0.0.1/x",
        "http://evil.example/api/v1/calendar/users/?cursor=2",
        "//evil.example/x",
        "http://127.0.0.1:1/x",
        "http://user@{host}/x",
        "http://[broken/x",
        "ftp://{host}/x",
        "/a b",
        "/ü",
        "/" + "a" * 9000,
        "mailto:x",
    ],
)
def test_a_next_elsewhere_is_not_asked_and_makes_the_list_incomplete(link: str) -> None:
    def first(request: Request) -> Reply:
        shown = link.replace("{host}", request.headers["host"])
        return reply(200, {"results": [ALICE], "next": shown})

    observed, requests = listed(first)
    assert len(requests) == 1
    assert [user.id for user in observed.users] == ["u-1"]
    assert "is not at the address of the API" in only_problem(observed)


HIDDEN = "http://internal.example:8443/api/v1/calendar/users/?cursor=2#top"


def test_behind_a_proxy_a_next_on_the_host_behind_it_is_asked_of_the_proxy() -> None:
    pages = (reply(200, {"results": [ALICE], "next": HIDDEN}), reply(200, [BOB]))
    with Scripted(*pages) as server, Clients(server.url, own_url=True) as clients:
        observed = clients.reader.list_users(clients.deadline)
    assert observed.complete
    assert [user.id for user in observed.users] == ["u-1", "u-2"]
    assert [request.path for request in server.requests] == [
        "/api/v1/calendar/users/",
        "/api/v1/calendar/users/?cursor=2",
    ]


@pytest.mark.parametrize(
    "link",
    [
        "http://internal.example/api/v1/calendar/user/?cursor=2",
        "http://me@internal.example/api/v1/calendar/users/?cursor=2",
        "ftp://internal.example/api/v1/calendar/users/?cursor=2",
        "mailto:/api/v1/calendar/users/",
    ],
)
def test_behind_a_proxy_nothing_but_a_page_of_the_list_is_asked_instead(link: str) -> None:
    first = reply(200, {"results": [ALICE], "next": link})
    with Scripted(first) as server, Clients(server.url, own_url=True) as clients:
        observed = clients.reader.list_users(clients.deadline)
    assert len(server.requests) == 1
    assert "is not at the address of the API" in only_problem(observed)


def test_a_loop_through_the_host_behind_a_proxy_ends() -> None:
    page = reply(200, {"results": [], "next": HIDDEN})
    with Scripted(page) as server, Clients(server.url, own_url=True) as clients:
        observed = clients.reader.list_users(clients.deadline)
    assert len(server.requests) == 2
    assert "page after page 2 was read before" in only_problem(observed)


def test_a_next_on_another_host_names_the_setting_for_a_proxy() -> None:
    with Scripted(reply(200, {"results": [ALICE], "next": HIDDEN})) as server:
        with Clients(server.url) as clients:
            observed = clients.reader.list_users(clients.deadline)
        assert len(server.requests) == 1
    assert f"`baseUrl: {server.url}`: then every page is read there" in only_problem(observed)


def test_an_empty_next_is_no_last_page() -> None:
    observed, requests = listed(reply(200, {"results": [ALICE], "next": ""}))
    assert len(requests) == 1
    assert "page after page 1 was read before" in only_problem(observed)


def test_a_loop_of_pages_ends() -> None:
    page = reply(200, {"results": [], "next": "/api/v1/calendar/users/?cursor=2"})
    observed, requests = listed(page)
    assert len(requests) == 2
    assert "page after page 2 was read before" in only_problem(observed)


def test_more_pages_than_the_bound_are_not_read() -> None:
    def page(request: Request) -> Reply:
        return reply(200, {"results": [], "next": request.path + "?1"})

    observed, requests = listed(page, settings=ClientSettings(max_pages=3))
    assert len(requests) == 3
    assert "is beyond the limit of 3 pages" in only_problem(observed)


def test_a_user_listed_twice_is_a_problem_and_kept_once() -> None:
    observed, _ = listed(
        reply(200, {"results": [ALICE, BOB], "next": "?2"}),
        reply(200, [{**ALICE, "external_id": "later"}, {**BOB, "id": "u-3"}]),
    )
    assert [user.id for user in observed.users] == ["u-1", "u-2", "u-3"]
    assert observed.users[0].external_id == "alice@example.com"
    assert only_problem(observed) == "user u-1 was listed more than once"


def test_a_count_that_disagrees_with_the_rows_is_a_problem() -> None:
    observed, _ = listed(reply(200, {"results": [ALICE], "next": None, "count": 2}))
    assert only_problem(observed) == "the API counts 2 users, but listed 1"


def test_a_count_that_changes_between_pages_is_a_problem() -> None:
    observed, _ = listed(
        reply(200, {"results": [ALICE], "next": "?2", "count": 3}),
        reply(200, {"results": [BOB], "next": None, "count": 2}),
    )
    assert observed.problems == (
        "the list changed between its pages: it counts 3 users on page 1, 2 users on page 2",
        "the API counts 3 users, but listed 2",
    )


@pytest.mark.parametrize("counts", [(2, None), (None, 2)])
def test_a_count_on_one_of_two_pages_is_a_problem(counts: tuple[int | None, int | None]) -> None:
    observed, _ = listed(
        reply(200, {"results": [ALICE], "next": "?2", "count": counts[0]}),
        reply(200, {"results": [BOB], "next": None, "count": counts[1]}),
    )
    assert only_problem(observed).startswith("the list changed between its pages: it counts ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>maintenance</html>",
        b'[{"id":"u-1"},{"id":',
        b'{"results":[{"id":"u-1"}',
        b'{"detail":"x"}',
        b'{"results":null}',
        b'{"results":[],"next":5}',
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'["\xff"]',
        b'[{"id":"\xff"}]',
        b'{"results":[],"next":"\xff"}',
        b"[" * 100_000,
        b'{"results":' + b"[" * 100_000,
    ],
)
def test_an_answer_that_cannot_be_understood_is_an_incomplete_observation(body: bytes) -> None:
    observed, requests = listed(reply(200, body))
    assert observed.users == ()
    assert observed.problems
    assert len(requests) == 1


@pytest.mark.parametrize("status", [201, 204, 206])
def test_a_2xx_other_than_200_is_an_incomplete_observation(status: int) -> None:
    observed, _ = listed(reply(status, b"" if status == 204 else [ALICE]))
    assert observed.users == ()
    assert f"HTTP {status}" in only_problem(observed)


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
    ],
)
def test_a_body_cut_short_is_tried_again_and_then_an_incomplete_observation(cut: bytes) -> None:
    observed, requests = listed(Reply((cut,), close=True))
    assert observed.users == ()
    assert "page 1 could not be read" in only_problem(observed)
    assert len(requests) == 5


def test_a_body_cut_short_once_is_no_problem() -> None:
    cut = Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[]",), close=True)
    observed, _ = listed(cut, reply(200, [ALICE]))
    assert observed.complete


def test_a_later_page_that_fails_leaves_the_users_so_far_and_a_problem() -> None:
    observed, _ = listed(reply(200, {"results": [ALICE], "next": "?2"}), reply(500, b"oops"))
    assert [user.id for user in observed.users] == ["u-1"]
    assert "page 2 could not be read: list calendar users: HTTP 500: oops" in only_problem(observed)


@pytest.mark.parametrize(("status", "kind"), [(401, CredentialsRefused), (402, OutOfCredit)])
@pytest.mark.parametrize("page", [1, 2])
def test_refused_credentials_and_missing_credit_are_errors_on_any_page(
    status: int, kind: type[Exception], page: int
) -> None:
    before = [reply(200, {"results": [ALICE], "next": "?2"})] * (page - 1)
    with pytest.raises(kind):
        listed(*before, reply(status, {"detail": "no"}))


@pytest.mark.parametrize(
    ("answer", "kind", "requests"),
    [
        (reply(500, b""), ServerError, 1),
        (reply(503, b""), ServerError, 5),
        (reply(403, b"<html>"), Blocked, 1),
        (reply(302, b"", Location="https://evil.example/"), UnexpectedAnswer, 1),
        (reply(429, b"", Retry_After="121"), ThrottledBeyondCap, 1),
    ],
)
def test_a_first_page_that_fails_is_an_error(
    answer: Reply, kind: type[Exception], requests: int
) -> None:
    with Scripted(answer) as server, Clients(server.url) as clients:
        with pytest.raises(kind):
            clients.reader.list_users(clients.deadline)
        assert len(server.requests) == requests


def test_an_api_that_cannot_be_reached_is_an_error() -> None:
    with Scripted(reply()) as server:
        url = server.url
    with Clients(url) as clients, pytest.raises(NotReached):
        clients.reader.list_users(clients.deadline)


def test_the_body_is_bounded() -> None:
    observed, _ = listed(reply(200, [ALICE]), settings=ClientSettings(max_list_bytes=10))
    assert "longer than 10 bytes" in only_problem(observed)


def test_a_body_that_drips_ends_with_the_total_time_of_a_call() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    drip = Reply((head, *[b" "] * 5000), drip=0.01)
    observed, requests = listed(drip, settings=ClientSettings(list_total=0.05))
    assert "took too long as a whole" in only_problem(observed)
    assert len(requests) == 1


def test_headers_that_drip_end_with_the_total_time_of_a_call() -> None:
    drip = Reply((b"HTTP/1.1 200 OK\r\n", *[b"x"] * 5000), drip=0.01)
    with (
        Scripted(drip) as server,
        Clients(server.url, ClientSettings(list_total=0.05)) as clients,
        pytest.raises(TooSlow),
    ):
        clients.reader.list_users(clients.deadline)


def test_a_compressed_answer_is_read() -> None:
    body = gzip.compress(json.dumps([ALICE]).encode())
    observed, _ = listed(reply(200, body, Content_Encoding="gzip"))
    assert [user.id for user in observed.users] == ["u-1"]


def test_broken_compression_is_an_incomplete_observation() -> None:
    observed, _ = listed(reply(200, b"no gzip", Content_Encoding="gzip"))
    assert "compression is broken" in only_problem(observed)


def test_progress_counts_the_bytes_of_all_pages() -> None:
    pages = (reply(200, {"results": [], "next": "?2"}), reply(200, [ALICE]))
    seen: list[int] = []
    with Scripted(*pages) as server, Clients(server.url) as clients:
        clients.reader.list_users(clients.deadline, seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(json.dumps({"results": [], "next": "?2"})) + len(json.dumps([ALICE]))


def test_a_stop_ends_a_long_answer() -> None:
    stop = Cancellation()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    drip = Reply((head + b" ", *[b" "] * 4999), drip=0.005)
    with Scripted(drip) as server, Clients(server.url) as clients:
        deadline = Deadline(clients.clock, stop)
        with pytest.raises(Cancelled):
            clients.reader.list_users(deadline, lambda _: stop.request(2))


def test_a_next_that_repeats_the_key_is_reported_without_it() -> None:
    def first(request: Request) -> Reply:
        shown = request.headers["authorization"]
        return reply(200, {"results": [], "next": f"http://evil.example/?k={shown}"})

    shown = only_problem(listed(first)[0])
    assert "http://evil.example/?k=Token (redacted)" in shown
    assert KEY not in shown


def test_a_malformed_row_named_by_the_key_is_reported_without_it() -> None:
    observed, _ = listed(reply(200, [{"external_id": f"Token {KEY}", "connections": 5}]))
    assert "row 0 (Token (redacted)) is malformed" in only_problem(observed)


def test_a_user_listed_twice_under_the_key_is_reported_without_it() -> None:
    observed, _ = listed(reply(200, [{**BOB, "id": KEY}, {**BOB, "id": KEY}]))
    assert only_problem(observed) == "user (redacted) was listed more than once"


def test_pages_without_end_end_with_the_total_time_of_a_listing() -> None:
    def page(request: Request) -> Reply:
        clients.clock.time += 10
        return reply(200, {"results": [BOB], "next": request.path + "?1"})

    with (
        Scripted(page) as server,
        Clients(server.url, ClientSettings(listing_total=25)) as clients,
    ):
        observed = clients.reader.list_users(clients.deadline)
    assert len(server.requests) == 3
    assert [user.id for user in observed.users] == ["u-2"]
    assert "page 4 could not be read: all pages together took longer than 25 s" in observed.problems
