"""Reads CSV exports of spreadsheets and HR systems: a header, then one record after the other.

The delimiter is a comma, unless the header has all needed columns only when it is split at
semicolons, or only at tabs; the records have no say. Quoted values may hold delimiters and line
breaks. Everything is text, formulas too.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from operator import itemgetter
from typing import Final, TypeAlias

from reconciler.domain import InvalidInput
from reconciler.manifest.columns import missing_columns, refused
from reconciler.manifest.source import quoted

_DELIMITERS: Final = (",", ";", "\t")

_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")
_BATCH: Final = 500

Picker: TypeAlias = Callable[[Sequence[str]], tuple[str, ...]]

_NOT_CSV: Final = {
    "unexpected end of data": (
        "a quoted value of this record never ends",
        "close its quotes; if the file is cut off, export it again",
    ),
    "expected after": (
        "a quoted value of this record goes on after its closing quote",
        'put the whole value in quotes, and write a quote in it as `""`',
    ),
    "field larger than field limit": (
        f"a value of this record is longer than {csv.field_size_limit():,} characters",
        "close its quotes, or leave the column out of the export",
    ),
}


def csv_rows(
    name: str, text: bytes, columns: Sequence[str]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The line on which each record begins, and its texts of ``columns``; ``text`` is UTF-8.

    Raises :class:`InvalidInput`, and ``UnicodeDecodeError``.
    """
    reader = csv.reader(_lines(text), delimiter=_delimiter(text, columns), strict=True)
    line = 1
    batch: list[list[str]] = []
    try:
        header: list[str] = next(filter(None, reader), [])
        line = reader.line_num + 1
        pick, width = _picker(name, header, columns), len(header)
        # Many records at a time: to look at each by itself takes twice as long.
        while True:
            batch.extend(islice(reader, _BATCH))
            if not batch:
                break
            if reader.line_num - line + 1 == len(batch) and set(map(len, batch)) == {width}:
                yield from zip(count(line), map(pick, batch))
            else:
                yield from _one_by_one(name, line, batch, width, pick)
            line = reader.line_num + 1
            batch.clear()
        if header[-1] in columns and not text.endswith((b"\n", b"\r")):
            raise _may_be_cut_off(name, reader.line_num, header[-1])
    except csv.Error as error:
        line += sum(map(_lines_of, batch))
        raise _not_csv(name, line, str(error)) from None


def _one_by_one(
    name: str, line: int, records: Iterable[list[str]], width: int, pick: Picker
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """As :func:`csv_rows`, of records that begin on ``line``, some of them on several lines."""
    for fields in records:
        if len(fields) == width:
            yield line, pick(fields)
        elif fields:  # the reader gives a blank line as a record without fields
            raise _wrong_width(name, line, len(fields), width)
        line += _lines_of(fields)


def _lines_of(fields: Iterable[str]) -> int:
    """How many lines a record takes."""
    return 1 + sum(len(_LINE_BREAK.findall(field)) for field in fields)


def _lines(text: bytes) -> io.TextIOWrapper:
    # Decoded as it is read: a text with one emoji in it would take four bytes for each character.
    return io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="")


def _delimiter(text: bytes, columns: Sequence[str]) -> str:
    """The delimiter by which the header has ``columns``; the most likely one if none does."""
    headers = {delimiter: _header(text, delimiter) for delimiter in _DELIMITERS}
    fitting = [name for name, header in headers.items() if header.issuperset(columns)]
    if len(fitting) == 1:
        return fitting[0]
    return "," if fitting else max(headers, key=lambda delimiter: len(headers[delimiter]))


def _header(text: bytes, delimiter: str) -> frozenset[str]:
    try:
        reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
        return frozenset(next(filter(None, reader), ()))
    except csv.Error:
        return frozenset()


def _picker(name: str, header: Sequence[str], columns: Sequence[str]) -> Picker:
    """Takes the texts of ``columns`` from the fields of a record."""
    places: dict[str, int] = {}
    for index, column in enumerate(header):
        if column and column in places:
            message = f"the header has the column {quoted(column)} twice"
            raise refused(name, 1, message, "rename one of them, or leave it out of the export")
        places[column] = index
    if missing := [column for column in columns if column not in places]:
        raise missing_columns(name, 1, missing, [column for column in header if column])
    indexes = [places[column] for column in columns]
    if len(indexes) == 1:
        index = indexes[0]
        return lambda fields: (fields[index],)
    return itemgetter(*indexes)


def _may_be_cut_off(name: str, line: int, column: str) -> InvalidInput:
    """A file that is cut off in its last value looks whole: `1234` may be the beginning of `12345`.

    Many programs do not end the last line, so this is an error only where that value is needed.
    """
    message = f"the last line has no end, so its {quoted(column)} may be cut off"
    hint = "export it again, or end the file with a line break"
    return refused(name, line, message, hint)


def _wrong_width(name: str, line: int, fields: int, width: int) -> InvalidInput:
    more = "more" if fields > width else "fewer"
    message = f"the record has {fields} fields, {more} than the header's {width}"
    return refused(name, line, message, "put values that hold the delimiter in quotes")


def _not_csv(name: str, line: int, words: str) -> InvalidInput:
    known = (text for part, text in _NOT_CSV.items() if part in words)
    message, hint = next(known, (f"not CSV: {words}", "export it again"))
    return refused(name, line, message, hint)
