"""How runs begin and end in the ledger, and what of them later runs are measured by."""

import logging
from collections.abc import Callable

import pytest
from msgspec import structs
from sqlalchemy import func, select

from reconciler.domain import COMMAND_LINE
from reconciler.ledger import LedgerUnreachable
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.open_run import OpenRun
from reconciler.ledger.schema import plans
from reconciler.planning import FleetSize, History, Ownership, PlanUnusable
from reconciler.recall import CredentialsRefused
from reconciler.runs import HaltCause, JournalFailed, Outcome, RunState, RunSummary
from tests.ledger.faulty_database import Away, on_faulty
from tests.ledger.samples import (
    ADDRESS,
    ALICE,
    BOB_GOOGLE,
    BOB_MICROSOFT,
    CAROL,
    FLEET,
    LATER,
    OTHER_PLAN,
    PLAN,
    VERDICTS,
    WORKSPACE,
    acting,
    answer,
    begin,
    claim,
    closed,
    disconnect_fully,
    elsewhere,
    ended,
    intent,
    not_attempted,
    opened,
    shift_locks,
    unknown,
    verified,
)

NOTHING_YET = History(disconnects_of_the_day=0)


class HasASecret(Exception):
    """An error whose text may not be written down."""


def fail(after: Callable[[], None] = lambda: None) -> None:
    after()
    raise HasASecret("s3cret")


def act(run: OpenRun) -> None:
    run.run_opened(opened(run.id))
    run.intent(intent(run.id, ALICE))


def shown(ledger: Ledger, run: str) -> RunSummary:
    """The run in a line, as lists have it and as its story does."""
    story = ledger.run_history(run)
    (summary,) = [one for one in ledger.runs(None, 100) if one.run == run]
    assert summary == story.summary
    return summary


def test_a_run_that_begins_is_on_record_with_who_and_where(ledger: Ledger) -> None:
    claimed = claim(by=elsewhere())
    with begin(ledger, claimed) as run:
        summary = shown(ledger, run.id)
    assert summary == RunSummary(
        run=claimed.run,
        front=claimed.front,
        workspace=WORKSPACE,
        base_url=ADDRESS,
        owner=COMMAND_LINE,
        state=RunState.RUNNING,
        opened=claimed.opened,
        ended=None,
        who=elsewhere(),
        commit="0d1f",
        tool_version="1.2.3",
        plan_digest=None,
        actions=0,
        outcomes={},
        in_doubt=0,
        calls=0,
        resumes=None,
        resumed_by=None,
        halted=None,
        detail=None,
    )


def test_a_run_that_acts_is_on_record_with_its_whole_plan(ledger: Ledger) -> None:
    with acting(ledger) as run:
        story = ledger.run_history(run.id)
    assert story.plan == PLAN
    assert (story.verdicts, story.fleet, story.accepted) == (VERDICTS, FLEET, True)
    assert [action.action for action in story.actions] == list(PLAN.content.actions)
    assert (story.summary.plan_digest, story.summary.actions) == (PLAN.content.digest(), 4)


def test_a_run_that_is_closed_is_on_record_with_its_results(ledger: Ledger) -> None:
    with acting(ledger) as run:
        done = disconnect_fully(run, ALICE)
        doubtful = unknown(BOB_GOOGLE)
        run.intent(intent(run.id, BOB_GOOGLE))
        run.outcome(ended(run.id, doubtful))
        run.run_closed(
            closed(run.id, done, doubtful, halted=HaltCause.INTERRUPTED, detail="SIGINT")
        )
    summary = shown(ledger, run.id)
    assert (summary.state, summary.ended) == (RunState.COMPLETED, LATER)
    assert summary.outcomes == {
        Outcome.VERIFIED: 1,
        Outcome.UNKNOWN: 1,
        Outcome.NOT_ATTEMPTED: 2,
    }
    assert (summary.calls, summary.in_doubt, summary.unattempted) == (2, 0, 2)
    assert (summary.halted, summary.detail) == ("interrupted", "SIGINT")
    results = [action.result for action in ledger.run_history(run.id).actions]
    assert results == [done, doubtful, not_attempted(BOB_MICROSOFT), not_attempted(CAROL)]
    assert ledger.holder(WORKSPACE) is None


