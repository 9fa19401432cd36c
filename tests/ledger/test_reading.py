"""What the ledger tells of its runs, to those who only look."""

import zlib
from collections.abc import Iterable

import pytest
from sqlalchemy import event, select, update

from reconciler.domain import COMMAND_LINE, LedgerPlace
from reconciler.ledger import Claim, LedgerUnusable, UnknownRun, read_ledger
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.open_run import OpenRun
from reconciler.ledger.schema import plans, runs, steps
from reconciler.planning import Action, Plan
from reconciler.runs import Outcome, RunState, RunSummary
from tests.ledger.samples import (
    ALICE,
    BOB_GOOGLE,
    BOB_MICROSOFT,
    ERIN,
    OTHER_PLAN,
    PLAN,
    WORKSPACE,
    acting,
    begin,
    claim,
    closed,
    crash,
    disconnect_fully,
    elsewhere,
    ended,
    intent,
    not_attempted,
    opened,
    plan,
    shift_locks,
    unknown,
    verified,
)


def listed(ledger: Ledger, workspace: str | None = WORKSPACE, limit: int = 10) -> list[str]:
    return [summary.run for summary in ledger.runs(workspace, limit)]


def completed(ledger: Ledger, run: str | None = None, resumes: str | None = None) -> str:
    """A run that is over; its id."""
    with acting(ledger, claim(run, resumes=resumes)) as acted:
        acted.run_closed(closed(acted.id, verified(ALICE)))
    return acted.id


def test_runs_are_listed_newest_first_and_no_more_than_asked_for(ledger: Ledger) -> None:
    ids = []
    for _ in range(3):
        with begin(ledger) as run:
            ids.append(run.id)
    with begin(ledger, claim(workspace="stage")) as staged:
        assert listed(ledger) == ids[::-1]
        assert listed(ledger, limit=2) == ids[:0:-1]
        assert listed(ledger, "stage") == [staged.id]
        assert listed(ledger, None) == [staged.id, *ids[::-1]]
        assert listed(ledger, "unheard-of") == []


def test_a_run_under_way_is_counted_from_its_steps(ledger: Ledger) -> None:
    with acting(ledger) as run:
        disconnect_fully(run, ALICE)
        run.intent(intent(run.id, BOB_GOOGLE))
        run.outcome(ended(run.id, unknown(BOB_GOOGLE)))
        run.intent(intent(run.id, BOB_MICROSOFT))
        (summary,) = ledger.runs(WORKSPACE, 10)
        crash(run)
    assert summary.state is RunState.RUNNING
    assert summary.outcomes == {Outcome.VERIFIED: 1, Outcome.UNKNOWN: 1}
    assert (summary.actions, summary.in_doubt, summary.calls) == (4, 1, 3)
    assert summary.unattempted == 1


def test_listing_ended_runs_asks_no_step(ledger: Ledger) -> None:
    completed(ledger)
    with acting(ledger, by=OTHER_PLAN) as run:
        run.run_closed(closed(run.id, by=OTHER_PLAN))
    asked: list[str] = []

    def count(*execution: object) -> None:
        asked.append(str(execution[2]))

    engine = ledger._database._reading
    event.listen(engine, "before_cursor_execute", count)
    shown = ledger.runs(WORKSPACE, 10)
    assert len(shown) == 2
    assert asked
    assert not [statement for statement in asked if steps.name in statement]


