"""The client reports each attempt of a call, without anything that names a user."""

import contextlib
from collections.abc import Callable

import msgspec
import pytest

from reconciler.domain import (
    Cancellation,
    Cancelled,
    Deadline,
    Operation,
    Platform,
    Preferences,
    Secret,
)
from reconciler.recall import ClientSettings, RecallError
from tests.recall.clients import KEY, LISTED, TOKEN, Clients
from tests.recall.scripted_server import Scripted, reply


def reported(call: Callable[[Clients], object], *replies: object) -> list[tuple[object, ...]]:
    """What was reported of each attempt of ``call``, apart from how long it took."""
    with Scripted(*replies) as server, Clients(server.url) as clients:  # type: ignore[arg-type]
        with contextlib.suppress(RecallError, Cancelled):
            call(clients)
        return [
            (each.operation, each.status, each.failure, each.attempt)
            for each in clients.noted.calls
        ]


def test_each_attempt_of_a_read_is_reported_with_its_number() -> None:
    throttled = reply(429, {}, retry_after="1")
    attempts = reported(
        lambda clients: clients.reader.list_users(clients.deadline), throttled, reply(body=[])
    )
    assert attempts == [
        (Operation.LIST_USERS, 429, "throttled", 1),
        (Operation.LIST_USERS, 200, None, 2),
    ]


def test_every_operation_has_a_name_of_its_own() -> None:
    token, user = Secret(TOKEN), {"id": "u-1", "external_id": "x", "connections": []}

    def all_of_them(clients: Clients) -> None:
        end = clients.clock.monotonic() + 1000
        writer, deadline = clients.writer, clients.deadline
        writer.mint_token(lambda: (LISTED, end), deadline)
        clients.reader.get_user(token, "u-1", deadline)
        permit = writer.reserve_disconnect("u-1", deadline)
        writer.disconnect(token, Platform.GOOGLE, permit, leave_by=end)
        permit = writer.reserve_update("u-1", deadline)
        writer.update_preferences(token, Preferences(record_internal=True), permit, leave_by=end)

    attempts = reported(all_of_them, reply(body={"token": TOKEN}), reply(body=user))
    assert attempts == [
        (Operation.AUTHENTICATE, 200, None, 1),
        (Operation.GET_USER, 200, None, 1),
        (Operation.DISCONNECT, 200, None, 1),
        (Operation.UPDATE_PREFERENCES, 200, None, 1),
    ]


def test_a_call_that_reaches_nobody_has_no_status() -> None:
    with Clients("http://127.0.0.1:1", ClientSettings(attempts=1)) as clients:
        with pytest.raises(RecallError):
            clients.reader.list_users(clients.deadline)
        (attempt,) = clients.noted.calls
    assert (attempt.status, attempt.failure) == (None, "not_reached")


def test_a_call_that_its_caller_cuts_off_says_so() -> None:
    def cut_off(clients: Clients) -> None:
        cancellation = Cancellation(clients.clock.monotonic)
        deadline = Deadline(clients.clock, cancellation)

        def stop(_: int) -> None:
            cancellation.request(15)
            deadline.check()

        clients.reader.list_users(deadline, stop)

    assert reported(cut_off, reply(body=[])) == [(Operation.LIST_USERS, None, "cut_off", 1)]


def test_no_report_holds_an_id_a_path_or_a_secret() -> None:
    with (
        Scripted(reply(403, b"<p>alice@example.com</p>")) as server,
        Clients(server.url) as clients,
    ):
        with pytest.raises(RecallError):
            clients.reader.get_user(Secret(TOKEN), "alice@example.com", clients.deadline)
        written = msgspec.json.encode(clients.noted.calls).decode()
    assert not [part for part in ("alice", TOKEN, KEY, "/api/", "127.0.0.1") if part in written]
