"""What the ledger tells, and what changed, as a comment on a pull request."""

import pytest
from msgspec import structs

from reconciler.reporting import (
    Format,
    LedgerAccess,
    PlanReport,
    Report,
    RunHistoryReport,
    RunsReport,
    render,
)
from reconciler.runs import ActionHistory, RunState, StepKind
from tests.reporting import ledger_samples, samples
from tests.reporting.ledger_samples import DEAD, PLACE, REPORTS, memory, step, summary
from tests.reporting.samples import disconnect
from tests.reporting.test_markdown import GITHUB


def markdown(report: Report) -> str:
    return render(report, Format.MARKDOWN)


def test_nothing_is_said_where_all_is_well() -> None:
    quiet = PlanReport(samples.rich_plan(), 0)
    assert markdown(structs.replace(quiet, ledger=memory())) == markdown(quiet)


@pytest.mark.parametrize("state", [LedgerAccess.NONE, LedgerAccess.MADE, LedgerAccess.UNREADABLE])
def test_a_ledger_that_could_not_be_read_is_a_warning(state: LedgerAccess) -> None:
    found = markdown(PlanReport(samples.converged_plan(), 0, ledger=memory(state)))
    warning = next(block for block in found.split("\n\n") if block.startswith("> [!WARNING]"))
    assert f"`{PLACE}`" in warning
    assert ("were skipped" in warning) is (state is not LedgerAccess.MADE)


def test_dead_runs_are_announced_before_anything_else_with_what_to_do() -> None:
    blocks = markdown(REPORTS["plan that announces a dead run"]).split("\n\n")
    assert blocks[2] == "> [!CAUTION]\n> 2 runs died:"
    began = "It was started at `2026-11-02T03:12:00Z` by "
    assert blocks[3].startswith(f"- Run `{DEAD}` died. {began}")
    assert f"`reconciler resume {DEAD}` continues it." in blocks[3]
    assert blocks[3].count("\n- Run `run-2` died.") == 1


def test_the_heading_does_not_say_that_a_completed_run_died() -> None:
    dead = (summary(), summary(state=RunState.COMPLETED))
    found = markdown(PlanReport(samples.rich_plan(), 0, ledger=memory(dead=dead)))
    assert "> [!CAUTION]\n> 2 runs died or left calls in doubt:" in found


def test_what_was_settled_is_listed_under_its_run() -> None:
    found = markdown(REPORTS["run that settled"])
    assert (
        f"Resolved, of run `{DEAD}`:\n\n"
        "- `✓` `u2` disconnect microsoft: verified: the list of a later run shows that the "
        "platform is disconnected\n- `?` `u3` update preferences: unknown: "
    ) in found


def test_a_run_names_the_run_that_it_resumes() -> None:
    assert f", resumes run `{DEAD}`\n" in markdown(REPORTS["run that resumes"])


def test_what_changed_is_folded_by_kind() -> None:
    found = markdown(REPORTS["error with memory and changes"])
    assert "What changed since the plan was made: 1 added, 1 gone, 1 still planned" in found
    assert "- The manifests changed.\n" in found
    assert "- max-disconnects: passed → refused.\n" in found
    for title in ("1 gone", "1 added", "1 newly held", "2 newly waiting for a person"):
        assert f"<details><summary>{title}</summary>" in found
    assert "- `-` `bob` disconnect microsoft: Recall.ai no longer lists the user" in found


def test_that_nothing_changed_is_one_line() -> None:
    found = markdown(REPORTS["plan without changes"])
    assert "\n\nNothing changed since the plan was made.\n\nPlan `sha256:" in found


def test_a_guard_that_was_not_judged_is_reported_without_a_warning() -> None:
    report = structs.replace(REPORTS["plan that was not judged"], ledger=None)
    assert "> 3 guards need history and were skipped (first run" in markdown(report)
    assert "[!WARNING]" not in markdown(report)


def test_runs_are_a_table_with_whole_ids() -> None:
    found = markdown(ledger_samples.RUNS_REPORT)
    assert found.startswith("### Runs of `prod`\n\n3 runs; 1 died: resume it with ")
    assert "| Run | Workspace | Began | Front | By | State | Actions | Commit |" in found
    assert (
        f"| `{DEAD}` | `prod` | `2026-11-02T03:12:00Z` | apply | `ops@runner-7` | died "
        "| 1 verified, 2 in doubt, 1 never begun | `0123abcd45` |"
    ) in found


def test_a_workspace_without_runs_has_no_table() -> None:
    found = markdown(REPORTS["no runs"])
    assert f"No runs of workspace `prod` yet in the ledger at `{PLACE}`." in found
    assert "| Run |" not in found


def test_a_story_is_a_table_of_actions_with_their_steps() -> None:
    found = markdown(ledger_samples.STORY_REPORT)
    assert found.startswith(f"### Run `{DEAD}` for workspace `prod` at ")
    assert "| `·` | `u4` | disconnect microsoft |  | never begun |  |  |" in found
    assert (
        "| `?` | `u3` | update preferences |  "
        "| in doubt: its call may have been sent, but no outcome is recorded "
        '(bot_name unset → `"New"`) |  '
        "| `03:12:14 UTC` intent, call 1 |"
    ) in found
    assert "> observed-fleet-shrink skipped" in found
    assert "empty-desired" not in found


def test_a_story_without_actions_has_no_table() -> None:
    assert "| User |" not in markdown(REPORTS["story without a plan"])


def test_an_unlock_says_who_held_the_lock() -> None:
    found = markdown(ledger_samples.UNLOCK_REPORT)
    assert f"away from run `{DEAD}` of `ops@runner-7`" in found
    assert "the next run resolves what it left in doubt" in found


def test_very_many_runs_and_steps_stay_within_githubs_limit() -> None:
    steps = tuple(step("03:12:08", StepKind.INTENT, call) for call in range(1_000))
    actions = tuple(ActionHistory(disconnect(f"u{n}"), None, steps) for n in range(100))
    story = structs.replace(ledger_samples.story(), actions=actions)
    runs = tuple(summary(f"run-{n}") for n in range(2_000))
    for report in (
        RunHistoryReport(PLACE, story, 0),
        RunsReport("prod", PLACE, runs, 2_000, 0),
        PlanReport(samples.rich_plan(), 0, ledger=memory(dead=runs)),
    ):
        found = markdown(report)
        assert len(found.encode()) <= GITHUB
        assert "more; see the JSON report" in found
