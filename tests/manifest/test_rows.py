"""What all formats of exports have in common: encodings, limits, and that empty is an error."""

import codecs

import pytest

from reconciler.manifest import rows
from reconciler.manifest.rows import RowFormat
from tests.manifest.export import Export, csv_export, jsonl_export

TEXTS = {
    RowFormat.CSV: "id,n\nzoë,1\n😀,2\n",
    RowFormat.JSON: '[{"id": "zoë", "n": "1"},\n{"id": "😀", "n": "2"}]',
    RowFormat.JSONL: '{"id": "zoë", "n": "1"}\n{"id": "😀", "n": "2"}\n',
    RowFormat.LDIF: "dn: a\nid: zoë\nn: 1\n\ndn: b\nid: 😀\nn: 2\n",
}
FORMATS = pytest.mark.parametrize("form", RowFormat)


@FORMATS
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_the_encodings_of_spreadsheets_are_read(
    form: RowFormat, mark: bytes, encoding: str
) -> None:
    export = Export(form, mark + TEXTS[form].encode(encoding))
    assert [texts for _, texts in export.rows("id", "n")] == [("zoë", "1"), ("😀", "2")]


@FORMATS
def test_a_byte_that_is_not_utf8_is_an_error_with_its_place(form: RowFormat) -> None:
    export = Export(form, TEXTS[form].replace("😀", "\udcfc").encode(errors="surrogateescape"))
    error = export.error("id")
    line = TEXTS[form][: TEXTS[form].index("😀")].count("\n") + 1
    assert error.startswith(f"export:{line}:")
    assert "not UTF-8: byte 0xfc" in error
    assert error.endswith("(save the file as UTF-8)")


@FORMATS
def test_a_null_character_is_an_error(form: RowFormat) -> None:
    text = TEXTS[form].replace("😀", "x\0y")
    line = text[: text.index("\0")].count("\n") + 1
    assert Export(form, text).error("id").startswith(f"export:{line}: there is a null character")
    (wide,) = Export(form, text.encode("utf-16-le")).errors("id")
    assert wide.endswith("if the file is UTF-16 without a byte order mark, save it as UTF-8)")


@FORMATS
def test_utf16_that_is_cut_off_is_an_error(form: RowFormat) -> None:
    data = TEXTS[form].encode("utf-16")
    assert Export(form, data[:-1]).error("id") == (
        f"export: not UTF-16 from byte {len(data) - 2} on"
        " (it is cut off or damaged: export it again)"
    )


@FORMATS
@pytest.mark.parametrize("text", [b"", b" \r\n\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_an_empty_export_is_an_error_and_never_nobody(form: RowFormat, text: bytes) -> None:
    assert Export(form, text).error("id") == (
        "export: the export is empty (an empty export never means nobody: export it again)"
    )


@pytest.mark.parametrize(
    ("form", "text"),
    [(RowFormat.CSV, "id,n\n"), (RowFormat.JSON, "[]"), (RowFormat.LDIF, "version: 1\n")],
)
def test_an_export_without_records_is_an_error(form: RowFormat, text: str) -> None:
    error = Export(form, text).error("id")
    assert error.startswith("export: there are no records (an empty export never means nobody")


@FORMATS
def test_more_records_than_are_allowed_are_an_error(form: RowFormat) -> None:
    export = Export(form, TEXTS[form])
    assert len(export.rows("id", most=2)) == 2
    (line, _) = export.rows("id")[1]
    assert export.error("id", most=1) == (
        f"export:{line}: there are more than 1 records (check the export, or raise `maxRows`)"
    )


def test_ten_thousand_records_are_read_with_their_lines() -> None:
    text = "id,n\n" + "".join(f"p{n},{n}\n" for n in range(10_000))
    assert csv_export(text).rows("id")[-1] == (10_001, ("p9999",))
    lines = "".join(f'{{"id": "p{n}"}}\n' for n in range(10_000))
    assert jsonl_export(lines).rows("id")[-1] == (10_000, ("p9999",))
    array = Export(RowFormat.JSON, f"[{lines.strip().replace(chr(10), chr(10) + ',')}]")
    assert array.rows("id")[-1] == (10_000, ("p9999",))


def test_the_bound_of_an_export_holds_a_million_records_of_twelve_columns() -> None:
    assert 1_000_000 * 12 * 20 < rows.MAX_EXPORT_BYTES < 1 << 30
