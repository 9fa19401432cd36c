"""One run in two processes: the second acts on the first's plan, as long as the first lives."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from reconciler.ledger import LockLost, NotJoinable
from reconciler.ledger.joined_run import JoinedRun
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.schema import locks, runs
from reconciler.planning import seal
from reconciler.runs import JournalFailed, Outcome, RunState, StepKind
from tests.ledger.faulty_database import HINT, Away, on_faulty
from tests.ledger.processes import Failed, Process, Processes
from tests.ledger.samples import (
    ADDRESS,
    ALICE,
    BOB_GOOGLE,
    ERIN,
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
    elsewhere,
    ended,
    intent,
    new_run,
    read_back,
    shift_locks,
    unknown,
    verified,
)


def join(ledger: Ledger, *, base_url: str = ADDRESS, by: str | None = None) -> JoinedRun:
    return ledger.join(WORKSPACE, base_url, seal=by or seal(PLAN))


def kinds(ledger: Ledger, run: str) -> list[list[StepKind]]:
    return [[step.kind for step in action.steps] for action in ledger.run_history(run).actions]


def refusal(process: Process, command: str, *arguments: object) -> Failed:
    with pytest.raises(Failed) as failed:
        process.ask(command, *arguments)
    return failed.value


def test_two_processes_write_one_run(ledger: Ledger, processes: Processes) -> None:
    opener, second = processes.start(), processes.start()
    run = opener.ask("begin")
    opener.ask("open")
    assert second.ask("join") == run
    for command in ("intent", "answer", "read_back", "outcome"):
        second.ask(command, 0)
    opener.ask("intent", 1)
    second.ask("intent", 2)
    assert kinds(ledger, run) == [list(StepKind), [StepKind.INTENT], [StepKind.INTENT], []]
    for command in ("answer", "outcome"):
        opener.ask(command, 1)
        second.ask(command, 2)
    opener.ask("close")
    summary = ledger.run_history(run).summary
    assert summary.state is RunState.COMPLETED
    assert summary.outcomes == {Outcome.VERIFIED: 3, Outcome.NOT_ATTEMPTED: 1}
    assert refusal(second, "intent", 3).kind == "LockLost"
    assert ledger.run_history(run).actions[3].steps[-1].outcome is Outcome.NOT_ATTEMPTED


def test_a_reader_sees_what_both_do(ledger: Ledger, processes: Processes) -> None:
    opener, second, reader = processes.start(), processes.start(), processes.start()
    run = opener.ask("begin")
    opener.ask("open")
    second.ask("join")
    assert reader.ask("states") == ["running"]
    second.ask("intent", 0)
    assert ledger.run_history(run).summary.in_doubt == 1
    opener.kill()
    assert reader.ask("states") == ["died"]


def test_there_is_nothing_to_join_without_an_open_run(ledger: Ledger) -> None:
    with pytest.raises(NotJoinable, match="has no open run"):
        join(ledger)
    with acting(ledger) as run:
        run.run_closed(closed(run.id))
        with pytest.raises(NotJoinable, match="has no open run"):
            join(ledger)


def test_a_run_that_has_no_plan_yet_is_not_joined(ledger: Ledger) -> None:
    with begin(ledger), pytest.raises(NotJoinable, match="has not stored its plan yet"):
        join(ledger)


def test_a_run_of_another_plan_is_not_joined(ledger: Ledger) -> None:
    with acting(ledger), pytest.raises(NotJoinable, match="acts on another plan"):
        join(ledger, by=seal(OTHER_PLAN))


def test_a_run_at_another_address_is_not_joined(ledger: Ledger) -> None:
    with acting(ledger), pytest.raises(NotJoinable, match=f"acts at {ADDRESS}, not at sandbox:1"):
        join(ledger, base_url="sandbox:1")


def test_a_run_of_another_machine_is_not_joined(ledger: Ledger) -> None:
    with (
        acting(ledger, claim(by=elsewhere("runner-7"))),
        pytest.raises(NotJoinable, match=r"process 7 of runner-7.*only on the machine"),
    ):
        join(ledger)


def test_a_run_whose_opener_died_is_not_joined(ledger: Ledger, processes: Processes) -> None:
    opener = processes.start()
    opener.ask("begin")
    opener.ask("open")
    opener.kill()
    with pytest.raises(NotJoinable, match=f"process {opener.pid} of .*, which has ended"):
        join(ledger)


def test_a_run_whose_opener_is_silent_is_not_joined(ledger: Ledger) -> None:
    with acting(ledger):
        shift_locks(ledger, -31)
        # 31, and whatever this machine took meanwhile.
        with pytest.raises(NotJoinable, match=r"has been silent for (3[1-9]|[4-9]\d|\d{3,}) s"):
            join(ledger)


def test_a_joined_run_acts_on_its_stored_plan_alone(ledger: Ledger) -> None:
    with acting(ledger) as opener:
        joined = join(ledger)
        assert (joined.id, joined.plan) == (opener.id, PLAN)
        with pytest.raises(JournalFailed, match="is not in the plan"):
            joined.intent(intent(joined.id, ERIN))
        with pytest.raises(JournalFailed, match="got a record of run"):
            joined.intent(intent(new_run(), ALICE))
        assert kinds(ledger, opener.id) == [[], [], [], []]


def test_neither_begins_a_call_that_the_other_has_in_doubt(ledger: Ledger) -> None:
    with acting(ledger) as opener:
        joined = join(ledger)
        joined.intent(intent(joined.id, ALICE))
        opener.intent(intent(opener.id, BOB_GOOGLE))
        with pytest.raises(JournalFailed, match="an earlier call"):
            opener.intent(intent(opener.id, ALICE))
        with pytest.raises(JournalFailed, match="an earlier call"):
            joined.intent(intent(joined.id, BOB_GOOGLE))
        crash(opener)


def test_the_first_intent_of_either_uses_the_plan(ledger: Ledger) -> None:
    with acting(ledger) as opener:
        joined = join(ledger)
        joined.intent(intent(joined.id, ALICE))
        assert ledger.used_by(seal(PLAN)) == opener.id
        opener.intent(intent(opener.id, BOB_GOOGLE))
        opener.run_closed(closed(opener.id, unknown(ALICE), unknown(BOB_GOOGLE)))
    with acting(ledger):
        late = join(ledger)
        with pytest.raises(JournalFailed, match="already used"):
            late.intent(intent(late.id, ALICE))
    with acting(ledger, claim(resumes=opener.id)):
        resumed = join(ledger)
        resumed.intent(intent(resumed.id, ALICE))
        assert ledger.used_by(seal(PLAN)) == resumed.id


def test_an_opener_that_dies_between_joining_and_intent_stops_the_other(
    ledger: Ledger, processes: Processes
) -> None:
    opener, second = processes.start(), processes.start()
    run = opener.ask("begin")
    opener.ask("open")
    second.ask("join")
    second.ask("intent", 0)
    opener.kill()
    refused = refusal(second, "intent", 1)
    assert refused.kind == "LockLost"
    assert f"the process that opened run {run} has ended" in refused.text
    # What the first call came to is taken down all the same.
    second.ask("answer", 0)
    second.ask("outcome", 0)
    assert kinds(ledger, run) == [
        [StepKind.INTENT, StepKind.ANSWER, StepKind.OUTCOME],
        [],
        [],
        [],
    ]


def test_an_opener_that_falls_silent_stops_the_other(ledger: Ledger) -> None:
    with acting(ledger) as opener:
        joined = join(ledger)
        shift_locks(ledger, -31)
        with pytest.raises(LockLost, match="is silent"):
            joined.intent(intent(joined.id, ALICE))
        assert opener._beat()
        joined.intent(intent(joined.id, ALICE))
        crash(opener)


def test_an_opener_whose_clock_was_set_back_is_not_silent(ledger: Ledger) -> None:
    with acting(ledger) as opener:
        joined = join(ledger)
        shift_locks(ledger, 3600)
        joined.intent(intent(joined.id, ALICE))
        crash(opener)


def test_a_lock_that_was_taken_from_the_opener_stops_the_other(ledger: Ledger) -> None:
    with acting(ledger) as opener:
        joined = join(ledger)
        ledger.unlock(WORKSPACE, opener.id)
        with pytest.raises(LockLost, match="was taken away"):
            joined.intent(intent(joined.id, ALICE))
        with begin(ledger) as other, pytest.raises(LockLost, match=f"over by run {other.id}"):
            joined.intent(intent(joined.id, ALICE))


def test_a_fence_that_grew_stops_the_other_although_the_run_is_the_same(ledger: Ledger) -> None:
    with acting(ledger) as opener:
        joined = join(ledger)
        with ledger._database.write() as connection:
            connection.execute(update(locks).values(fence=locks.c.fence + 1))
        for run in (joined, opener):
            with pytest.raises(LockLost):
                run.intent(intent(opener.id, ALICE))
        assert kinds(ledger, opener.id) == [[], [], [], []]


def test_a_run_that_is_over_is_not_acted_in_although_its_lock_is_still_there(
    ledger: Ledger,
) -> None:
    with acting(ledger) as opener:
        joined = join(ledger)
        with ledger._database.write() as connection:
            connection.execute(update(runs).values(state=RunState.DIED.value))
        with pytest.raises(LockLost, match=f"run {opener.id} is closed"):
            joined.intent(intent(joined.id, ALICE))
        with pytest.raises(NotJoinable, match=f"run {opener.id} is closed"):
            join(ledger)


@pytest.mark.parametrize("away", Away)
def test_a_ledger_that_goes_away_stops_the_joined_run(ledger: Ledger, away: Away) -> None:
    faulty, database = on_faulty(ledger)
    with acting(ledger) as opener:
        joined = join(faulty)
        joined.intent(intent(joined.id, ALICE))
        writes: list[Callable[[], None]] = [
            lambda: joined.answer(answer(joined.id, ALICE)),
            lambda: joined.read_back(read_back(joined.id, ALICE)),
            lambda: joined.outcome(ended(joined.id, verified(ALICE))),
            lambda: joined.intent(intent(joined.id, BOB_GOOGLE)),
        ]
        for write in writes:
            database.go(away, times=1)
            with pytest.raises(JournalFailed, match=HINT):
                write()
        database.come_back()
        opener.run_closed(closed(opener.id, verified(ALICE)))
    story = ledger.run_history(opener.id)
    assert story.actions[0].result == verified(ALICE)
    lost = away is Away.AFTER_COMMIT
    assert story.summary.in_doubt == (1 if lost else 0)


def test_what_the_other_did_is_settled_when_the_opener_died(
    ledger: Ledger, processes: Processes
) -> None:
    opener, second = processes.start(), processes.start()
    died = opener.ask("begin")
    opener.ask("open")
    second.ask("join")
    second.ask("intent", 2)
    opener.kill()
    second.kill()
    with begin(ledger) as run:
        (doubt,) = run.in_doubt()
        assert (doubt.run, doubt.action) == (died, PLAN.content.actions[2])


def test_a_run_on_one_process_is_as_one_on_two(ledger: Ledger) -> None:
    with acting(ledger) as opener:
        joined = join(ledger)
        joined.intent(intent(joined.id, ALICE))
        joined.answer(answer(joined.id, ALICE))
        joined.read_back(read_back(joined.id, ALICE))
        joined.outcome(ended(joined.id, verified(ALICE)))
        disconnect_fully(opener, BOB_GOOGLE)
        alice, bob, *_ = ledger.run_history(opener.id).actions
        assert alice.steps == bob.steps
        crash(opener)
