"""Who has to connect what, in every format; and tables that no spreadsheet takes for formulas."""

import csv
import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from reconciler.domain import Diagnostic
from reconciler.planning import Pending, PendingReason
from reconciler.reporting import (
    ErrorReport,
    Format,
    LedgerAccess,
    LedgerView,
    PendingConnection,
    PendingReport,
    render,
)
from reconciler.reporting.csv_table import harmless
from tests.reporting import samples
from tests.reporting.samples import GOOGLE, PENDING_REPORT


def of(*names: str) -> PendingReport:
    """These users, who have to connect google."""
    connections = tuple(
        PendingConnection(
            Pending(name, GOOGLE, PendingReason.NOT_CONNECTED), GOOGLE, name, None, "p.yaml:1:1"
        )
        for name in names
    )
    return structs.replace(PENDING_REPORT, connections=connections, not_found=0)


def rows(report: PendingReport | ErrorReport) -> list[list[str]]:
    return list(csv.reader(StringIO(render(report, Format.CSV))))


def test_text_says_of_each_person_what_to_connect_and_since_when() -> None:
    assert render(PENDING_REPORT, Format.TEXT) == (
        "Pending in workspace prod at https://us-west-2.recall.ai\n"
        "\n"
        "alice  # people.yaml:3:5\n"
        "  ? connect google (alice@mail.test): since 2026-10-02T08:00:00Z; wanted but not"
        " connected; only the person can connect it\n"
        "\n"
        "bob  # people.yaml:6:5\n"
        "  ? connect google: since 2026-09-01T08:00:00Z or earlier; Recall.ai has no calendar user"
        " with this id; the person must connect first; did you mean Bob (another case), bobby?\n"
        "  ? connect microsoft: in no earlier run; Recall.ai has no calendar user"
        " with this id; the person must connect first; did you mean Bob (another case), bobby?\n"
        "\n"
        "Pending: 2 people have to connect 3 platforms. 1 id was not found; `reconciler plan` shows"
        " them.\n"
    )


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (of(), "Pending: nobody has to connect anything."),
        (of("alice"), "Pending: 1 person has to connect 1 platform."),
        (
            structs.replace(of(), not_found=2),
            (
                "Pending: nobody has to connect anything. 2 ids were not found; `reconciler plan`"
                " shows them."
            ),
        ),
    ],
)
def test_the_last_line_counts_people_and_platforms(report: PendingReport, said: str) -> None:
    assert render(report, Format.TEXT).splitlines()[-1] == said


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
@pytest.mark.parametrize(
    ("view", "said"),
    [
        (LedgerView("l.db", LedgerAccess.NONE), "no run shows since when"),
        (LedgerView("l.db", LedgerAccess.UNREADABLE, "it is locked"), "it is locked"),
    ],
    ids=["none", "unreadable"],
)
def test_readers_learn_why_nobody_knows_since_when(
    view: LedgerView, said: str, form: Format
) -> None:
    assert said in render(structs.replace(PENDING_REPORT, ledger=view), form)


def test_markdown_has_a_row_for_each_platform_of_each_person() -> None:
    found = render(PENDING_REPORT, Format.MARKDOWN)
    assert "| `alice` | google | `alice@mail.test` | since `2026-10-02T08:00:00Z` | " in found
    assert "| `bob` | microsoft |  | in no earlier run | " in found
    assert "|" not in render(of(), Format.MARKDOWN)


def test_json_has_codes_and_counts() -> None:
    document = json.loads(render(PENDING_REPORT, Format.JSON))
    assert document["summary"] == {"people": 2, "connections": 3, "not_found": 1}
    assert [
        (e["user"], e["platform"], e["email"], e["since"], e["or_earlier"], e["reason"])
        for e in document["pending"]
    ] == [
        ("alice", "google", "alice@mail.test", "2026-10-02T08:00:00Z", False, "not_connected"),
        ("bob", "google", None, "2026-09-01T08:00:00Z", True, "unknown_to_recall"),
        ("bob", "microsoft", None, None, False, "unknown_to_recall"),
    ]
    assert document["pending"][1]["similar"] == ["Bob", "bobby"]


def test_a_table_has_a_head_and_a_row_for_each_platform_of_each_person() -> None:
    assert render(PENDING_REPORT, Format.CSV) == (
        "user,email,platform,since,or_earlier,reason,source\n"
        "alice,alice@mail.test,google,2026-10-02T08:00:00Z,false,not_connected,people.yaml:3:5\n"
        "bob,,google,2026-09-01T08:00:00Z,true,unknown_to_recall,people.yaml:6:5\n"
        "bob,,microsoft,,,unknown_to_recall,people.yaml:6:5\n"
    )


def test_an_error_is_no_table_of_nobody() -> None:
    problem = Diagnostic(None, "the API key was refused", "check the region")
    assert rows(ErrorReport(77, (problem, Diagnostic(None, "-1")))) == [
        ["status", "error", "what_to_do"],
        ["77", "the API key was refused", "check the region"],
        ["77", "'-1", ""],
    ]


def test_an_explanation_is_no_table() -> None:
    with pytest.raises(TypeError, match="ExplanationReport"):
        render(samples.EXPLANATION_REPORT, Format.CSV)


FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+49 30 1234",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u3000=1",
    "\uff1d1",
]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_field_that_could_be_a_formula_gets_an_apostrophe(name: str) -> None:
    _, row = rows(of(name))
    assert row[0].startswith("'")
    assert row[1].startswith("'")


@pytest.mark.parametrize("name", ["alice@example.com", "0042", "a=1", "'x", 'a, "b"', ""])
def test_any_other_field_is_as_it_is(name: str) -> None:
    _, row = rows(of(name))
    assert row[:2] == [name, name]


@given(st.text())
def test_no_field_begins_a_formula_a_line_or_an_escape(text: str) -> None:
    field = harmless(text)
    assert field[:1] not in set("=+-@\t\r")
    assert not set(field) & set("\x00\x1b\n\r\t\u2028\u202e")
    assert len(rows(of(text))) == 2
