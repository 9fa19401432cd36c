"""Rows of any text: the fast ways of reading give what the slow ones do."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from reconciler.domain import InvalidInput
from reconciler.manifest import csv_rows
from reconciler.manifest.rows import RowFormat
from tests.manifest.export import Export, Row, csv_export, json_export, jsonl_export

FIELDS = st.text(st.sampled_from('ab,;"\n\r\t =é😀'), max_size=5)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def one_by_one(text: str) -> Iterator[Row]:
    """The rows of two columns, by a reader that knows its line after every record."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    next(reader)
    line = 2
    for fields in reader:
        if fields:
            yield line, (fields[0], fields[1])
        line = reader.line_num + 1


@given(st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=30), ENDS, st.integers(0, 4))
def test_csv_in_batches_has_the_lines_of_csv_record_by_record(
    records: list[tuple[str, str]], end: str, blank: int
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "x"])
    for number, record in enumerate(records):
        writer.writerow(record)
        text.write(end * (number % 5 == blank))
    with mock.patch.object(csv_rows, "_BATCH", 3):
        rows = csv_export(text.getvalue()).rows("id", "x")
    assert rows == list(one_by_one(text.getvalue()))
    assert [texts for _, texts in rows] == records


@given(st.lists(st.tuples(FIELDS, FIELDS), max_size=12))
def test_an_error_in_csv_has_the_line_of_its_record(records: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "x"), *records])
    line = 1 + len(list(io.StringIO(text.getvalue(), newline="")))
    for batch in (1, 2, 5, 500):
        with mock.patch.object(csv_rows, "_BATCH", batch):
            unclosed = csv_export(text.getvalue() + 'a,"b').error("id")
            wider = csv_export(text.getvalue() + "a,b,c").error("id")
        assert unclosed.startswith(f"export:{line}: a quoted value of this record never ends")
        assert wider.startswith(f"export:{line}: the record has 3 fields")


KEYS = st.text(st.sampled_from('ab"\\:{é'), max_size=3)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.sampled_from('ab"\\:,{}é😀'), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(KEYS, inner), max_size=4),
    max_leaves=12,
)


def written(value: object, *, ascii_only: bool) -> str:
    """JSON of a value in which lists of pairs are objects, their keys as they are."""
    if isinstance(value, list) and value and all(isinstance(item, tuple) for item in value):
        members = (
            f"{written(key, ascii_only=ascii_only)} :{written(inner, ascii_only=ascii_only)}"
            for key, inner in value
        )
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(written(item, ascii_only=ascii_only) for item in value)}]"
    return json.dumps(value, ensure_ascii=ascii_only)


def key_is_twice(text: str) -> bool:
    found = []

    def see(pairs: list[tuple[str, object]]) -> None:
        found.append(len({key for key, _ in pairs}) < len(pairs))

    json.loads(text, object_pairs_hook=see)
    return any(found)


@given(st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=5), st.booleans())
def test_a_key_that_is_twice_is_found_whatever_is_around_it(
    members: list[tuple[str, object]], ascii_only: bool
) -> None:
    record = written([("id", "x"), *members], ascii_only=ascii_only)
    for export in (json_export(f"[{record}]"), jsonl_export(record)):
        if key_is_twice(record):
            assert " twice (keep one of them)" in export.error("id")
        else:
            assert export.rows("id") == [(1, ("x",))]


SAMPLES = {
    RowFormat.CSV: b'id;x\r\n"a\n""b""";1\r\n\r\nc;2\r\n',
    RowFormat.JSON: '[{"id": "é\\u00fc\\"", "x": 1}, {"id": "😀", "x": {"y": [null]}}]'.encode(),
    RowFormat.JSONL: b'{"id": "a", "x": true}\n{"id": "b"}\n',
    RowFormat.LDIF: b"dn: a\nid: x\n y\nx:: YQ==\n\ndn: b\nid: y\n",
}
PIECES = st.sampled_from(
    [*(bytes([code]) for code in b'"\\\0\n\r,;{}[]: #<=1'), b"\xff", b"\xef\xbb\xbf", b"\\ud800"]
)


@given(
    st.sampled_from(list(RowFormat)),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 3), PIECES), max_size=4),
    st.sampled_from([None, "value"]),
)
def test_an_export_of_any_bytes_is_read_or_refused(
    form: RowFormat, edits: list[tuple[int, int, bytes]], records: str | None
) -> None:
    data = SAMPLES[form]
    if records is not None:
        data = b'{"a": 1, "value": %b}' % data
    for at, removed, piece in edits:
        data = data[:at] + piece + data[at + removed :]
    with suppress(InvalidInput):
        rows = Export(form, data, records if form is RowFormat.JSON else None).rows("id")
        lines = [line for line, _ in rows]
        assert lines == sorted(lines)
        assert all(1 <= line <= 1 + data.count(b"\n") + data.count(b"\r") for line in lines)
        assert all("\0" not in text and text.encode() is not None for _, (text,) in rows)
