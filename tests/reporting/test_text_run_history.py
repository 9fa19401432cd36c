"""Runs, the story of one, and a lock that was taken away, as text."""

import pytest
from msgspec import structs

from reconciler.reporting import Format, Report, RunHistoryReport, RunsReport, render
from reconciler.runs import ActionHistory, Cause, Front, Outcome, RunState, RunSummary, StepKind
from tests.reporting import ledger_samples, samples
from tests.reporting.ledger_samples import DEAD, LATER, PLACE, completed, refused, step, summary
from tests.reporting.samples import disconnect


def lines(report: Report, *, width: int = 0) -> list[str]:
    return render(report, Format.TEXT, width=width).splitlines()


def runs(*found: RunSummary, limit: int = 20) -> list[str]:
    return lines(RunsReport("prod", PLACE, found, limit, 0))


def story(**changes: object) -> list[str]:
    shown = structs.replace(ledger_samples.story(), **changes)
    return lines(RunHistoryReport(PLACE, shown, 0))


def test_runs_are_a_table_with_whole_ids() -> None:
    assert [" ".join(line.split()) for line in lines(ledger_samples.RUNS_REPORT)] == [
        "Runs of workspace prod, newest first",
        f"ledger {PLACE}",
        "",
        "Run Began Front By State Actions Commit",
        (
            f"{LATER} 2026-11-02T04:00:00Z apply ops@runner-7 completed "
            "7 verified, 1 unknown 0123abcd45"
        ),
        (
            f"{DEAD} 2026-11-02T03:12:00Z apply ops@runner-7 died "
            "1 verified, 2 in doubt, 1 never begun 0123abcd45"
        ),
        "run-of-the-day-before 2026-11-01T09:00:00Z apply ops@runner-7 refused none none",
        "",
        f"3 runs; 1 died: resume it with `reconciler resume {DEAD}`.",
    ]


def test_the_columns_of_runs_stand_below_each_other() -> None:
    head, *rows = runs(completed(), summary(), refused())[3:7]
    for column in ("Began", "Front", "By", "State", "Actions"):
        at = head.index(column)
        assert all(row[at - 1] == " " and row[at] != " " for row in rows)


def test_an_id_is_whole_however_narrow_the_terminal() -> None:
    assert any(DEAD in line for line in lines(ledger_samples.RUNS_REPORT, width=40))


def test_runs_of_all_workspaces_name_theirs() -> None:
    other = completed(workspace="staging")
    found = lines(RunsReport(None, PLACE, (other, summary()), 20, 0))
    assert found[0] == "Runs, newest first"
    assert "Workspace" in found[3]
    assert " staging " in found[4]
    assert " prod " in found[5]


def test_a_workspace_without_runs_says_so_with_the_place() -> None:
    assert runs() == [f"No runs of workspace prod yet in the ledger at {PLACE}."]


def test_a_ledger_without_runs_says_so_with_the_place() -> None:
    assert lines(RunsReport(None, PLACE, (), 20, 0)) == [f"No runs yet in the ledger at {PLACE}."]


def test_a_list_that_may_go_on_is_called_the_last_runs() -> None:
    assert runs(completed(), limit=1)[-1] == "The last run."
    assert runs(completed(), completed("b"), limit=2)[-1] == "The last 2 runs."
    assert runs(completed(), limit=2)[-1] == "1 run."


def test_several_dead_runs_are_counted() -> None:
    dead = (summary(), summary("b"), summary("c", resumed_by=LATER))
    assert runs(*dead)[-1] == "3 runs; 3 died, 2 can be resumed: `reconciler resume RUN`."


def test_a_dead_run_that_was_resumed_is_not_to_be_resumed_again() -> None:
    found = runs(summary(resumed_by=LATER))
    assert "died, resumed" in found[4]
    assert found[-1] == "1 run; 1 died."


