"""The API's JSON into the domain's nouns: the wire's shapes are known here and nowhere else.

The whole answer is decoded at once (100 000 users in a tenth of a second); only when that fails
its rows are taken one by one, so that one malformed row costs one user, not the fleet.

An object that has one key twice cannot be read: the decoder would keep the last value. One user is
looked at key by key. A whole page takes too long for that, so the key names that a plan rests on
are counted, and its rows are taken one by one unless each occurs exactly as often as there are
objects that have it. That leaves to the re-read before a call: an ``email`` or ``bot_name`` that
is there twice, and what may be absent, twice in one row and missing in another of the same page.

A field that the API documents as always there is never taken as empty when it is missing or null:
that row, or answer, cannot be read. docs/recall-api.md has the table, field by field.
"""

import json
import re
from operator import attrgetter

import msgspec
from msgspec import UNSET, Raw, Struct

from reconciler.domain import PREFERENCE_FIELDS, CalendarUser, Secret
from reconciler.recall.status_errors import shown

_SPACE = re.compile(rb"[ \t\r\n]*")
# The preferences that every calendar user has who has any; a bot's name is optional.
_SWITCHES = tuple(name for name in PREFERENCE_FIELDS if name != "bot_name")
_switches = attrgetter(*_SWITCHES)
# Besides msgspec's own errors: nesting too deep, and json's, or bytes that are not UTF-8.
_MALFORMED = (msgspec.DecodeError, RecursionError, ValueError)
# How a key begins, and how often it is in a user, in a connection and in preferences.
_KEYS = (
    (b'"id"', 1, 1, 1),
    (b'"external_id"', 1, 0, 0),
    (b'"connect', 1, 1, 0),  # connections, connected
    (b'"platform"', 0, 1, 0),
    (b'"preferences"', 1, 0, 0),
    (b'"record_', 0, 0, len(_SWITCHES)),
)
# A letter that is not written as itself, so that a key is not found by its name.
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")


class Undecodable(Exception):
    """An answer that is not JSON, or not of the documented shape; the text says where."""


class UserPage(Struct, frozen=True):
    """One answer of the list call: a bare array has neither ``next`` nor ``count``.

    ``rows`` counts the malformed ones too, each of which has its problem.
    """

    users: list[CalendarUser]
    rows: int
    next: str | None = None
    count: int | None = None
    problems: tuple[str, ...] = ()


class _Wrapped(Struct, frozen=True):
    """A page that does not say whether another follows is not the last one."""

    results: list[CalendarUser]
    next: str | None
    count: int | None = None


class _WrappedRows(Struct, frozen=True):
    results: list[Raw]
    next: str | None
    count: int | None = None


class _Name(Struct, frozen=True):
    id: str | None = None
    external_id: str | None = None


class _Token(Struct, frozen=True):
    token: str


_array = msgspec.json.Decoder(list[CalendarUser])
_wrapped = msgspec.json.Decoder(_Wrapped)
_array_rows = msgspec.json.Decoder(list[Raw])
_wrapped_rows = msgspec.json.Decoder(_WrappedRows)
_user = msgspec.json.Decoder(CalendarUser)
_name = msgspec.json.Decoder(_Name)
_token = msgspec.json.Decoder(_Token)


def _has_a_key_twice(pairs: list[tuple[str, object]]) -> bool:
    return len({name for name, _ in pairs}) < len(pairs)


def _refuse_a_key_twice(pairs: list[tuple[str, object]]) -> None:
    if _has_a_key_twice(pairs):
        # Not which: it may be anything, even a secret.
        raise Undecodable("an object has the same key twice")


# Numbers stay text: one of too many digits is no concern here.
_each_object = json.JSONDecoder(
    object_pairs_hook=_refuse_a_key_twice, parse_int=str, parse_float=str, strict=False
)
# Every object becomes an answer to the question; that of the outermost is the result.
_outermost = json.JSONDecoder(
    object_pairs_hook=_has_a_key_twice, parse_int=str, parse_float=str, strict=False
)


