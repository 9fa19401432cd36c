"""What each field of an answer gives that is absent, null or of another type: the documented table.

The table is docs/recall-api.md's; every cell of it drives the client.
"""

import copy
import json
import math
import re
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.domain import CalendarUser, Platform, Preferences, Secret
from reconciler.recall import RecallError, UnexpectedAnswer
from tests.recall.clients import KEY, LISTED, TOKEN, Clients
from tests.recall.scripted_server import Reply, Scripted, reply

PAGE: Final = (Path(__file__).parents[2] / "docs/recall-api.md").read_text("utf-8")
SECTION: Final = PAGE.partition("### What an absent field gives")[2].partition("\n##")[0]
WAYS: Final = ("absent", "null", "empty", "another type")
USER: Final = "one user, or a row of the list"
LIST_PAGE: Final = "a page of the list"
CHANGES: Final = ("disconnect", "update of preferences")

ALICE: Final[dict[str, Any]] = {
    "id": "u-1",
    "external_id": "alice@example.com",
    "connections": [
        {"platform": "google", "connected": True, "email": "a@example.com", "id": "c-1"},
        {"platform": "microsoft", "connected": True, "email": "a@example.org", "id": "c-2"},
    ],
    "preferences": {
        "id": "p-1",
        "record_non_host": True,
        "record_recurring": True,
        "record_external": True,
        "record_internal": True,
        "record_confirmed": True,
        "record_only_host": True,
        "bot_name": "Notetaker",
    },
}
BOB: Final = {"id": "u-2", "external_id": "bob@example.com", "connections": []}


def _cells() -> list[tuple[str, str, str, str]]:
    """Answer, field, way and meaning of every cell of the table."""
    found: list[tuple[str, str, str, str]] = []
    answer = ""
    for line in SECTION.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or cells[0] == "answer" or set(cells[0]) == {"-"}:
            continue
        answer = cells[0] or answer
        found += (
            (answer, cells[1].strip("`"), way, cell)
            for way, cell in zip(WAYS, cells[2:], strict=True)
            if cell
        )
    return found


CELLS: Final = _cells()


def _of(*answers: str) -> list[tuple[str, str, str]]:
    return [(field, way, cell) for answer, field, way, cell in CELLS if answer in answers]


def _spoilt(document: dict[str, Any], field: str, way: str) -> dict[str, Any]:
    """``document`` with ``field`` spoilt; of a field of a list's element in the first one.

    Empty is for texts; others are not spoilt so.
    """
    spoilt = copy.deepcopy(document)
    holder: Any = spoilt
    *path, name = field.replace("[]", ".0").split(".")
    for step in path:
        holder = holder[int(step) if step.isdigit() else step]
    if way == "absent":
        del holder[name]
    else:
        assert way != "empty" or isinstance(holder[name], str)
        # An object is none of the documented types but one; for that there is a number.
        another = 7 if isinstance(holder[name], dict) else {"another": "type"}
        holder[name] = {"null": None, "empty": ""}.get(way, another)
    return spoilt


def _value(user: CalendarUser, field: str) -> object:
    value: Any = user
    for step in field.replace("[]", ".0").split("."):
        value = value[int(step)] if step.isdigit() else getattr(value, step)
    return value


def _list(*replies: Reply) -> tuple[list[CalendarUser], tuple[str, ...]]:
    with Scripted(*replies) as server, Clients(server.url) as clients:
        observed = clients.reader.list_users(clients.deadline)
    return list(observed.users), observed.problems


def _user(document: dict[str, Any]) -> CalendarUser:
    with Scripted(reply(200, document)) as server, Clients(server.url) as clients:
        return clients.reader.get_user(Secret(TOKEN), "alice@example.com", clients.deadline)


def test_the_table_speaks_of_every_field_that_is_documented() -> None:
    shown = {field for answer, field, _, _ in CELLS if answer == USER}
    connection, preferences = ALICE["connections"][0], ALICE["preferences"]
    assert shown == {
        *ALICE,
        *(f"connections[].{name}" for name in connection),
        *(f"preferences.{name}" for name in preferences),
    }
    assert {answer for answer, *_ in CELLS} == {USER, LIST_PAGE, "authenticate", *CHANGES}


@pytest.mark.parametrize(("field", "way", "cell"), _of(USER))
def test_a_row_of_the_list_is_read_as_the_table_says(field: str, way: str, cell: str) -> None:
    users, problems = _list(reply(200, [_spoilt(ALICE, field, way), BOB]))
    names = [user.id for user in users]
    if cell == "unreadable":
        assert names == ["u-2"]
        assert re.match(r"page 1, row 0 .*is malformed", problems[0])
    else:
        assert (names, problems) == (["u-1", "u-2"], ())
        _assert_read(users[0], field, cell)


@pytest.mark.parametrize(("field", "way", "cell"), _of(USER))
def test_one_user_is_read_as_the_table_says(field: str, way: str, cell: str) -> None:
    spoilt = _spoilt(ALICE, field, way)
    if cell == "unreadable":
        with pytest.raises(UnexpectedAnswer, match="get calendar user"):
            _user(spoilt)
    else:
        _assert_read(_user(spoilt), field, cell)


def _assert_read(user: CalendarUser, field: str, cell: str) -> None:
    if cell == "ignored":
        assert user == _user(ALICE)
    else:
        assert cell == "unknown"
        assert not _value(user, field)