def test_what_is_not_begun_of_a_running_run_may_still_be() -> None:
    found = runs(summary(state=RunState.RUNNING, in_doubt=0))
    assert "1 verified, 3 not begun yet" in found[4]


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("front", Front)
def test_every_state_and_front_is_named(state: RunState, front: Front) -> None:
    assert f" {front}  ops@runner-7  {state}" in runs(summary(state=state, front=front))[4]


def test_a_story_begins_with_who_ran_what_where_and_when() -> None:
    assert story()[:9] == [
        f"Run {DEAD} for workspace prod at https://us-west-2.recall.ai",
        f"  plan sha256:{'0' * 64}",
        "  apply by ops@runner-7, process 4711, commit 0123abcd4567ef890123abcd4567ef8901234567",
        "  began 2026-11-02T03:12:00Z, not ended",
        "  the users belong to the command line",
        f"  resumed by run {LATER}",
        (
            "  10 declared users, 12 listed calendar users; later runs compare their numbers with"
            " these, to notice a fleet that shrank"
        ),
        f"  recorded by version 0.1.0 in the ledger at {PLACE}",
        "",
    ]


def test_a_story_names_the_run_that_it_resumes_and_when_it_ended() -> None:
    found = lines(RunHistoryReport(PLACE, ledger_samples.halted_story(), 0))
    assert f"  resumes run {DEAD}" in found
    assert "  began 2026-11-02T04:00:00Z, ended 2026-11-02T04:03:00Z" in found
    assert any("not approved, so later runs do not compare" in line for line in found)


def test_a_story_shows_the_guards_that_did_not_pass_and_no_advice_of_then() -> None:
    found = "\n".join(story())
    assert "observed-fleet-shrink skipped: no earlier run is known" in found
    assert "max-disconnects refused, but allowed for this run" in found
    assert "empty-desired" not in found
    halted = "\n".join(lines(RunHistoryReport(PLACE, ledger_samples.halted_story(), 0)))
    assert "max-disconnects refused: 12 disconnects" in halted
    assert "If this is intended" not in halted


def test_every_step_of_an_action_is_reported_in_order_with_its_time() -> None:
    found = story()
    start = found.index("u1")
    assert found[start : start + 11] == [
        "u1",
        "  note: left",
        "  ✓ disconnect microsoft: verified: the platform is disconnected",
        "      03:12:08 UTC intent, call 1",
        (
            "      03:12:08 UTC answered: another operation on this user was in progress, "
            "which proves that nothing was done: 409"
        ),
        "      03:12:09 UTC intent, call 2",
        "      03:12:10 UTC answered: accepted",
        "      03:12:10 UTC read back: not yet: the platform is disconnected",
        "      03:12:11 UTC read back: the API reported an error of its own: 503",
        "      03:12:12 UTC read back: the platform is disconnected",
        "      03:12:12 UTC outcome: verified: the platform is disconnected",
    ]


def test_a_step_of_a_later_run_names_it_and_has_its_day() -> None:
    assert (
        "      2026-11-03T04:00:02Z outcome: verified: the list of a later run shows that the "
        f"platform is disconnected, resolved by run {LATER}"
    ) in story()


def test_an_action_without_an_outcome_is_in_doubt_or_was_never_begun() -> None:
    found = story()
    assert (
        "  ? update preferences: in doubt: its call may have been sent, but no outcome is recorded"
        ' (bot_name unset → "New")'
    ) in found
    assert "  · disconnect microsoft: never begun" in found


def test_an_intent_that_was_withdrawn_leaves_an_action_never_begun() -> None:
    withdrawn = ActionHistory(
        disconnect("u1"),
        None,
        (
            step("03:12:08", StepKind.INTENT),
            step("03:12:10", StepKind.ANSWER, code="not_sent", no_effect=True),
        ),
    )
    found = story(actions=(withdrawn,))
    assert "  · disconnect microsoft: never begun" in found
    assert (
        "      03:12:10 UTC answered: withdrawn before it was sent, which proves"
        " that nothing was done"
    ) in found