def test_closing_takes_down_the_outcomes_that_the_ledger_does_not_have(ledger: Ledger) -> None:
    with acting(ledger) as run:
        done = disconnect_fully(run, ALICE)
        run.intent(intent(run.id, BOB_GOOGLE))
        run.run_closed(closed(run.id, done, verified(BOB_GOOGLE)))
    story = ledger.run_history(run.id)
    assert [action.result for action in story.actions[:2]] == [done, verified(BOB_GOOGLE)]
    outcomes = [[step for step in action.steps if step.outcome] for action in story.actions]
    assert [len(steps) for steps in outcomes] == [1, 1, 1, 1]
    assert story.summary.in_doubt == 0


def test_a_call_in_doubt_is_not_closed_as_not_attempted(ledger: Ledger) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        run.answer(answer(run.id, ALICE, "no_answer"))
        run.run_closed(closed(run.id, halted=HaltCause.DEFECT))
    summary = shown(ledger, run.id)
    assert summary.in_doubt == 1
    assert summary.outcomes == {Outcome.NOT_ATTEMPTED: 3}
    assert ledger.run_history(run.id).actions[0].result is None
    with begin(ledger) as later:
        (doubt,) = later.in_doubt()
        assert (doubt.run, doubt.action, doubt.answer) == (run.id, ALICE, "no_answer")


def test_a_run_is_closed_by_the_second_try_when_the_answer_to_the_first_was_lost(
    ledger: Ledger,
) -> None:
    away, database = on_faulty(ledger)
    with acting(away) as run:
        done = disconnect_fully(run, ALICE)
        database.go(Away.AFTER_COMMIT, times=1)
        with pytest.raises(JournalFailed):
            run.run_closed(closed(run.id, done))
        first = ledger.run_history(run.id)
        run.run_closed(closed(run.id, done))
    assert ledger.run_history(run.id) == first
    assert first.summary.state is RunState.COMPLETED


def test_leaving_closes_a_run_whose_closing_failed(ledger: Ledger) -> None:
    away, database = on_faulty(ledger)
    with acting(away) as run:
        done = disconnect_fully(run, ALICE)
        database.go(Away.BEFORE, times=1)
        with pytest.raises(JournalFailed, match=r"not reached \(see that the server runs\)"):
            run.run_closed(closed(run.id, done))
    summary = shown(ledger, run.id)
    assert (summary.state, summary.outcomes[Outcome.VERIFIED]) == (RunState.COMPLETED, 1)
    assert ledger.holder(WORKSPACE) is None


