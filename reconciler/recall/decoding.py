"""Decodes the API's JSON. No other module knows the shapes of its answers.

We decode the whole answer at once (100 000 users in a tenth of a second). Only when that fails do
we decode row by row, so that one malformed row costs one user and not the fleet.

An object with the same key twice is malformed: the decoder would keep the last value. We check a
single user key by key. That takes too long for a page, so there we count the key names that a plan
rests on, and decode row by row unless each occurs exactly as often as the objects that have it.
The re-read before a call catches what this misses: a second ``email`` or ``bot_name``, and an
optional key that is twice in one row and missing from another row of the page.

A field that the API documents as always present never counts as empty when it is missing or null:
the row, or the answer, is malformed. docs/recall-api.md has the table, field by field.
"""

import json
import re
from operator import attrgetter

import msgspec
from msgspec import UNSET, Raw, Struct

from reconciler.domain import PREFERENCE_FIELDS, CalendarUser, Secret
from reconciler.domain.text import excerpt

_SPACE = re.compile(rb"[ \t\r\n]*")
# The fields that all preferences have; only the bot's name is optional.
_SWITCHES = tuple(name for name in PREFERENCE_FIELDS if name != "bot_name")
_switches = attrgetter(*_SWITCHES)
# Besides msgspec's own errors: nesting too deep, and json's, or bytes that are not UTF-8.
_MALFORMED = (msgspec.DecodeError, RecursionError, ValueError)
# The beginning of a key, and how often it occurs in a user, a connection and preferences.
_KEYS = (
    (b'"id"', 1, 1, 1),
    (b'"external_id"', 1, 0, 0),
    (b'"connect', 1, 1, 0),  # connections, connected
    (b'"platform"', 0, 1, 0),
    (b'"preferences"', 1, 0, 0),
    (b'"record_', 0, 0, len(_SWITCHES)),
)
# An escaped letter: it could hide the name of a key.
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")


class Undecodable(Exception):
    """An answer that is not JSON, or not of the documented shape. The text says where."""


class UserPage(Struct, frozen=True):
    """One answer of the list call. A bare array has neither ``next`` nor ``count``.

    ``rows`` counts malformed rows too; each of those has an entry in ``problems``.
    """

    users: list[CalendarUser]
    rows: int
    next: str | None = None
    count: int | None = None
    problems: tuple[str, ...] = ()


class _Wrapped(Struct, frozen=True):
    """``next`` is required: without it we cannot know that a page is the last one."""

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
        # We do not name the key: it may be anything, even a secret.
        raise Undecodable("an object has the same key twice")


# Numbers stay text, so that one with too many digits raises nothing here.
_each_object = json.JSONDecoder(
    object_pairs_hook=_refuse_a_key_twice, parse_int=str, parse_float=str, strict=False
)
# Every object becomes True or False; the result is that of the outermost object.
_outermost = json.JSONDecoder(
    object_pairs_hook=_has_a_key_twice, parse_int=str, parse_float=str, strict=False
)


def decode_page(body: bytes | bytearray, key: Secret) -> UserPage:
    """A page of calendar users: a bare array or ``{"results", "next"}``, perhaps with ``count``.

    Problems never show ``key``, the workspace's API key, which the answer may repeat.

    Raises:
        Undecodable: the page is neither of the two. A malformed row becomes a problem instead.
    """
    try:
        try:
            return _whole(body)
        except (msgspec.ValidationError, RecursionError, Undecodable):
            return _row_by_row(body, key)
    except _MALFORMED as error:
        raise Undecodable(_reason(error)) from None


def decode_user(body: bytes | bytearray) -> CalendarUser:
    """One calendar user. Raises Undecodable."""
    try:
        user = _user.decode(body)
        _each_object.decode(body.decode())
    except _MALFORMED as error:
        raise Undecodable(_reason(error)) from None
    _check_preferences(user)
    return user


def decode_token(body: bytes | bytearray) -> str:
    """The token in an answer to authenticate. Raises Undecodable."""
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
    """Whether ``body`` has each key exactly as often as its ``users`` need it."""
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
    """A manifest may declare some preferences; an answer must have them all."""
    if user.preferences is None:
        return
    values = _switches(user.preferences)
    if None not in values and UNSET not in values:
        return
    for name, value in zip(_SWITCHES, values, strict=True):
        if value is None or value is UNSET:
            raise Undecodable(f"`{name}` is missing or null - at `$.preferences`")


def _named(row: bytes, key: Secret) -> str:
    try:
        name = _name.decode(row)
    except _MALFORMED:
        return ""
    known = name.external_id or name.id
    return f" ({excerpt(known, key)})" if known else ""


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return excerpt(str(error))
