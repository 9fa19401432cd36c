"""Tables of plans and runs: a row an action, and nothing that a spreadsheet would calculate."""

import csv
from io import StringIO

import pytest

from reconciler.reporting import Format, PlanReport, Report, render
from reconciler.reporting.csv_table import PLAN_COLUMNS, RUN_COLUMNS
from tests.reporting import ledger_samples, samples
from tests.reporting.hostile import reports
from tests.reporting.samples import disconnect, plan_with


def rows(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(render(report, Format.CSV)), strict=True))


def test_a_plan_has_a_row_for_everything_that_is_not_as_declared() -> None:
    content = samples.PLAN_REPORT.plan.content
    states = [row["state"] for row in rows(samples.PLAN_REPORT)]
    assert states == [
        *["planned"] * len(content.actions),
        *["held"] * len(content.blocked),
        *["pending"] * len(content.pending),
    ]


def test_a_row_of_a_plan_has_codes_to_match_on_and_the_place() -> None:
    report = PlanReport(plan_with(disconnect("alice"), disconnect("bob")), 0)
    alice, bob = rows(report)
    assert alice | {"why": ""} == {
        "workspace": report.plan.content.workspace,
        "state": "planned",
        "user": "alice",
        "email": disconnect("alice").email or "",
        "action": "disconnect",
        "platform": "microsoft",
        "code": "unwanted_platform",
        "why": "",
        "note": disconnect("alice").note or "",
        "group": "",
        "source": report.plan.envelope.sources.get("alice", ""),
    }
    assert bob["user"] == "bob"


def test_a_refused_plan_says_so_first() -> None:
    first = rows(samples.REFUSED_REPORT)[0]
    assert (first["state"], first["code"]) == ("refused", "max-disconnects")


def test_an_incomplete_observation_is_in_the_table() -> None:
    found = rows(samples.INCOMPLETE_REPORT)
    assert {"refused", "incomplete", "undetermined"} <= {row["state"] for row in found}


def test_a_run_has_a_row_for_each_outcome() -> None:
    results = samples.RUN_REPORT.result.results
    found = rows(samples.RUN_REPORT)
    assert [(row["user"], row["outcome"]) for row in found[: len(results)]] == [
        (result.action.user, result.outcome) for result in results
    ]


def test_a_history_has_a_row_for_each_action_also_without_an_outcome() -> None:
    found = rows(ledger_samples.STORY_REPORT)
    assert len(found) == len(ledger_samples.STORY_REPORT.history.actions)
    assert {"in_doubt", "never_begun"} & {row["outcome"] for row in found}


@pytest.mark.parametrize("kind", ["plan", "run", "story"])
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\uff1d1"])
def test_nothing_is_a_formula(kind: str, text: str) -> None:
    for row in csv.reader(StringIO(render(reports(text)[kind], Format.CSV)), strict=True):
        assert not any(cell[:1] in "=+-@\t\uff1d" for cell in row if cell)


@pytest.mark.parametrize(
    ("report", "columns"),
    [(samples.CONVERGED_REPORT, PLAN_COLUMNS), (samples.RUN_REPORT, RUN_COLUMNS)],
)
def test_a_table_has_a_head_also_without_rows(report: Report, columns: tuple[str, ...]) -> None:
    assert render(report, Format.CSV).splitlines()[0] == ",".join(columns)


def test_a_row_of_an_update_says_what_it_changes_from_what_to_what() -> None:
    found = render(ledger_samples.STORY_REPORT, Format.CSV)
    assert '(bot_name unset → ""New"")' in found