@pytest.mark.parametrize("code", [Cause.READ_BACK, Cause.SEEN_IN_LIST, Cause.NOT_SEEN_IN_TIME])
def test_a_look_is_not_told_as_if_it_were_the_outcome(code: Cause) -> None:
    look = step("03:12:10", StepKind.READ_BACK, code=code)
    found = story(actions=(ActionHistory(disconnect("u1"), None, (look,)),))
    shown = next(line for line in found if "read back: " in line)
    assert "before the deadline" not in shown
    assert "disconnected" in shown


@pytest.mark.parametrize("kind", StepKind)
def test_a_step_that_lacks_what_it_should_have_is_still_told(kind: StepKind) -> None:
    found = story(actions=(ActionHistory(disconnect("u1"), None, (step("03:12:10", kind, None),)),))
    assert any(line.startswith("      03:12:10 UTC ") for line in found)


def test_every_action_of_a_large_run_is_shown() -> None:
    actions = tuple(
        ActionHistory(disconnect(f"u{n:05}"), None, (step("03:12:08", StepKind.INTENT),))
        for n in range(5_000)
    )
    assert "\n".join(story(actions=actions)).count("intent, call 1") == 5_000


def test_a_story_ends_with_its_numbers_and_how_it_is_continued() -> None:
    assert story()[-1] == (
        "Run: died; 2 verified, 1 in doubt, 1 never begun; 3 mutating calls sent."
    )
    assert story(summary=summary())[-1] == (
        "Run: died; 1 verified, 2 in doubt, 1 never begun; 3 mutating calls sent. "
        f"`reconciler resume {DEAD}` continues it."
    )


def test_an_interrupted_run_can_be_continued_too() -> None:
    found = lines(RunHistoryReport(PLACE, ledger_samples.halted_story(), 0))
    assert "The run is closed. It stopped early: it was interrupted: asked to stop." in found
    assert found[-1].endswith(f"`reconciler resume {LATER}` continues it.")


@pytest.mark.parametrize("state", [RunState.REFUSED, RunState.DECLINED, RunState.STOPPED])
def test_a_run_that_never_acted_is_not_to_be_resumed(state: RunState) -> None:
    found = story(summary=summary(state=state, in_doubt=0, outcomes={}))
    assert "reconciler resume" not in found[-1]


def test_a_run_without_a_plan_says_so_and_why_it_ended() -> None:
    found = lines(RunHistoryReport(PLACE, ledger_samples.story_without_a_plan(), 0))
    assert found[1] == "  no plan"
    assert (
        "It was refused, by a guard or because its saved plan could not be used: "
        "max-disconnects refused."
    ) in found
    assert found[-1] == "Run: refused; nothing was done; 0 mutating calls sent."


def test_a_reason_to_halt_of_a_later_version_is_shown_by_its_code() -> None:
    found = story(summary=summary(halted="brand_new_code"))
    assert any("It stopped early: brand_new_code." in line for line in found)


def test_an_unlock_is_one_sentence_with_who_held_it_since_when_and_what_follows() -> None:
    assert lines(ledger_samples.UNLOCK_REPORT) == [
        (
            f"Took the lock of workspace prod away from run {DEAD} of ops@runner-7 (held since "
            "2026-11-02T03:12:00Z, last heartbeat 2026-11-02T03:12:40Z). That run can start "
            "nothing more; the next run resolves what it left in doubt."
        )
    ]


def test_an_action_that_was_not_attempted_counts_once_as_never_begun() -> None:
    run = completed(actions=3, outcomes={Outcome.VERIFIED: 1, Outcome.NOT_ATTEMPTED: 2})
    assert "1 verified, 2 never begun  " in runs(run)[4]


def test_what_the_plan_of_a_run_left_as_it_was_is_said() -> None:
    past = structs.replace(ledger_samples.story(), plan=samples.PLAN_REPORT.plan)
    found = RunHistoryReport(PLACE, past, 0)
    said = "Not acted on: 3 waiting for a person, 4 held."
    assert said in lines(found)
    assert said in render(found, Format.HTML)