def test_a_run_that_cannot_be_closed_is_left_to_be_found_dead(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    away, database = on_faulty(ledger)
    with caplog.at_level(logging.WARNING), acting(away) as run:
        disconnect_fully(run, ALICE)
        database.go(Away.BEFORE)
    assert f"run {run.id} could not be closed" in caplog.text
    assert shown(ledger, run.id).state is RunState.RUNNING
    shift_locks(ledger, -31)
    assert shown(ledger, run.id).state is RunState.DIED


def test_what_ended_a_run_is_not_hidden_by_a_ledger_that_is_away(ledger: Ledger) -> None:
    away, database = on_faulty(ledger)
    with pytest.raises(HasASecret), begin(away):
        fail(lambda: database.go(Away.BEFORE))


def test_a_refused_run_keeps_its_plan_and_accepts_nothing(ledger: Ledger) -> None:
    with begin(ledger) as run:
        run.refused("max-disconnects", PLAN, VERDICTS, FLEET)
    summary, story = shown(ledger, run.id), ledger.run_history(run.id)
    assert (summary.state, summary.detail) == (RunState.REFUSED, "max-disconnects")
    assert (summary.actions, summary.outcomes, summary.unattempted) == (4, {}, 4)
    assert (story.plan, story.verdicts, story.fleet) == (PLAN, VERDICTS, FLEET)
    assert not story.accepted
    assert ledger.history(WORKSPACE, ADDRESS, None) == NOTHING_YET
    assert ledger.holder(WORKSPACE) is None


def test_a_run_refused_for_an_unusable_plan_has_none(ledger: Ledger) -> None:
    with begin(ledger) as run:
        run.refused("the plan expired", None, (), None)
    story = ledger.run_history(run.id)
    assert (story.plan, story.verdicts, story.fleet, story.actions) == (None, (), None, ())
    assert story.summary.state is RunState.REFUSED


def test_a_declined_run_keeps_its_plan_and_accepts_nothing(ledger: Ledger) -> None:
    with begin(ledger) as run:
        run.declined(PLAN, VERDICTS, FLEET)
    story = ledger.run_history(run.id)
    assert (story.summary.state, story.plan, story.accepted) == (RunState.DECLINED, PLAN, False)
    assert ledger.history(WORKSPACE, ADDRESS, None) == NOTHING_YET


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (HasASecret("s3cret"), "HasASecret"),
        (KeyboardInterrupt("s3cret"), "interrupted"),
        (PlanUnusable("plan again"), "PlanUnusable: plan again"),
        (LedgerUnreachable("no space", "make some"), "LedgerUnreachable: no space"),
        (JournalFailed("x" * 1000), "JournalFailed: " + "x" * 285),
        (CredentialsRefused("401"), f"CredentialsRefused: 401 ({CredentialsRefused.default_hint})"),
    ],
)
def test_a_run_that_ends_by_an_error_is_stopped_with_what_may_be_said_of_it(
    ledger: Ledger, error: BaseException, detail: str
) -> None:
    run = begin(ledger)
    with pytest.raises(type(error)), run:
        raise error
    summary = shown(ledger, run.id)
    assert (summary.state, summary.detail) == (RunState.STOPPED, detail)
    assert ledger.holder(WORKSPACE) is None


def test_a_run_that_ends_without_a_word_is_stopped(ledger: Ledger) -> None:
    with begin(ledger) as run:
        pass
    assert shown(ledger, run.id).state is RunState.STOPPED


def test_a_run_that_ends_while_it_acts_is_found_dead_with_the_reason(ledger: Ledger) -> None:
    run = begin(ledger)
    with pytest.raises(HasASecret), run:
        fail(lambda: act(run))
    assert ledger.holder(WORKSPACE) is None
    (dead,) = ledger.dead_runs(WORKSPACE)
    assert (dead.run, dead.detail, dead.in_doubt) == (run.id, "HasASecret", 1)
    with begin(ledger) as later:
        assert [(one.run, one.state) for one in later.dead] == [(run.id, RunState.DIED)]


def test_the_last_accepted_fleet_is_the_history_of_its_workspace_and_address(
    ledger: Ledger,
) -> None:
    fleets = [FleetSize(10, 12), FleetSize(8, 9)]
    for size in fleets:
        with begin(ledger) as run:
            run.run_opened(opened(run.id, PLAN, size))
            run.run_closed(closed(run.id))
    with begin(ledger, claim(base_url="sandbox:1")) as elsewhere_run:
        assert elsewhere_run.history() == NOTHING_YET
    last = structs.replace(NOTHING_YET, accepted=fleets[1], ownership=Ownership(COMMAND_LINE, {}))
    with begin(ledger) as refused:
        assert refused.history() == last
        refused.refused("observed-fleet-shrink", PLAN, VERDICTS, FleetSize(1, 1))
    with begin(ledger) as after:
        assert after.history() == last
    assert ledger.history(WORKSPACE, ADDRESS, None) == structs.replace(
        NOTHING_YET, accepted=fleets[1]
    )
    assert ledger.history("stage", ADDRESS, None) == NOTHING_YET


