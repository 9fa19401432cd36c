"""What others wrote never steers a terminal, a table, a page or a parser."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.reporting import (
    Format,
    PlanReport,
    Report,
    render,
)
from reconciler.reporting.phrase import NAME_LIMIT, PROSE_LIMIT, one_line, visible
from tests.reporting import samples
from tests.reporting.hostile import KINDS, reports
from tests.reporting.samples import disconnect

HOSTILE = {
    "terminal escape": "a\x1b[2J\x1b]0;owned\x07b",
    "c1 escape": "a\x9b31mb\x85c",
    "bidi override": "a\u202eb\u2066c\u200f",
    "line breaks": "a\nb\r\nc\u2028d\u2029e\x0bf",
    "no shape": "a\u200bb\ufeffc\u3164d\u00ade\ufe0ff",
    "rich markup": "[bold red]a[/]",
    "table": "a|b\\|c\\\\|d",
    "backticks": "`a``b```",
    "html": "</code></td><script>alert(1)</script><img src=x onerror=y>&amp;",
    "details": "</details><!-- ",
    "mention": "@octocat and #1 and GH-2",
    "link": "[a](https://evil.test) https://evil.test ![i](https://evil.test/x.png) <https://evil.test>",
    "quote": "\"a\" \\ 'b'",
    "spaces": "  a  ",
    "long": "x" * 100_000,
    "half a surrogate pair": "a\udc80b",
    "emoji": "👩\u200d🔬",
}


hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
kind = pytest.mark.parametrize("kind", KINDS)
people = pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])


def report(kind: str, text: str) -> Report:
    """The report of ``kind``; a digest cannot be taken of what UTF-8 cannot hold."""
    if "\udc80" in text and kind in {"plan", "brief plan", "run", "story", "error"}:
        text = text.replace("\udc80", "")
    return reports(text)[kind]


@people
@kind
@hostile
def test_nothing_unseen_reaches_a_reader(text: str, kind: str, form: Format) -> None:
    # An emoji is one picture, and the joiner within it no way to deceive.
    found = render(report(kind, text), form).replace("👩\u200d🔬", "")
    unseen = {c for c in found if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert unseen <= {"\n"}
    assert not re.search("[\u3164\ufe0f]", found)


@kind
@hostile
def test_a_hostile_text_adds_no_line(text: str, kind: str) -> None:
    harmless = render(report(kind, "a"), Format.TEXT, width=10**6)
    assert len(render(report(kind, text), Format.TEXT, width=10**6).splitlines()) == len(
        harmless.splitlines()
    )


@kind
@hostile
def test_hostile_text_is_bounded_for_readers(text: str, kind: str) -> None:
    longest = max(render(report(kind, text), Format.TEXT, width=10**6).splitlines(), key=len)
    assert len(longest) < 10 * PROSE_LIMIT


def test_rich_markup_in_data_stays_text() -> None:
    found = render(report("plan", "[bold red]a[/]"), Format.TEXT, color=True)
    assert "[bold red]a[/]" in found


@kind
@hostile
def test_json_is_valid_and_safe_to_print(text: str, kind: str) -> None:
    found = render(report(kind, text), Format.JSON)
    json.loads(found)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]", found)


@kind
@hostile
def test_every_json_line_is_one_whatever_splits_it(text: str, kind: str) -> None:
    found = render(report(kind, text), Format.JSONL)
    assert found.splitlines() == found.rstrip("\n").split("\n")
    for line in found.splitlines():
        json.loads(line)


@hostile
def test_json_holds_the_text_exactly(text: str) -> None:
    document = json.loads(render(report("validation", text), Format.JSON))
    expected = text.replace("\udc80", "?")
    assert document["diagnostics"][0]["message"] == expected


def tokens(markdown: str) -> list[tuple[str, str]]:
    """All tokens of rendered Markdown, as GitHub's dialect has them, with their content."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    found: list[tuple[str, str]] = []
    for block in parser.parse(markdown):
        found.append((block.type, block.content))
        found.extend((child.type, child.content) for child in block.children or [])
    return found


@kind
@hostile
def test_markdown_has_the_same_structure_whatever_the_data(text: str, kind: str) -> None:
    harmless = [name for name, _ in tokens(render(report(kind, "a"), Format.MARKDOWN))]
    assert [name for name, _ in tokens(render(report(kind, text), Format.MARKDOWN))] == harmless


@kind
@hostile
def test_html_in_markdown_is_only_ours(text: str, kind: str) -> None:
    ours = re.compile(r"<details><summary>\d+ [a-z ]+</summary>|</details>")
    for name, content in tokens(render(report(kind, text), Format.MARKDOWN)):
        if name in {"html_block", "html_inline"}:
            assert ours.fullmatch(content.strip())


@kind
@pytest.mark.parametrize("text", [HOSTILE["mention"], HOSTILE["link"], "dana@example.com"])
def test_mentions_and_links_in_markdown_stand_in_code_only(text: str, kind: str) -> None:
    for name, content in tokens(render(report(kind, text), Format.MARKDOWN)):
        assert name not in {"link_open", "image"}
        if name == "text":
            assert "@" not in content
            assert "evil" not in content
            assert "#1" not in content


def test_a_pipe_in_a_table_is_shown_as_it_is() -> None:
    plan = samples.plan_with(disconnect("a|b", note="left | HR-1"))
    shown = [
        c
        for name, c in tokens(render(PlanReport(plan, 0), Format.MARKDOWN))
        if name == "code_inline"
    ]
    assert "a|b" in shown
    assert "left | HR-1" in shown


@given(st.text())
def test_visible_text_is_one_printable_bounded_line(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert len(shown) <= NAME_LIMIT * len("⟨U+10FFFF⟩")
    assert one_line(text).isprintable()


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=NAME_LIMIT))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_letters_of_other_scripts_are_shown_as_they_are() -> None:
    assert visible("Zoë Ångström 山田 Ψυχή") == "Zoë Ångström 山田 Ψυχή"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1bb", "a␛b"),
        ("a\nb", "a␊b"),
        ("a\x7fb", "a␡b"),
        ("a\x9bb", "a⟨U+009B⟩b"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\u00a0b", "a⟨U+00A0⟩b"),
        ("a\u3164b", "a⟨U+3164⟩b"),
        ("  a ", "␠␠a␠"),
        (" ", "␠"),
        ("a\udc80", "a⟨U+DC80⟩"),
    ],
)
def test_what_is_unseen_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    shown = visible("a" * 500 + "-the-end")
    assert len(shown) == NAME_LIMIT
    assert shown.startswith("aaa")
    assert shown.endswith("-the-end")
    assert "…" in shown


def test_a_note_of_several_lines_becomes_one() -> None:
    assert one_line("left the company\n  in October\n") == "left the company in October"
