"""Reads JSON exports: an array of objects, or JSON Lines with one object on each line.

A string is taken as it is; an integer, ``true`` and ``false`` as JSON writes them; ``null`` and a
key that one record does not have are empty text. Nothing else is text. A column with dots, such as
``profile.email``, leads into objects, unless the record has a key of that very name.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Raw

from reconciler.manifest.columns import SoughtColumns, refused
from reconciler.manifest.source import near_miss, quoted

_ONE: Final = msgspec.json.Decoder(Raw)
_ITEMS: Final = msgspec.json.Decoder(list[Raw])
_MEMBERS: Final = msgspec.json.Decoder(dict[str, Raw])
_VALUE: Final = msgspec.json.Decoder()

_NOT_SPACE: Final = re.compile(rb"\S")
_BEFORE_VALUE: Final = re.compile(rb'\s*[{,]\s*("(?:[^"\\]|\\.)*")\s*:\s*')
_AT_BYTE: Final = re.compile(r" \(byte (\d+)\)$")
_LINES: Final = "for one object on each line, write `format: jsonl`"
_KEEP_ONE: Final = "keep one of them"
_CUT_OFF: Final = "it is cut off or damaged: export it again"
_CHECK: Final = "check the `format`, or export it again"
_TOO_DEEP: Final = ("the record is nested too deeply", "export flat records")
_NOTHING: Final = frozenset({b"null", b'""', b"false"})
_NEXT_PAGE: Final = (
    *("@odata.nextLink", "nextPageToken", "nextLink", "next", "next_page", "nextPage"),
    *("next_cursor", "nextCursor", "has_more", "hasMore"),
)
"""Keys beside the records by which an API says that more pages follow."""
_TOTAL: Final = "totalResults"
"""The key beside the records by which SCIM says how many there are on all pages."""

_ABSENT: Final = object()

Fields = Mapping[str, object]
_Read = TypeVar("_Read")


def json_rows(
    name: str, text: bytes, columns: Sequence[str], records: str | None
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The line on which each record begins, and its texts of ``columns``; ``text`` is UTF-8.

    The records are the items of an array: the whole text, or the value of the key ``records`` of
    an object. Raises :class:`InvalidInput`, and ``UnicodeDecodeError``.
    """
    reader = _RecordReader(name, text, columns)
    array, end = _whole(name, text) if records is None else _value_of(name, text, records)
    line = 1 + text.count(b"\n", 0, end)
    for raw in _structure(name, line, array, _ITEMS):
        record = bytes(raw)
        # Between two items there are only spaces and a comma.
        start = text.find(record[:1], end)
        line += text.count(b"\n", end, start)
        yield line, reader.texts(line, record)
        end = start + len(record)
        line += text.count(b"\n", start, end)
    reader.sought.check(name)


