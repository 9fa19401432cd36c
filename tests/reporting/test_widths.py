"""Text on a terminal: columns, emoji, and the line of a file that an error is about."""

import pytest

from reconciler.domain import Diagnostic, SourceLocation
from reconciler.reporting import (
    DoctorReport,
    ErrorReport,
    Format,
    RunsReport,
    ValidationReport,
    render,
)
from reconciler.reporting.documents import Check, CheckState
from reconciler.reporting.phrase import visible
from reconciler.reporting.text.page import cells
from tests.reporting.ledger_samples import summary

SEQUENCES = [
    "👩\u200d🚀",
    "👨\u200d👩\u200d👧",
    "👩🏽\u200d💻",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "🇩🇪",
    "👍🏽",
    "🏳\ufe0f\u200d🌈",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
]


def error(
    message: str, place: SourceLocation | None = None, excerpt: str | None = None
) -> ErrorReport:
    return ErrorReport(65, (Diagnostic(place, message, "a hint", excerpt),))


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_an_emoji_of_several_characters_is_shown_as_it_is(sequence: str) -> None:
    assert visible(f"a{sequence}b") == f"a{sequence}b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200db", "a⟨U+200D⟩b"),
        ("😀\u200d😀", "😀⟨U+200D⟩😀"),
        ("👩\u200d", "👩⟨U+200D⟩"),
        ("\u200d🚀", "⟨U+200D⟩🚀"),
        ("👩\u200d\u200d🚀", "👩⟨U+200D⟩⟨U+200D⟩🚀"),
        ("a\ufe0f", "a⟨U+FE0F⟩"),
        ("1\ufe0f", "1⟨U+FE0F⟩"),
        ("😀\ufe0f", "😀⟨U+FE0F⟩"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f⟨U+FE0F⟩"),
        ("🏴\U000e0067\U000e007f", "🏴⟨U+E0067⟩⟨U+E007F⟩"),
        ("👩\u200d🚀\u202e", "👩\u200d🚀⟨U+202E⟩"),
    ],
    ids=ascii,
)
def test_what_joins_nothing_or_picks_nothing_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("日本", 4), ("é", 1), ("e\u0301", 1), *((s, 2) for s in SEQUENCES[:6])],
)
def test_columns_are_counted_as_a_terminal_shows_them(text: str, columns: int) -> None:
    assert cells(text) == columns


@pytest.mark.parametrize("word", ["word", "日本語", "👩\u200d🚀"])
def test_no_line_of_an_error_is_wider_than_the_terminal_and_none_is_cut(word: str) -> None:
    message = " ".join([word] * 60)
    text = render(error(message, SourceLocation("a.yaml", 3, 5)), Format.TEXT, width=80)
    assert max(map(cells, text.splitlines())) <= 80
    assert text.count(word) == 60
    assert text.startswith("error: a.yaml:3:5: ")


def test_colour_stays_where_it_was_when_an_error_is_wrapped() -> None:
    report = error("word " * 60, SourceLocation("a.yaml", 3, 5))
    text = render(report, Format.TEXT, width=80, color=True)
    assert text.startswith("\x1b[1;31merror:\x1b[0m \x1b[1ma.yaml:3:5:\x1b[0m ")


def test_in_a_pipe_an_error_is_one_line() -> None:
    assert ("word " * 60).strip() in render(error("word " * 60), Format.TEXT)


def test_the_line_of_the_file_is_shown_with_a_caret_below_the_place() -> None:
    place = SourceLocation("people.yaml", 12, 16)
    report = ValidationReport(
        0, 1, None, (Diagnostic(place, "no platform", "hint", "    platforms: [gogle]"),), 65
    )
    assert render(report, Format.TEXT).splitlines()[:4] == [
        "error: people.yaml:12:16: no platform",
        "  12 |     platforms: [gogle]",
        "     |                ^",
        "  hint",
    ]


def test_a_place_that_is_a_whole_line_has_no_caret() -> None:
    report = error("x", SourceLocation("a.csv", 17), "ann@example.com,2026")
    assert render(report, Format.TEXT).splitlines()[:3] == [
        "error: a.csv:17: x",
        "  17 | ann@example.com,2026",
        "  a hint",
    ]


@pytest.mark.parametrize(
    ("line", "column", "shown", "caret"),
    [
        ("日本: 1", 5, "日本: 1", 6),
        ("\ta: b", 2, " a: b", 1),
        ("a\x1b[2J: b", 2, "a␛[2J: b", 1),
        ("x" * 100 + "!", 101, "…" + "x" * 39 + "!", 40),
        ("!" + "x" * 100, 1, "!" + "x" * 58 + "…", 0),
        ("", 1, "", 0),
    ],
    ids=["wide", "tab", "escape", "cut before", "cut after", "empty"],
)
def test_the_caret_stands_below_the_place_whatever_comes_before(
    line: str, column: int, shown: str, caret: int
) -> None:
    text = render(error("m", SourceLocation("a.yaml", 1, column), line), Format.TEXT)
    assert text.splitlines()[1:3] == [f"  1 | {shown}", f"    | {' ' * caret}^"]


def test_the_columns_of_a_table_are_as_wide_as_a_terminal_shows_them() -> None:
    runs = (summary("日本"), summary("abcd"))
    lines = render(RunsReport("prod", "here", runs, 20, 0), Format.TEXT).splitlines()
    first, second = (line for line in lines if line.startswith(("日本", "abcd")))
    assert cells(first.split("2026")[0]) == cells(second.split("2026")[0])


def test_a_run_has_as_many_lines_as_a_narrow_terminal_needs_and_nothing_is_cut() -> None:
    run = summary("0123456789abcdef0123456789abcdef")
    report = RunsReport("prod", "here", (run,), 20, 0)
    wide = render(report, Format.TEXT).splitlines()
    narrow = render(report, Format.TEXT, width=60).splitlines()
    assert max(map(cells, narrow)) <= 60
    assert " ".join(narrow).split() == " ".join(wide).split()


def test_a_check_that_is_wrapped_keeps_its_indent() -> None:
    report = DoctorReport("prod", None, (Check("network", CheckState.OK, "word " * 40),), 0)
    lines = render(report, Format.TEXT, width=80).splitlines()
    (at,) = [i for i, line in enumerate(lines) if "network:" in line]
    assert lines[at].startswith("  ✓ network: word")
    assert lines[at + 1].startswith("      word")
    assert max(map(cells, lines)) <= 80


@pytest.mark.parametrize("column", [1, 30, 90, 180])
@pytest.mark.parametrize("letter", ["x", "日", "\x1b"], ids=ascii)
def test_the_line_of_the_file_is_no_wider_than_the_terminal(column: int, letter: str) -> None:
    line = letter * (column - 1) + "!" + letter * 90
    report = error("m", SourceLocation("a.yaml", 123, column), line)
    shown, caret = render(report, Format.TEXT, width=50).splitlines()[1:3]
    assert cells(shown) <= 50
    assert cells(shown.split("!")[0]) == caret.index("^")