def decode_page(body: bytes | bytearray, key: Secret) -> UserPage:
    """A page of calendar users: a bare array or ``{"results", "next"}``, perhaps with ``count``.

    Problems do not show ``key``, the workspace's, which the answer may repeat.

    Raises:
        Undecodable: neither of the two; a malformed row is a problem of the page instead.
    """
    try:
        try:
            return _whole(body)
        except (msgspec.ValidationError, RecursionError, Undecodable):
            return _row_by_row(body, key)
    except _MALFORMED as error:
        raise Undecodable(_reason(error)) from None


def decode_user(body: bytes | bytearray) -> CalendarUser:
    """One calendar user; raises Undecodable."""
    try:
        user = _user.decode(body)
        _each_object.decode(body.decode())
    except _MALFORMED as error:
        raise Undecodable(_reason(error)) from None
    _check_preferences(user)
    return user


def decode_token(body: bytes | bytearray) -> str:
    """The token of an answer to authenticate; raises Undecodable."""
    try:
        token = _token.decode(body).token
        _each_object.decode(body.decode())
    except _MALFORMED as error:
        raise Undecodable(_reason(error)) from None
    return token


def _is_array(body: bytes | bytearray) -> bool:
    start = _SPACE.match(body)
    return start is not None and body[start.end() : start.end() + 1] == b"["


def _whole(body: bytes | bytearray) -> UserPage:
    if _is_array(body):
        users = _array.decode(body)
        page = UserPage(users, len(users))
    else:
        wrapped = _wrapped.decode(body)
        page = UserPage(wrapped.results, len(wrapped.results), wrapped.next, wrapped.count)
    for user in page.users:
        _check_preferences(user)
    if not _each_key_once(body, page.users):
        raise Undecodable("a key may be there twice")
    return page


def _each_key_once(body: bytes | bytearray, users: list[CalendarUser]) -> bool:
    """Whether ``body``, which holds ``users``, has no more than the keys that they need."""
    if b"\\" in body and _ESCAPED_LETTER.search(body):
        return False
    connections = sum([len(user.connections) for user in users])
    preferences = sum([user.preferences is not None for user in users])
    in_rows = all(
        body.count(key) == of_user * len(users) + of_row * connections + of_set * preferences
        for key, of_user, of_row, of_set in _KEYS
    )
    return in_rows and (
        _is_array(body) or all(body.count(key) < 2 for key in (b'"results"', b'"next"', b'"count"'))
    )


def _row_by_row(body: bytes | bytearray, key: Secret) -> UserPage:
    bare = _is_array(body)
    page = _WrappedRows(_array_rows.decode(body), None) if bare else _wrapped_rows.decode(body)
    if not bare and _outermost.decode(body.decode()):
        raise Undecodable("the page has the same key twice")
    users: list[CalendarUser] = []
    problems: list[str] = []
    for index, row in enumerate(page.results):
        try:
            users.append(decode_user(bytes(row)))
        except Undecodable as error:
            problems.append(f"row {index}{_named(bytes(row), key)} is malformed: {error}")
    return UserPage(users, len(page.results), page.next, page.count, tuple(problems))


def _check_preferences(user: CalendarUser) -> None:
    """``Preferences`` are partial where a manifest declares them, but never in an answer."""
    if user.preferences is None:
        return
    for name, value in zip(_SWITCHES, _switches(user.preferences), strict=True):
        if value is None or value is UNSET:
            raise Undecodable(f"`{name}` is missing or null - at `$.preferences`")


def _named(row: bytes, key: Secret) -> str:
    try:
        name = _name.decode(row)
    except _MALFORMED:
        return ""
    told = name.external_id or name.id
    return f" ({shown(told, key)})" if told else ""


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return shown(str(error))
