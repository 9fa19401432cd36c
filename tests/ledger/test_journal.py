"""Every step is durable before the next, or nothing is sent; and it is read back as written."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from msgspec import structs
from sqlalchemy import delete

from reconciler.domain import LedgerPlace
from reconciler.ledger import Claim, LedgerUnreachable
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.open_run import OpenRun
from reconciler.ledger.schema import declared_users, runs
from reconciler.planning import Action, Plan, seal
from reconciler.runs import ActionResult, Cause, InDoubt, JournalFailed, Outcome, StepKind
from tests.ledger.faulty_database import HINT, Away, on_faulty
from tests.ledger.samples import (
    ADDRESS,
    ALICE,
    AT,
    BOB_GOOGLE,
    BOB_MICROSOFT,
    CAROL,
    ERIN,
    LATER,
    OTHER_PLAN,
    PLAN,
    WORKSPACE,
    acting,
    answer,
    begin,
    claim,
    closed,
    crash,
    disconnect_fully,
    ended,
    intent,
    ledger_at,
    new_run,
    opened,
    plan,
    read_back,
    shift_locks,
    unknown,
    verified,
)
from tests.recall.fake_clock import FakeClock


def steps(ledger: Ledger, run: str, action: Action) -> list[tuple[str, int | None, str | None]]:
    """What is on record of an action: kind, call and code of each step."""
    (found,) = [one for one in ledger.run_history(run).actions if one.action == action]
    return [(step.kind.value, step.call, step.code) for step in found.steps]


def test_every_step_of_an_action_is_on_record_in_its_order(ledger: Ledger) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        run.answer(answer(run.id, ALICE, "throttled", no_effect=True))
        run.intent(intent(run.id, BOB_GOOGLE))
        run.intent(intent(run.id, ALICE, call=2))
        run.answer(answer(run.id, ALICE, call=2))
        run.read_back(read_back(run.id, ALICE, "ready", call=2))
        run.read_back(read_back(run.id, ALICE, call=2))
        run.outcome(ended(run.id, verified(ALICE, calls=2)))
        alice = ledger.run_history(run.id).actions[0]
        assert steps(ledger, run.id, BOB_GOOGLE) == [("intent", 1, None)]
        crash(run)
    assert [(step.kind.value, step.call, step.code) for step in alice.steps] == [
        ("intent", 1, None),
        ("answer", 1, "throttled"),
        ("intent", 2, None),
        ("answer", 2, "accepted"),
        ("read_back", 2, "ready"),
        ("read_back", 2, "read_back"),
        ("outcome", 2, "read_back"),
    ]
    assert [step.no_effect for step in alice.steps[:4]] == [None, True, None, False]
    assert alice.result == verified(ALICE, calls=2)


def test_an_intent_is_durable_when_it_returns(ledger: Ledger, place: LedgerPlace) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        with ledger_at(place) as another:
            assert steps(another, run.id, ALICE) == [("intent", 1, None)]
            assert another.run_history(run.id).summary.in_doubt == 1
        crash(run)


def test_only_actions_of_the_stored_plan_may_be_intended(ledger: Ledger) -> None:
    altered = structs.replace(ALICE, note="another reason")
    with acting(ledger) as run:
        for action in (ERIN, altered):
            with pytest.raises(JournalFailed, match=r"is not in the plan"):
                run.intent(intent(run.id, action))
        assert ledger.run_history(run.id).summary.in_doubt == 0
        assert ledger.used_by(seal(PLAN)) is None


def test_nothing_may_be_intended_before_the_run_is_open_or_after_it_is_closed(
    ledger: Ledger,
) -> None:
    with begin(ledger) as run:
        with pytest.raises(JournalFailed):
            run.intent(intent(run.id, ALICE))
        run.run_opened(opened(run.id))
        run.run_closed(closed(run.id))
        with pytest.raises(JournalFailed):
            run.intent(intent(run.id, ALICE))
    assert steps(ledger, run.id, ALICE) == [("outcome", 0, "stopped")]


def test_a_plan_for_another_workspace_or_address_is_not_acted_by(ledger: Ledger) -> None:
    with begin(ledger) as run:
        for by in (plan(workspace="stage"), plan(base_url="sandbox:1")):
            with pytest.raises(JournalFailed, match="not for the workspace"):
                run.run_opened(opened(run.id, by))
    assert ledger.run_history(run.id).plan is None


def test_a_record_of_another_run_is_not_taken(ledger: Ledger) -> None:
    with acting(ledger, claim(workspace="stage")) as other, acting(ledger) as run:
        writes: list[Callable[[], None]] = [
            lambda: run.intent(intent(other.id, ALICE)),
            lambda: run.answer(answer(other.id, ALICE)),
            lambda: run.read_back(read_back(other.id, ALICE)),
            lambda: run.outcome(ended(other.id, verified(ALICE))),
            lambda: run.run_closed(closed(other.id)),
            lambda: run.outcome(ended(new_run(), verified(ALICE))),
        ]
        for write in writes:
            with pytest.raises(JournalFailed):
                write()
        assert all(action.steps == () for action in ledger.run_history(other.id).actions)


def test_no_second_call_is_begun_while_the_first_is_in_doubt(ledger: Ledger) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        run.answer(answer(run.id, ALICE, "server_error"))
        with pytest.raises(JournalFailed, match="an earlier call may have been sent"):
            run.intent(intent(run.id, ALICE, call=2))
        assert steps(ledger, run.id, ALICE) == [
            ("intent", 1, None),
            ("answer", 1, "server_error"),
        ]
        crash(run)


def test_an_intent_that_was_taken_back_leaves_no_doubt_and_counts_as_no_call(
    ledger: Ledger,
) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        run.answer(answer(run.id, ALICE, "not_sent", no_effect=True))
        summary = ledger.run_history(run.id).summary
        assert (summary.in_doubt, summary.calls) == (0, 0)
        run.intent(intent(run.id, ALICE))
        summary = ledger.run_history(run.id).summary
        assert (summary.in_doubt, summary.calls) == (1, 1)
        crash(run)


def test_a_run_that_was_deleted_behind_its_back_begins_nothing(ledger: Ledger) -> None:
    with acting(ledger) as run:
        with ledger._database.write() as connection:
            connection.execute(delete(declared_users))
            connection.execute(delete(runs))
        with pytest.raises(JournalFailed, match="has a different record"):
            run.intent(intent(run.id, ALICE))
        crash(run)


def test_intents_refresh_the_heartbeat(ledger: Ledger) -> None:
    with acting(ledger) as run:
        shift_locks(ledger, -25)
        run.intent(intent(run.id, ALICE))
        held = ledger.holder(WORKSPACE)
        assert held is not None
        assert held.age < 25
        crash(run)


def test_threads_may_write_at_once(ledger: Ledger) -> None:
    done: list[ActionResult] = []

    with acting(ledger) as run:
        threads = [
            threading.Thread(
                target=lambda action=action: done.append(disconnect_fully(run, action))
            )
            for action in PLAN.content.actions
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        run.run_closed(closed(run.id, *done))
    story = ledger.run_history(run.id)
    assert story.summary.outcomes == {Outcome.VERIFIED: 4}
    for action in story.actions:
        assert [step.kind for step in action.steps] == list(StepKind)


# Used plans.


def test_a_plan_is_used_by_its_first_intent(ledger: Ledger) -> None:
    with acting(ledger) as run:
        assert ledger.used_by(seal(PLAN)) is None
        run.intent(intent(run.id, ALICE))
        assert run.used_by(seal(PLAN)) == run.id
        crash(run)
    assert ledger.used_by(seal(OTHER_PLAN)) is None


def test_a_used_plan_cannot_be_used_by_another_run(ledger: Ledger) -> None:
    with acting(ledger) as first:
        disconnect_fully(first, ALICE)
        first.run_closed(closed(first.id, verified(ALICE)))
    with acting(ledger) as second:
        with pytest.raises(JournalFailed, match=f"already used by run {first.id}"):
            second.intent(intent(second.id, BOB_GOOGLE))
        assert steps(ledger, second.id, BOB_GOOGLE) == []
    assert ledger.used_by(seal(PLAN)) == first.id


def test_the_same_content_planned_anew_is_another_plan(ledger: Ledger) -> None:
    with acting(ledger) as first:
        first.intent(intent(first.id, ALICE))
        first.run_closed(closed(first.id, verified(ALICE)))
    again = plan(made=LATER)
    with acting(ledger, by=again) as second:
        second.intent(intent(second.id, ALICE))
        second.run_closed(closed(second.id, verified(ALICE), by=again))
    assert (ledger.used_by(seal(PLAN)), ledger.used_by(seal(again))) == (first.id, second.id)


def test_resuming_is_no_second_use_however_often(ledger: Ledger) -> None:
    before: str | None = None
    ids = []
    for action in (ALICE, BOB_GOOGLE, BOB_MICROSOFT):
        with acting(ledger, claim(resumes=before)) as run:
            run.intent(intent(run.id, action))
            run.run_closed(closed(run.id, verified(action)))
        before = run.id
        ids.append(run.id)
        assert ledger.used_by(seal(PLAN)) == run.id
    with (
        acting(ledger, claim(resumes=new_run())) as stranger,
        pytest.raises(JournalFailed, match=f"already used by run {ids[0]}"),
    ):
        stranger.intent(intent(stranger.id, CAROL))


def test_a_resumption_that_was_refused_continues_nothing(ledger: Ledger) -> None:
    with acting(ledger) as first:
        first.intent(intent(first.id, ALICE))
        first.run_closed(closed(first.id, verified(ALICE)))
    with begin(ledger, claim(resumes=first.id)) as refused:
        assert refused.run_history(first.id).summary.resumed_by is None
        refused.refused("max-disconnects", PLAN, (), None)
    assert ledger.used_by(seal(PLAN)) == first.id
    assert ledger.run_history(first.id).summary.resumed_by is None


# Settling.


def crashed(ledger: Ledger, *positions: int, by: Plan = PLAN, claimed: Claim | None = None) -> str:
    """A run that died after it had intended the actions at these positions; its id."""
    claimed = claimed or claim()
    run = begin(ledger, claimed)
    run.run_opened(opened(run.id, by))
    for position in positions:
        run.intent(intent(run.id, by.content.actions[position]))
    crash(run)
    ledger.unlock(claimed.workspace, run.id)
    return run.id


def test_what_a_dead_run_left_in_doubt_is_settled_in_its_own_story(ledger: Ledger) -> None:
    died = crashed(ledger, 0, 1)
    with begin(ledger) as run:
        assert run.in_doubt() == (
            InDoubt(died, ALICE, 1, AT, None),
            InDoubt(died, BOB_GOOGLE, 1, AT, None),
        )
        run.read_back(read_back(died, ALICE))
        run.outcome(ended(died, verified(ALICE)))
        assert [doubt.action for doubt in run.in_doubt()] == [BOB_GOOGLE]
        run.outcome(ended(died, unknown(BOB_GOOGLE)))
        assert run.in_doubt() == ()
    story = ledger.run_history(died)
    assert [action.result for action in story.actions] == [
        verified(ALICE),
        unknown(BOB_GOOGLE),
        None,
        None,
    ]
    assert [(step.kind, step.by) for step in story.actions[0].steps] == [
        (StepKind.INTENT, None),
        (StepKind.READ_BACK, run.id),
        (StepKind.OUTCOME, run.id),
    ]
    assert story.summary.outcomes == {Outcome.VERIFIED: 1, Outcome.UNKNOWN: 1}
    assert (story.summary.in_doubt, story.summary.unattempted) == (0, 2)


def test_doubts_of_all_dead_runs_are_told_the_oldest_first(ledger: Ledger) -> None:
    first = crashed(ledger, 0)
    second = crashed(ledger, 0, by=OTHER_PLAN)
    with begin(ledger) as run:
        assert [(one.run, one.action) for one in run.in_doubt()] == [
            (first, ALICE),
            (second, ERIN),
        ]


@pytest.mark.parametrize(("workspace", "base_url"), [("stage", ADDRESS), (WORKSPACE, "sandbox:1")])
def test_doubts_of_another_workspace_or_address_are_not_settled_here(
    ledger: Ledger, workspace: str, base_url: str
) -> None:
    by = plan(workspace=workspace, base_url=base_url)
    other = crashed(ledger, 0, by=by, claimed=claim(workspace=workspace, base_url=base_url))
    with begin(ledger, claim(workspace=workspace, base_url=base_url)) as settler:
        assert [doubt.run for doubt in settler.in_doubt()] == [other]
    mine = crashed(ledger, 0)
    with begin(ledger) as run:
        assert [doubt.run for doubt in run.in_doubt()] == [mine]
        with pytest.raises(JournalFailed, match="may not resolve calls"):
            run.outcome(ended(other, verified(by.content.actions[0])))
    assert ledger.run_history(other).summary.in_doubt == 1


def test_what_is_still_under_way_is_not_in_doubt_and_not_settled(ledger: Ledger) -> None:
    with acting(ledger) as slow:
        slow.intent(intent(slow.id, ALICE))
        assert slow.in_doubt() == ()
        shift_locks(ledger, -31)
        anew = plan(made=LATER)
        with acting(ledger, by=anew) as quick:
            quick.intent(intent(quick.id, BOB_GOOGLE))
            assert [doubt.run for doubt in quick.in_doubt()] == [slow.id]
            with pytest.raises(JournalFailed, match="may not resolve calls"):
                slow.outcome(ended(quick.id, verified(BOB_GOOGLE)))
            assert ledger.run_history(quick.id).summary.in_doubt == 1
            crash(quick)


def test_an_answer_is_reported_with_the_doubt(ledger: Ledger) -> None:
    with acting(ledger) as dying:
        dying.intent(intent(dying.id, ALICE))
        dying.answer(answer(dying.id, ALICE, "no_answer"))
        dying.intent(intent(dying.id, CAROL))
        dying.answer(answer(dying.id, CAROL, "conflict", no_effect=True))
        crash(dying)
    ledger.unlock(WORKSPACE, dying.id)
    with begin(ledger) as run:
        assert run.in_doubt() == (InDoubt(dying.id, ALICE, 1, AT, "no_answer"),)


# A ledger that goes away.

WRITES: dict[str, Callable[[OpenRun], None]] = {
    "intent": lambda run: run.intent(intent(run.id, BOB_GOOGLE)),
    "answer": lambda run: run.answer(answer(run.id, ALICE)),
    "read_back": lambda run: run.read_back(read_back(run.id, ALICE)),
    "outcome": lambda run: run.outcome(ended(run.id, verified(ALICE))),
    "run_closed": lambda run: run.run_closed(closed(run.id, verified(ALICE))),
}


@pytest.mark.parametrize("away", Away)
@pytest.mark.parametrize("write", WRITES)
def test_a_ledger_that_goes_away_fails_the_journal_and_loses_nothing(
    ledger: Ledger, write: str, away: Away
) -> None:
    faulty, database = on_faulty(ledger)
    with acting(faulty) as run:
        run.intent(intent(run.id, ALICE))
        database.go(away, times=1)
        with pytest.raises(JournalFailed, match=HINT):
            WRITES[write](run)
        story = ledger.run_history(run.id)
        assert steps(ledger, run.id, ALICE)[0] == ("intent", 1, None)
        if away is not Away.AFTER_COMMIT:
            assert [len(action.steps) for action in story.actions] == [1, 0, 0, 0]
            assert story.summary.in_doubt == 1
        # What could not be written then is written at the end.
        run.run_closed(closed(run.id, verified(ALICE), not_sent(BOB_GOOGLE)))
    assert ledger.run_history(run.id).actions[0].result == verified(ALICE)
    with begin(ledger) as later:
        # An intent of which nobody knew that it was written is in doubt, never forgotten.
        lost = write == "intent" and away is Away.AFTER_COMMIT
        assert [doubt.action for doubt in later.in_doubt()] == ([BOB_GOOGLE] if lost else [])


def not_sent(action: Action) -> ActionResult:
    return ActionResult(action, Outcome.NOT_ATTEMPTED, Cause.STOPPED)


@pytest.mark.parametrize("away", Away)
def test_an_outcome_that_says_that_nothing_was_sent_ends_the_doubt_of_a_lost_intent(
    ledger: Ledger, away: Away
) -> None:
    faulty, database = on_faulty(ledger)
    with acting(faulty) as run:
        database.go(away, times=1)
        with pytest.raises(JournalFailed):
            run.intent(intent(run.id, ALICE))
        run.outcome(ended(run.id, not_sent(ALICE)))
        run.run_closed(closed(run.id))
    summary = ledger.run_history(run.id).summary
    assert (summary.in_doubt, summary.outcomes) == (0, {Outcome.NOT_ATTEMPTED: 4})


def test_questions_to_a_ledger_that_is_away_are_its_own_errors(ledger: Ledger) -> None:
    faulty, database = on_faulty(ledger)
    with begin(faulty) as run:
        database.go(Away.BEFORE)
        questions: list[Callable[[], object]] = [
            run.history,
            run.in_doubt,
            lambda: run.used_by("sha256:0"),
            lambda: run.run_history(run.id),
        ]
        for ask in questions:
            with pytest.raises(LedgerUnreachable):
                ask()
        database.come_back()


# Calls that may be under way

WHILE = 123.0
ALICES = frozenset([ALICE.user, ALICE.recall_id])
BOBS = frozenset([BOB_GOOGLE.user, BOB_GOOGLE.recall_id])
ELSEWHERE = [("stage", ADDRESS), (WORKSPACE, "sandbox:1")]


def ended_as(ledger: Ledger, *results: ActionResult, claimed: Claim | None = None) -> str:
    """A run that is over, whose calls (intended at ``AT``) had these results."""
    claimed = claimed or claim()
    by = plan(workspace=claimed.workspace, base_url=claimed.base_url)
    with acting(ledger, claimed, by) as run:
        for result in results:
            run.intent(intent(run.id, result.action))
            run.outcome(ended(run.id, result))
        run.run_closed(closed(run.id, *results, by=by))
    return run.id


def clock_at(seconds: float) -> FakeClock:
    """A clock that shows so many seconds after ``AT``."""
    clock = FakeClock()
    clock.time += (datetime.fromisoformat(AT) - clock.now()).total_seconds() + seconds
    return clock


def under_way(ledger: Ledger, ago: float) -> frozenset[str]:
    """What a run finds that begins ``ago`` seconds after ``AT``."""
    with begin(ledger, clock=clock_at(ago)) as run:
        return run.under_way(WHILE)


@pytest.mark.parametrize(
    ("ago", "found"),
    [(0, True), (WHILE, True), (WHILE + 1, False), (-60, True), (-3600, True)],
)
def test_a_call_that_ended_as_unknown_is_told_while_it_may_be_under_way(
    ledger: Ledger, ago: float, found: bool
) -> None:
    ended_as(ledger, unknown(ALICE), verified(BOB_GOOGLE))
    assert under_way(ledger, ago) == (ALICES if found else frozenset())


def test_a_call_of_which_the_result_is_known_is_not_under_way(ledger: Ledger) -> None:
    ended_as(ledger, verified(ALICE), unknown(BOB_GOOGLE))
    assert under_way(ledger, 1) == BOBS


def test_a_call_that_a_later_run_settled_as_unknown_is_told_too(ledger: Ledger) -> None:
    died = crashed(ledger, 0)
    with begin(ledger) as run:
        run.outcome(ended(died, unknown(ALICE)))
    assert under_way(ledger, 1) == ALICES


def test_a_call_is_told_of_a_run_that_died_while_another_had_long_waited(ledger: Ledger) -> None:
    with acting(ledger) as run:
        run.intent(intent(run.id, ALICE))
        run.outcome(ended(run.id, unknown(ALICE)))
        crash(run)
    ledger.unlock(WORKSPACE, run.id)
    waited = claim(opened="2026-11-01T07:00:00Z")  # what the dead run is marked with
    with begin(ledger, waited, clock=clock_at(1)) as later:
        assert later.under_way(WHILE) == ALICES


@pytest.mark.parametrize(("workspace", "base_url"), ELSEWHERE)
@pytest.mark.parametrize(("ago", "found"), [(WHILE, True), (WHILE + 1, False), (-3600, True)])
def test_an_unknown_call_sent_elsewhere_is_reported_by_recalls_id_alone(
    ledger: Ledger, workspace: str, base_url: str, ago: float, found: bool
) -> None:
    claimed = claim(workspace=workspace, base_url=base_url)
    alice, bob, *_ = plan(workspace=workspace, base_url=base_url).content.actions
    ended_as(ledger, unknown(alice), verified(bob), claimed=claimed)
    assert under_way(ledger, ago) == ({ALICE.recall_id} if found else set())


@pytest.mark.parametrize(("workspace", "base_url"), ELSEWHERE)
@pytest.mark.parametrize(("ago", "found"), [(WHILE, True), (WHILE + 1, False), (-3600, True)])
def test_a_call_in_doubt_elsewhere_is_reported_by_recalls_id_and_not_settled(
    ledger: Ledger, workspace: str, base_url: str, ago: float, found: bool
) -> None:
    by = plan(workspace=workspace, base_url=base_url)
    other = crashed(ledger, 0, by=by, claimed=claim(workspace=workspace, base_url=base_url))
    with begin(ledger, clock=clock_at(ago)) as run:
        assert run.under_way(WHILE) == ({ALICE.recall_id} if found else set())
        assert run.in_doubt() == ()
    assert ledger.run_history(other).summary.in_doubt == 1


def test_a_call_in_flight_of_a_run_in_another_workspace_is_reported(ledger: Ledger) -> None:
    with acting(ledger, claim(workspace="stage")) as busy:
        busy.intent(intent(busy.id, plan(workspace="stage").content.actions[0]))
        assert under_way(ledger, 1) == {ALICE.recall_id}


def test_a_clock_that_was_set_back_holds_nobody_for_longer_than_a_call_takes(
    ledger: Ledger,
) -> None:
    ended_as(ledger, unknown(ALICE), verified(BOB_GOOGLE))
    assert under_way(ledger, -3600) == ALICES
    assert under_way(ledger, -3600 + WHILE) == ALICES
    assert under_way(ledger, -3600 + WHILE + 1) == frozenset()


def test_a_run_that_was_over_before_the_call_frees_nobody(ledger: Ledger) -> None:
    with begin(ledger, clock=clock_at(-7200)) as before:
        before.stopped("a signal")
    ended_as(ledger, unknown(ALICE), verified(BOB_GOOGLE))
    assert under_way(ledger, -3600) == ALICES