def test_more_runs_are_listed_than_one_statement_may_name(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.ledger.run_history._MANY", 2)
    ids = [completed(ledger) for _ in range(3)]
    shown = ledger.runs(WORKSPACE, 10)
    assert [summary.run for summary in shown] == ids[::-1]
    assert {summary.actions for summary in shown} == {4}


def test_a_run_says_what_it_resumes_and_by_what_it_was_resumed_last(ledger: Ledger) -> None:
    first = completed(ledger)
    second = completed(ledger, resumes=first)
    third = completed(ledger, resumes=first)
    with begin(ledger, claim(resumes=first)) as fourth:
        fourth.refused("max-disconnects", PLAN, (), None)
    shown = {summary.run: summary for summary in ledger.runs(WORKSPACE, 10)}
    assert shown[first].resumed_by == third
    assert (shown[second].resumes, shown[second].resumed_by) == (first, None)


def test_the_lineage_of_a_run_is_all_that_it_continues_newest_first(ledger: Ledger) -> None:
    first = completed(ledger)
    second = completed(ledger, resumes=first)
    other = completed(ledger)
    third = completed(ledger, resumes=second)
    assert [story.summary.run for story in ledger.lineage(third)] == [third, second, first]
    assert [story.summary.run for story in ledger.lineage(other)] == [other]


def test_a_resume_that_died_before_it_had_a_plan_has_a_lineage(ledger: Ledger) -> None:
    first = completed(ledger)
    second = begin(ledger, claim(resumes=first))
    crash(second)
    assert [story.plan for story in ledger.lineage(second.id)] == [None, PLAN]


def test_runs_that_continue_each_other_are_reported_as_what_this_tool_does_not_write(
    ledger: Ledger,
) -> None:
    first = completed(ledger)
    second = completed(ledger, resumes=first)
    with ledger._database.write() as connection:
        connection.execute(update(runs).where(runs.c.run == first).values(resumes=second))
    with pytest.raises(LedgerUnusable, match=f"run {first} cannot have continued run {second}"):
        ledger.lineage(second)


def test_a_run_that_continues_one_of_another_plan_is_reported_as_what_this_tool_does_not_write(
    ledger: Ledger,
) -> None:
    with acting(ledger, by=OTHER_PLAN) as first:
        pass
    second = completed(ledger, resumes=first.id)
    with pytest.raises(LedgerUnusable, match=f"run {second} cannot have continued run {first.id}"):
        ledger.lineage(second)


def test_a_silent_run_of_another_machine_is_reported_as_dead_and_nothing_is_written(
    ledger: Ledger, place: LedgerPlace
) -> None:
    silent = begin(ledger, claim(by=elsewhere()))
    silent.run_opened(opened(silent.id))
    with read_ledger(place) as reader:
        assert reader.dead_runs(WORKSPACE) == ()
    shift_locks(ledger, -31)
    with read_ledger(place) as reader:
        (dead,) = reader.dead_runs(WORKSPACE)
        held = reader.holder(WORKSPACE)
        assert reader.dead_runs("stage") == ()
    assert (dead.run, dead.state, dead.ended) == (silent.id, RunState.DIED, None)
    assert held is not None
    assert (held.run, held.dead) == (silent.id, True)
    with ledger._database.read() as connection:
        assert connection.execute(select(runs.c.state)).scalar_one() == "running"
    crash(silent)


def left_in_doubt(
    ledger: Ledger, *actions: Action, claimed: Claim | None = None, by: Plan | None = None
) -> OpenRun:
    """A run that died while the calls of ``actions`` had no outcome, and lost its lock."""
    with acting(ledger, claimed, by) as run:
        for number, action in enumerate(actions, 1):
            run.intent(intent(run.id, action, number))
        crash(run)
    ledger.unlock(run._claim.workspace, run.id)
    return run


def announced(runs_shown: Iterable[RunSummary]) -> list[tuple[str, RunState, int]]:
    return [(run.run, run.state, run.in_doubt) for run in runs_shown]


def test_a_run_that_left_calls_in_doubt_is_announced_until_all_are_settled(
    ledger: Ledger,
) -> None:
    dead = left_in_doubt(ledger, ALICE, BOB_GOOGLE)
    in_doubt = [(dead.id, RunState.DIED, 2)]
    with begin(ledger) as interrupted:
        assert announced(interrupted.dead) == in_doubt
        assert announced(ledger.dead_runs(WORKSPACE)) == in_doubt  # while that one settles
    assert announced(ledger.dead_runs(WORKSPACE)) == in_doubt
    with begin(ledger) as settling:
        assert announced(settling.dead) == in_doubt
        settling.outcome(ended(dead.id, verified(ALICE)))
        assert announced(ledger.dead_runs(WORKSPACE)) == [(dead.id, RunState.DIED, 1)]
        settling.outcome(ended(dead.id, unknown(BOB_GOOGLE)))
        assert ledger.dead_runs(WORKSPACE) == ()
    with begin(ledger) as later:
        assert later.dead == ()


def test_every_run_that_left_something_in_doubt_is_announced_the_oldest_first(
    ledger: Ledger,
) -> None:
    first = left_in_doubt(ledger, ALICE)
    completed(ledger)
    second = left_in_doubt(ledger, ERIN, by=OTHER_PLAN)
    both = [first.id, second.id]
    assert [run.run for run in ledger.dead_runs(WORKSPACE)] == both
    with begin(ledger) as later:
        assert [run.run for run in later.dead] == both


def test_a_completed_run_that_left_something_in_doubt_is_announced(ledger: Ledger) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        run.run_closed(closed(run.id))
    in_doubt = [(run.id, RunState.COMPLETED, 1)]
    assert announced(ledger.dead_runs(WORKSPACE)) == in_doubt
    with begin(ledger) as later:
        assert announced(later.dead) == in_doubt


def test_a_living_run_is_not_announced_for_the_call_that_it_waits_for(ledger: Ledger) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        assert ledger.dead_runs(WORKSPACE) == ()
        run.outcome(ended(run.id, verified(ALICE)))
        run.run_closed(closed(run.id, verified(ALICE)))


def test_what_is_in_doubt_in_another_workspace_is_not_announced(ledger: Ledger) -> None:
    dead = left_in_doubt(
        ledger, plan(workspace="stage").content.actions[0], claimed=claim(workspace="stage")
    )
    assert ledger.dead_runs(WORKSPACE) == ()
    with begin(ledger) as here:
        assert here.dead == ()
    with begin(ledger, claim(workspace="stage")):
        assert [run.run for run in ledger.dead_runs("stage")] == [dead.id]


def test_a_run_that_died_and_left_nothing_in_doubt_is_announced_once(ledger: Ledger) -> None:
    with acting(ledger) as run:
        crash(run)
    ledger.unlock(WORKSPACE, run.id)
    assert [dead.run for dead in ledger.dead_runs(WORKSPACE)] == [run.id]
    with begin(ledger) as later:
        assert [dead.run for dead in later.dead] == [run.id]
        assert ledger.dead_runs(WORKSPACE) == ()
        assert ledger.run_history(run.id).summary.state is RunState.DIED


def test_the_workspaces_of_an_owner_are_those_in_which_it_was_let_through(ledger: Ledger) -> None:
    with acting(ledger) as let_through:
        crash(let_through)
    with begin(ledger, claim(workspace="stage")):
        pass  # ends before it is let through
    assert ledger.workspaces_of(COMMAND_LINE) == {WORKSPACE}
    assert ledger.workspaces_of("stack organization/trial/dev") == frozenset()


def test_a_run_is_found_by_how_its_id_begins(ledger: Ledger) -> None:
    run = completed(ledger, "abcd1234-0000")
    completed(ledger, "abce1234-0000")
    for beginning in ("abcd", "abcd1234-0000"):
        assert ledger.find(beginning) == run


def test_an_id_that_is_the_beginning_of_another_is_found(ledger: Ledger) -> None:
    run = completed(ledger, "abcd")
    longer = completed(ledger, "abcd1234")
    assert (ledger.find("abcd"), ledger.find("abcd1")) == (run, longer)


@pytest.mark.parametrize(
    ("beginning", "said"),
    [
        ("abc1", "no run's id begins with 'abc1'; `reconciler runs` lists them"),
        ("abcd", "several runs' ids begin with 'abcd': give more of it"),
        ("abc", "give 4 characters"),
        ("", "give 4 characters"),
        ("%%%%", "no run's id begins with '%%%%'"),
        ("abcd_", "no run's id begins with 'abcd_'"),
        ("abcd%", "no run's id begins with 'abcd%'"),
        ("ABCD", "no run's id begins with 'ABCD'"),
        ("abcd' OR '1'='1", "no run's id begins with"),
        ("abcd\0", "no run has such an id"),
        ("abcd\udcff", "no run has such an id"),
        ("\x1b[31m", "no run has such an id"),
    ],
)
def test_what_names_no_run_or_several_is_told_what_to_do(
    ledger: Ledger, beginning: str, said: str
) -> None:
    completed(ledger, "abcdx000")
    completed(ledger, "abcdy000")
    with pytest.raises(UnknownRun) as unknown_run:
        ledger.find(beginning)
    assert said in str(unknown_run.value)


def test_a_story_of_no_run_is_none(ledger: Ledger) -> None:
    with pytest.raises(UnknownRun, match="there is no run gone"):
        ledger.run_history("gone")


def test_a_story_has_its_actions_in_the_order_of_the_plan(ledger: Ledger) -> None:
    with acting(ledger) as run:
        for action in reversed(PLAN.content.actions):
            run.outcome(ended(run.id, not_attempted(action)))
        run.run_closed(closed(run.id))
    story = ledger.run_history(run.id)
    assert [action.action for action in story.actions] == list(PLAN.content.actions)


def test_ids_and_details_are_reported_as_they_were_whatever_is_in_them(ledger: Ledger) -> None:
    hostile = "a\0b\ud800 \x1b[2J %s {} '; DROP TABLE runs; --"
    with begin(ledger) as run:
        run.refused(hostile, None, (), None)
    assert ledger.run_history(run.id).summary.detail == hostile


def test_an_altered_plan_in_the_ledger_is_not_believed(ledger: Ledger) -> None:
    run = completed(ledger)
    with acting(ledger, by=OTHER_PLAN) as other:
        other.run_closed(closed(other.id, by=OTHER_PLAN))
    with ledger._database.write() as connection:
        foreign = connection.execute(
            select(plans.c.content).where(plans.c.digest == OTHER_PLAN.content.digest())
        ).scalar_one()
        mine = update(plans).where(plans.c.digest == PLAN.content.digest())
        connection.execute(mine.values(content=foreign))
    with pytest.raises(LedgerUnusable, match="was altered"):
        ledger.run_history(run)
    with ledger._database.write() as connection:
        connection.execute(mine.values(content=b"not compressed"))
    with pytest.raises(LedgerUnusable, match="cannot be read"):
        ledger.run_history(run)
    assert ledger.run_history(other.id).plan == OTHER_PLAN


@pytest.mark.parametrize(
    ("column", "foreign"),
    [("envelope", b"{"), ("envelope", zlib.compress(b"{")), ("verdicts", "{")],
)
def test_what_belongs_to_a_plan_and_was_altered_is_not_believed(
    ledger: Ledger, column: str, foreign: bytes | str
) -> None:
    run = completed(ledger)
    with ledger._database.write() as connection:
        connection.execute(update(runs).values({column: foreign}))
    with pytest.raises(LedgerUnusable, match=f"the ledger's {column} of run {run}"):
        ledger.run_history(run)


def test_nobody_holds_the_lock_of_a_workspace_without_runs(ledger: Ledger) -> None:
    assert ledger.holder("unheard-of") is None
    assert ledger.dead_runs("unheard-of") == ()
