"""CSV exports: what is read, and that nothing is guessed or lost."""

import pytest

from tests.manifest.export import csv_export, values


def test_the_columns_that_are_asked_for_come_in_their_order_with_the_line_of_the_record() -> None:
    export = csv_export("id,name,mail\n1,Ann,a@example.com\n2,Ben,b@example.com\n")
    assert export.rows("mail", "id") == [(2, ("a@example.com", "1")), (3, ("b@example.com", "2"))]
    assert export.rows("mail") == [(2, ("a@example.com",)), (3, ("b@example.com",))]


@pytest.mark.parametrize(
    "text", ["0042", "1e5", "TRUE", "no", "2026-10-31", "null", " spaced ", "=cmd|' /C calc'!A0"]
)
def test_everything_is_text(text: str) -> None:
    assert csv_export(f"id,x\n{text},1\n").rows("id") == [(2, (text,))]


def test_an_empty_value_is_empty_text() -> None:
    assert values(csv_export('id,end\na,\nb,""\n').rows("id", "end")) == [("a", ""), ("b", "")]


def test_quoted_values_hold_delimiters_quotes_and_line_breaks() -> None:
    export = csv_export('id,note\r\na,"x, ""y""\r\nz"\r\nb,"1\n2\n3"\r\nc,4\r\n')
    assert export.rows("id", "note") == [
        (2, ("a", 'x, "y"\r\nz')),
        (4, ("b", "1\n2\n3")),
        (7, ("c", "4")),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(end: str) -> None:
    export = csv_export(end.join(["", "id,x", "", "a,1", "", "", "b,2"]))
    assert export.rows("id") == [(4, ("a",)), (7, ("b",))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_gives_the_needed_columns(delimiter: str) -> None:
    lines = [["id", "a,b;c\td"], ["1", "x,y;z\tw"]]
    text = "\n".join(delimiter.join(f'"{field}"' for field in line) for line in lines)
    assert csv_export(text).rows("id") == [(2, ("1",))]


def test_a_header_that_fits_several_delimiters_is_split_at_commas() -> None:
    assert csv_export("id\na;b\n").rows("id") == [(2, ("a;b",))]


def test_a_header_that_fits_semicolons_and_tabs_alike_is_an_error() -> None:
    error = csv_export("x\tid;id\ty\n1\t2;3\t4\n").error("id")
    assert error.startswith("export:1: there is no column `id`")


def test_records_have_no_say_about_the_delimiter() -> None:
    assert csv_export("id,x\na;b;c,1\n").rows("id") == [(2, ("a;b;c",))]


def test_every_column_that_is_missing_is_an_error_with_a_hint() -> None:
    assert csv_export("Mail;Name\na;b\n").errors("mail", "ticket", "mail") == [
        "export:1: there is no column `mail` (did you mean `Mail`?)",
        "export:1: there is no column `ticket` (there are: `Mail`, `Name`)",
    ]


def test_of_many_columns_the_hint_shows_the_first() -> None:
    header = ",".join(f"c{n}" for n in range(20))
    assert csv_export(f"{header}\n").error("zzz").endswith("`c10`, `c11`, …)")


def test_a_column_that_is_named_twice_is_an_error() -> None:
    assert csv_export("id,mail,id\n1,2,3\n").error("mail") == (
        "export:1: the header has the column `id` twice"
        " (rename one of them, or leave it out of the export)"
    )


def test_columns_without_a_name_are_passed_over() -> None:
    assert csv_export("id,,\na,1,2\n").rows("id") == [(2, ("a",))]


@pytest.mark.parametrize(
    ("record", "what"), [("a,1,2", "3 fields, more"), ("a", "1 fields, fewer")]
)
def test_a_record_with_more_or_fewer_fields_than_the_header_is_an_error(
    record: str, what: str
) -> None:
    error = csv_export(f"id,x\nb,0\n{record}\n").error("id")
    assert error.startswith(f"export:3: the record has {what} than the header's 2")


def test_a_quoted_value_that_never_ends_is_an_error_and_swallows_no_record() -> None:
    error = csv_export('id,x\na,1\nb,"2\nc,3\nd,4\n').error("id")
    assert error.startswith("export:3: a quoted value of this record never ends (close its quotes")


def test_text_after_a_closing_quote_is_an_error() -> None:
    error = csv_export('id,x\n"a"b,1\n').error("id")
    assert error.startswith("export:2: a quoted value of this record goes on after its closing")


def test_a_value_beyond_the_bound_is_an_error() -> None:
    error = csv_export(f"id,x\na,{'y' * 131_073}\n").error("id")
    assert error.startswith("export:2: a value of this record is longer than 131,072 characters")


@pytest.mark.parametrize("header", [b"", b"id\n"])
def test_one_line_of_many_megabytes_is_an_error(header: bytes) -> None:
    assert "longer than 131,072 characters" in csv_export(header + b"x" * (8 << 20)).error("id")


def test_a_needed_value_that_may_be_cut_off_is_an_error() -> None:
    cut = csv_export("name,id\nAnn,12345\nBob,123")
    assert cut.error("id") == (
        "export:3: the last line has no end, so its `id` may be cut off"
        " (export it again, or end the file with a line break)"
    )
    assert cut.rows("name") == [(2, ("Ann",)), (3, ("Bob",))]
    assert len(csv_export("name,id\nAnn,12345\nBob,123\r").rows("id")) == 2
