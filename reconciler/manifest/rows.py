"""Rows: what an export of another system says, one record after the other.

Everything is text, and nothing is guessed: ``0042`` stays ``0042``. An export that is cut off, that
lacks a column, or that has no records is an error. It never means that there is nobody.
"""

import codecs
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final

from msgspec import Struct

from reconciler.manifest.columns import refused
from reconciler.manifest.csv_rows import csv_rows
from reconciler.manifest.json_rows import json_rows, jsonl_rows
from reconciler.manifest.ldif_rows import ldif_rows
from reconciler.manifest.source import utf8

MAX_EXPORT_BYTES: Final = 256 * 1024 * 1024
"""The largest export that is read: a million records of 12 columns have half of it."""

_NEVER_NOBODY: Final = "an empty export never means nobody: export it again"
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class RowFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    LDIF = "ldif"


_READERS: Final = {
    RowFormat.CSV: csv_rows,
    RowFormat.JSONL: jsonl_rows,
    RowFormat.LDIF: ldif_rows,
}


class InputData(Struct, frozen=True):
    """An export, and how to read it: the arguments of :func:`read_rows`."""

    data: bytes
    form: RowFormat
    records: str | None = None
    max_rows: int | None = None


def read_rows(
    name: str,
    data: bytes,
    form: RowFormat,
    columns: Sequence[str],
    *,
    records: str | None = None,
    max_rows: int | None = None,
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each record of ``data``: the line on which it begins, and its texts of ``columns``, in order.

    ``data`` is UTF-8, or UTF-16 with a byte order mark. ``name`` is what errors call the export.
    ``records`` is the key of a JSON object that has the array of records. More than ``max_rows``
    records are an error. Take all rows before you use any: some errors show at the end only, such
    as a column that no record has. Raises :class:`reconciler.domain.InvalidInput`.
    """
    text = _as_utf8(name, data)
    if form is RowFormat.JSON:
        rows = json_rows(name, text, columns, records)
    else:
        rows = _READERS[form](name, text, columns)
    try:
        first = next(rows, None)
        if first is None:
            raise refused(name, 0, "there are no records", _NEVER_NOBODY)
        yield first
        yield from rows if max_rows is None else islice(rows, max_rows - 1)
        for line, _ in rows:
            message = f"there are more than {max_rows:,} records"
            raise refused(name, line, message, "check the export, or raise `maxRows`")
    except UnicodeDecodeError:
        utf8(name, text)  # raises the error with its place


def _as_utf8(name: str, data: bytes) -> bytes:
    """``data`` as UTF-8 without a byte order mark."""
    if data.startswith(_WIDE):
        try:
            data = data.decode("utf-16").encode("utf-8")
        except UnicodeDecodeError as error:
            message = f"not UTF-16 from byte {error.start} on"
            raise refused(name, 0, message, "it is cut off or damaged: export it again") from None
    null = data.find(b"\0")
    if null >= 0:
        line = data.count(b"\n", 0, null) + 1
        hint = "remove it; if the file is UTF-16 without a byte order mark, save it as UTF-8"
        raise refused(name, line, "there is a null character", hint)
    text = data.removeprefix(codecs.BOM_UTF8)
    if not text or text.isspace():
        raise refused(name, 0, "the export is empty", _NEVER_NOBODY)
    return text