def jsonl_rows(
    name: str, text: bytes, columns: Sequence[str]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """As :func:`json_rows`, of one object on each line."""
    reader = _RecordReader(name, text, columns)
    for number, line in enumerate(io.BytesIO(text), 1):
        if not line.isspace():
            yield number, reader.texts(number, bytes(_structure(name, number, line, _ONE)))
    reader.sought.check(name)


def _begins_with(text: bytes, mark: bytes) -> bool:
    found = _NOT_SPACE.search(text)
    return found is not None and found[0] == mark


def _whole(name: str, text: bytes) -> tuple[bytes, int]:
    """The array that is ``text``, and where it begins."""
    if not _begins_with(text, b"{"):
        return text, 0
    try:
        members = _MEMBERS.decode(text)
    except (msgspec.DecodeError, RecursionError):
        members = {}
    arrays = [key for key, value in members.items() if bytes(value)[:1] == b"["]
    hint = f"write `records: {arrays[0]}` for the array in it" if arrays else _LINES
    raise refused(name, 1, "this is an object, not an array of objects", hint)


def _value_of(name: str, text: bytes, records: str) -> tuple[bytes, int]:
    """The array ``records`` of the object that is ``text``, and where it begins."""
    if _begins_with(text, b"["):
        message = "this is an array, not an object with the records in it"
        raise refused(name, 1, message, "leave out `records`")
    members = _structure(name, 1, text, _MEMBERS)
    starts: dict[str, int] = {}
    end = 0
    for key, value in members.items():
        gap = _BEFORE_VALUE.match(text, end)
        if gap is None or json.loads(gap[1]) != key:
            break
        starts[key] = gap.end()
        end = gap.end() + len(value)
    # Of equal keys the decoder keeps one, whose value is not where the gaps say.
    if len(starts) < len(members) or text[end:].strip() not in {b"}", b"{}"}:
        raise refused(name, 1, "the object has a key twice", _KEEP_ONE)
    if records not in members:
        known = f"there are: {', '.join(map(quoted, members))}" if members else "it has none"
        hint = near_miss(records, members) or known
        raise refused(name, 1, f"the object has no key {quoted(records)}", hint)
    for key in _NEXT_PAGE:
        if bytes(members.get(key, b"null")) not in _NOTHING:
            message = f"this is one page of several: it has {quoted(key)}"
            raise refused(name, 1, message, "export all pages, as one array")
    array = bytes(members[records])
    if array[:1] != b"[":
        message = f"the value of {quoted(records)} is not an array"
        raise refused(name, 1, message, "name the key of an array of objects")
    total = bytes(members.get(_TOTAL, b""))[:18]
    if total.isdigit() and int(total) > (found := len(_structure(name, 1, array, _ITEMS))):
        message = f"this is one page of several: it has {found} of {int(total)} records"
        raise refused(name, 1, message, "export all pages, as one array")
    return array, starts[records]


class _RecordReader:
    """Makes the texts of ``columns`` of the records in ``text``, the export ``name``."""

    def __init__(self, name: str, text: bytes, columns: Sequence[str]) -> None:
        self.sought = SoughtColumns(columns)
        self._name = name
        self._columns = columns
        self._has_nulls = b"\\u0000" in text

    def texts(self, line: int, data: bytes) -> tuple[str, ...]:
        """The texts of the record that begins on ``line``. Raises :class:`InvalidInput`."""
        try:
            record = _record(data)
        except RecursionError:
            raise refused(self._name, line, *_TOO_DEEP) from None
        except _KeyTwice as twice:
            message = f"an object has the key {quoted(str(twice))} twice"
            raise refused(self._name, line, message, _KEEP_ONE) from None
        except msgspec.DecodeError as error:
            data.decode("utf-8")  # some decoders name no place
            message = f"the record cannot be read: {error}"
            raise refused(self._name, line, message, _CHECK) from None
        if not isinstance(record, dict):
            hint = "write an object for each record"
            raise refused(self._name, line, "the record is not an object", hint)
        if self.sought.missing:
            present = [name for name in self.sought.missing if _find(record, name) is not _ABSENT]
            self.sought.see(present, _names(record))
        texts = tuple(
            [
                value
                # Most values are found and taken right here.
                if (value := record.get(column)).__class__ is str
                else self._text(line, column, _find(record, column))
                for column in self._columns
            ]
        )
        if self._has_nulls and any("\0" in text for text in texts):
            raise refused(self._name, line, "a value holds a null character", "remove it")
        return texts

    def _text(self, line: int, column: str, value: object) -> str:
        """``value`` as text. Raises :class:`InvalidInput` for what is none."""
        if value is None or value is _ABSENT:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int):
            return str(value)
        kind, hint = f"the number {value}", "export it as text"
        if isinstance(value, dict):
            kind, hint = "an object", f"name a value in it: `{column}.KEY`"
        elif isinstance(value, list):
            kind, hint = "an array", "name a column with one value"
        message = f"the value of {quoted(column)} is {kind}, not text"
        raise refused(self._name, line, message, hint)


def _find(record: Fields, column: str) -> object:
    """The value of ``column``, by its name or else by the path that it is."""
    found: object = record
    for step in (column,) if column in record else column.split("."):
        if not isinstance(found, dict) or step not in found:
            return _ABSENT
        found = found[step]
    return found


def _names(record: Fields) -> Iterator[str]:
    """The names of the columns that a record has, those in its objects too."""
    for key, value in record.items():
        yield key
        if isinstance(value, dict):
            yield from (f"{key}.{inner}" for inner in value)


class _KeyTwice(Exception):
    """An object has a key twice."""


def _record(data: bytes) -> object:
    """What ``data`` holds. Raises :class:`_KeyTwice`, and what the decoders raise."""
    record = _VALUE.decode(data)
    # The decoder keeps the last of equal keys. Then there are more quotes than two for each string
    # that it has kept. After an escaped backslash only the slow reader knows which quotes count.
    quotes = data.count(b'"') - data.count(b'\\"')
    if b"\\\\" in data or quotes != 2 * _strings(record):
        json.loads(data, object_pairs_hook=_object)
    return record


def _strings(value: object) -> int:
    """How many strings are in a value, keys included."""
    items: Iterable[object]
    if isinstance(value, dict):
        items, count = value.values(), len(value)
    elif isinstance(value, list):
        items, count = value, 0
    else:
        return int(isinstance(value, str))
    for item in items:
        count += 1 if item.__class__ is str else _strings(item)
    return count


def _object(pairs: list[tuple[str, object]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise _KeyTwice(next(name for name in names if names.count(name) > 1))


def _structure(name: str, line: int, data: bytes, decoder: "msgspec.json.Decoder[_Read]") -> _Read:
    """What ``decoder`` makes of ``data``, which begins on ``line``; no value is looked into."""
    try:
        return decoder.decode(data)
    except RecursionError:
        raise refused(name, line, *_TOO_DEEP) from None
    except msgspec.DecodeError as error:
        words = str(error)
    found = _AT_BYTE.search(words)
    what = (words[: found.start()] if found else words).removeprefix("JSON is malformed: ")
    at = int(found[1]) - (what == "trailing characters") if found else len(data.rstrip())
    start = data.rfind(b"\n", 0, at) + 1
    column = len(data[start:at].decode(errors="replace")) + 1
    line += data.count(b"\n", 0, at)
    hint = _CUT_OFF if what == "Input data was truncated" else _CHECK
    message = f"cannot be read as JSON: {what[:1].lower()}{what[1:]}"
    raise refused(name, line, message, hint, column)