def test_the_rows_of_each_source_are_those_of_the_last_accepted_run_that_read_it(
    ledger: Ledger,
) -> None:
    for rows in ({"hr": 10, "staff": 5}, {"hr": 8}, {}):
        with begin(ledger) as run:
            run.run_opened(structs.replace(opened(run.id), rows=rows))
            run.run_closed(closed(run.id))
    with begin(ledger) as refused:
        assert refused.history().rows == {"hr": 8, "staff": 5}
        refused.refused("source-shrink", PLAN, VERDICTS, FleetSize(1, 1))
    assert ledger.history(WORKSPACE, ADDRESS, None).rows == {"hr": 8, "staff": 5}
    assert ledger.history("stage", ADDRESS, None).rows == {}


def test_a_run_that_died_while_it_acted_had_accepted_what_it_saw(ledger: Ledger) -> None:
    with pytest.raises(HasASecret), acting(ledger):
        fail()
    assert ledger.history(WORKSPACE, ADDRESS, None) == structs.replace(NOTHING_YET, accepted=FLEET)


def test_a_run_that_could_not_be_opened_accepts_nothing_although_it_was_written(
    ledger: Ledger,
) -> None:
    away, database = on_faulty(ledger)
    with begin(away) as run:
        database.go(Away.AFTER_COMMIT, times=1)
        with pytest.raises(JournalFailed):
            run.run_opened(opened(run.id))
    assert shown(ledger, run.id).state is RunState.STOPPED
    assert ledger.history(WORKSPACE, ADDRESS, None) == NOTHING_YET


def test_a_run_acts_by_one_plan_only(ledger: Ledger) -> None:
    with acting(ledger) as run:
        with pytest.raises(JournalFailed):
            run.run_opened(opened(run.id, OTHER_PLAN))
        assert ledger.run_history(run.id).plan == PLAN


def test_a_run_that_acts_cannot_be_told_as_refused(ledger: Ledger) -> None:
    with acting(ledger) as run:
        with pytest.raises(JournalFailed):
            run.refused("too late", PLAN, (), FLEET)
        assert shown(ledger, run.id).state is RunState.RUNNING


def test_a_run_that_is_over_stays_as_it_ended(ledger: Ledger) -> None:
    with begin(ledger) as run:
        run.refused("max-disconnects", PLAN, VERDICTS, FLEET)
        again: list[Callable[[], None]] = [
            lambda: run.stopped("later"),
            lambda: run.run_opened(opened(run.id)),
            lambda: run.run_closed(closed(run.id)),
        ]
        for end in again:
            with pytest.raises(JournalFailed):
                end()
    assert shown(ledger, run.id).detail == "max-disconnects"


def test_a_result_that_comes_after_the_end_counts(ledger: Ledger) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        run.run_closed(closed(run.id, unknown(ALICE)))
    assert shown(ledger, run.id).outcomes == {Outcome.UNKNOWN: 1, Outcome.NOT_ATTEMPTED: 3}
    with begin(ledger) as settler:
        settler.outcome(ended(run.id, verified(ALICE)))
    assert shown(ledger, run.id).outcomes == {Outcome.VERIFIED: 1, Outcome.NOT_ATTEMPTED: 3}
    assert ledger.run_history(run.id).actions[0].result == verified(ALICE)


def test_equal_contents_are_stored_once(ledger: Ledger) -> None:
    for _ in range(2):
        with acting(ledger) as run:
            run.run_closed(closed(run.id))
    with acting(ledger, by=OTHER_PLAN) as run:
        run.run_closed(closed(run.id, by=OTHER_PLAN))
    with ledger._database.read() as connection:
        assert connection.execute(select(func.count()).select_from(plans)).scalar_one() == 2