@pytest.mark.parametrize(("field", "way", "cell"), _of(LIST_PAGE))
def test_a_page_of_the_list_is_read_as_the_table_says(field: str, way: str, cell: str) -> None:
    page = _spoilt({"results": [BOB], "next": None, "count": 1}, field, way)
    users, problems = _list(reply(200, page))
    if cell == "unreadable":
        assert users == []
        assert problems[0].startswith("page 1 could not be read")
    else:
        assert cell in {"unknown", "the last page"}
        assert ([user.id for user in users], problems) == (["u-2"], ())


@pytest.mark.parametrize(("field", "way", "cell"), _of("authenticate"))
def test_a_token_is_read_as_the_table_says(field: str, way: str, cell: str) -> None:
    assert cell == "unreadable"
    answer = reply(200, _spoilt({"token": "minted"}, field, way))
    with Scripted(answer) as server, Clients(server.url) as clients:
        with pytest.raises(UnexpectedAnswer, match="get calendar auth token"):
            clients.writer.mint_token(lambda: (LISTED, math.inf), clients.deadline)
        assert len(server.requests) == 1


BODIES: Final = {"absent": b"", "null": b"null", "empty": b'""', "another type": b"7"}


@pytest.mark.parametrize("answer", CHANGES)
@pytest.mark.parametrize("way", WAYS)
def test_the_answer_of_a_change_is_not_read(answer: str, way: str) -> None:
    assert [cell for _, other, cell in _of(answer) if other == way] == ["ignored"]
    with Scripted(reply(200, BODIES[way])) as server, Clients(server.url) as clients:
        _change(clients, answer)
        assert len(server.requests) == 1


def _change(clients: Clients, answer: str) -> None:
    if answer == "disconnect":
        permit = clients.writer.reserve_disconnect("alice@example.com", clients.deadline)
        clients.writer.disconnect(Secret(TOKEN), Platform.GOOGLE, permit, leave_by=1e9)
    else:
        permit = clients.writer.reserve_update("alice@example.com", clients.deadline)
        wanted = Preferences(record_external=False)
        clients.writer.update_preferences(Secret(TOKEN), wanted, permit, leave_by=1e9)


def test_an_unreadable_answer_shows_no_secret() -> None:
    with pytest.raises(RecallError) as caught:
        _user({**ALICE, "connections": [{"platform": KEY, "connected": TOKEN}]})
    assert KEY not in str(caught.value)
    assert TOKEN not in str(caught.value)


TWICE: Final = [
    (b'"connections": []', b"{"),
    (b'"conn\\u0065ctions": []', b"{"),
    (b'"connected" : false', b'{"platform": "google", '),
    (b'"platform": "zoho"', b'{"platform": "google", '),
    (b'"id": "c-9"', b'{"platform": "google", '),
    (b'"external_id": null', b"{"),
    (b'"preferences": null', b"{"),
    (b'"record_external": false', b'"preferences": {'),
]
"""A key that is there already, and what it is put behind."""


@pytest.mark.parametrize(("key", "behind"), TWICE)
def test_a_row_that_has_a_key_twice_cannot_be_read(key: bytes, behind: bytes) -> None:
    row = json.dumps(ALICE).encode().replace(behind, behind + key + b", ", 1)
    other = json.dumps({**BOB, "preferences": None}).encode()
    users, problems = _list(reply(200, b"[" + row + b", " + other + b"]"))
    assert [user.id for user in users] == ["u-2"]
    assert problems == (
        "page 1, row 0 (alice@example.com) is malformed: an object has the same key twice",
    )


@pytest.mark.parametrize(("key", "behind"), [*TWICE, (b'"email": null', b'"google", ')])
def test_a_user_who_has_a_key_twice_cannot_be_read(key: bytes, behind: bytes) -> None:
    body = json.dumps(ALICE).encode().replace(behind, behind + key + b", ", 1)
    with (
        Scripted(reply(200, body)) as server,
        Clients(server.url) as clients,
        pytest.raises(UnexpectedAnswer, match="the same key twice"),
    ):
        clients.reader.get_user(Secret(TOKEN), "alice@example.com", clients.deadline)


@pytest.mark.parametrize(
    "key", [b'"next": "?2"', b'"n\\u0065xt": "?2"', b'"results": []', b'"count": 2']
)
def test_a_page_that_has_a_key_twice_cannot_be_read(key: bytes) -> None:
    page = json.dumps({"results": [BOB], "next": None, "count": 1}).encode()
    users, problems = _list(reply(200, b"{" + key + b", " + page[1:]))
    assert users == []
    assert problems == ("page 1 could not be read: the page has the same key twice",)


def test_a_token_that_is_there_twice_is_not_had() -> None:
    answer = reply(200, b'{"token": "one", "token": "two"}')
    with (
        Scripted(answer) as server,
        Clients(server.url) as clients,
        pytest.raises(UnexpectedAnswer, match="the same key twice"),
    ):
        clients.writer.mint_token(lambda: (LISTED, math.inf), clients.deadline)


def test_key_names_and_escapes_in_values_keep_no_row_from_being_read() -> None:
    odd = {**BOB, "external_id": "connections", "extra": {"id": "\u00e9A"}}
    users, problems = _list(reply(200, json.dumps([odd]).replace("A", "\\u0041").encode()))
    assert [user.external_id for user in users] == ["connections"]
    assert problems == ()
