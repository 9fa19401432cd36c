"""One acting run a workspace: who gets the lock, who keeps it, who loses it."""

import os
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from reconciler.domain import LedgerPlace, PostgresqlDatabase
from reconciler.ledger import LedgerUnreachable, LockHeld, LockLost, UnknownRun, open_run
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.schema import locks
from reconciler.process import start_of
from reconciler.runs import JournalFailed, RunState
from tests.ledger.faulty_database import Away, on_faulty
from tests.ledger.processes import Failed, Processes
from tests.ledger.samples import (
    ALICE,
    BOB_GOOGLE,
    BOB_MICROSOFT,
    LATER,
    STILL,
    WORKSPACE,
    acting,
    begin,
    claim,
    closed,
    crash,
    database_of,
    disconnect_fully,
    elsewhere,
    ended,
    intent,
    ledger_at,
    opened,
    plan,
    shift_locks,
    times,
    verified,
    waiting,
)
from tests.recall.fake_clock import FakeClock

LEASE = STILL.lease


def actually_waiting(seconds: float) -> None:
    time.sleep(min(seconds, 0.02))


class RealTime(FakeClock):
    def monotonic(self) -> float:
        return time.monotonic()


def wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.01)


def test_a_second_run_is_told_who_holds_the_lock(ledger: Ledger) -> None:
    first = claim(by=elsewhere("runner-7"))
    with begin(ledger, first), pytest.raises(LockHeld) as held:
        begin(ledger)
    holder = held.value.holder
    assert (holder.workspace, holder.run, holder.who) == (WORKSPACE, first.run, first.who)
    assert not holder.dead
    assert f"locked by run {first.run} (deploy@runner-7, process 7)" in str(held.value)


def test_a_lock_that_was_given_back_is_free(ledger: Ledger) -> None:
    with begin(ledger) as first:
        first.stopped("done")
    with begin(ledger) as second:
        assert second.dead == ()
        held = ledger.holder(WORKSPACE)
        assert held is not None
        assert held.run == second.id
    assert ledger.holder(WORKSPACE) is None


def test_workspaces_do_not_lock_each_other(ledger: Ledger) -> None:
    with begin(ledger) as one, begin(ledger, claim(workspace="stage")) as two:
        one.run_opened(opened(one.id))
        one.intent(intent(one.id, ALICE))
        two.check()
        holders = [ledger.holder(WORKSPACE), ledger.holder("stage")]
        assert [holder and holder.run for holder in holders] == [one.id, two.id]


def test_an_open_transaction_of_one_workspace_does_not_hold_up_another_on_a_server(
    postgresql: PostgresqlDatabase,
) -> None:
    with (
        ledger_at(postgresql) as ledger,
        begin(ledger) as one,
        begin(ledger, claim(workspace="stage")) as two,
        ledger._database.write() as connection,
    ):
        assert one._refresh(connection)
        staged = plan(workspace="stage")
        two.run_opened(opened(two.id, staged))
        two.intent(intent(two.id, staged.content.actions[0]))
        assert ledger.run_history(two.id).summary.in_doubt == 1


def test_of_two_processes_at_once_exactly_one_gets_the_lock(processes: Processes) -> None:
    both = [processes.start(), processes.start()]
    for process in both:
        process.tell("begin")
    said = []
    for process in both:
        try:
            said.append(process.hear())
        except Failed as failed:
            said.append(failed)
    (run,) = [one for one in said if isinstance(one, str)]
    (refused,) = [one for one in said if isinstance(one, Failed)]
    assert refused.kind == "LockHeld"
    assert run in refused.text


def test_who_waits_gets_the_lock_when_it_is_given_back(ledger: Ledger) -> None:
    clock = FakeClock()
    first = begin(ledger)
    second = begin(
        ledger, clock=clock, lock_timeout=60, pause=waiting(clock, lambda _: first.stopped("done"))
    )
    assert clock.waits == [1.0]
    assert second.dead == ()
    second.stopped("done")


def test_who_waits_in_vain_is_told_after_the_time_he_gave(ledger: Ledger) -> None:
    clock = FakeClock()
    with begin(ledger) as first:
        with pytest.raises(LockHeld) as held:
            begin(ledger, clock=clock, lock_timeout=2.5, pause=waiting(clock))
        assert clock.waits == [1.0, 1.0, 0.5]
        assert held.value.holder.run == first.id
        first.check()


def test_waiting_can_be_interrupted(ledger: Ledger) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with begin(ledger) as first:
        with pytest.raises(KeyboardInterrupt):
            begin(ledger, lock_timeout=60, pause=interrupted)
        assert [summary.run for summary in ledger.runs(WORKSPACE, 10)] == [first.id]


def test_the_lock_of_a_killed_process_is_taken_over_at_once(
    ledger: Ledger, processes: Processes
) -> None:
    owner = processes.start()
    died = owner.ask("begin")
    owner.ask("open")
    owner.ask("intent", 0)
    owner.kill()
    with begin(ledger) as run:
        (dead,) = run.dead
        assert (dead.run, dead.state, dead.in_doubt) == (died, RunState.DIED, 1)
        assert [doubt.action for doubt in run.in_doubt()] == [ALICE]


def test_the_lock_of_a_process_whose_id_another_one_has_now_is_taken_over_at_once(
    ledger: Ledger,
) -> None:
    ours = start_of(os.getpid())
    first = begin(ledger, claim(started=ours))
    with pytest.raises(LockHeld):
        begin(ledger, claim(started=ours))
    first.stopped("done")
    died = begin(ledger, claim(started="an earlier start"))
    with begin(ledger, claim(started=ours)) as run:
        assert [dead.run for dead in run.dead] == [died.id]


def test_an_earlier_version_that_keeps_the_start_of_the_run_before_it_counts_as_alive(
    ledger: Ledger,
) -> None:
    """It does not know that column, so the lock that it takes says when a dead process started."""
    died = claim(started="an earlier start")
    begin(ledger, died)
    with database_of(ledger).write() as connection:
        connection.execute(update(locks).values(fence=locks.c.fence + 1, run="of an older version"))
    holder = ledger.holder(WORKSPACE)
    assert holder is not None
    assert (holder.run, holder.who, holder.dead) == ("of an older version", died.who, False)
    with pytest.raises(LockHeld):
        begin(ledger, claim(started=start_of(os.getpid())))


def test_a_run_that_died_before_it_had_a_plan_is_found_dead_too(
    ledger: Ledger, processes: Processes
) -> None:
    owner = processes.start()
    died = owner.ask("begin")
    owner.kill()
    with begin(ledger, claim(opened=LATER)) as run:
        (dead,) = run.dead
    assert (dead.run, dead.state, dead.ended, dead.actions) == (died, RunState.DIED, LATER, 0)


def test_a_process_that_stands_still_loses_its_lock_and_can_begin_nothing_any_more(
    ledger: Ledger, place: LedgerPlace, processes: Processes
) -> None:
    owner = processes.start()
    stopped = owner.ask("begin")
    owner.ask("open")
    owner.ask("intent", 0)
    owner.stand_still()
    with ledger_at(place, times(lease=0.5)) as impatient:
        taken = begin(impatient, clock=RealTime(), lock_timeout=600, pause=actually_waiting)
    assert [dead.run for dead in taken.dead] == [stopped]
    owner.tell("intent", 1)
    owner.go_on()
    with pytest.raises(Failed) as refused:
        owner.hear()
    assert refused.value.kind == "LockLost"
    assert f"taken over by run {taken.id}" in refused.value.text
    story = ledger.run_history(stopped)
    assert [len(action.steps) for action in story.actions] == [1, 0, 0, 0]
    crash(taken)


def test_what_a_run_did_before_it_lost_its_lock_is_taken_down_all_the_same(
    ledger: Ledger,
) -> None:
    with acting(ledger) as old:
        old.intent(intent(old.id, ALICE))
        shift_locks(ledger, -LEASE - 1)
        with begin(ledger) as new:
            assert [dead.run for dead in new.dead] == [old.id]
            with pytest.raises(LockLost):
                old.intent(intent(old.id, BOB_GOOGLE))
            done = ended(old.id, verified(ALICE))
            old.outcome(done)
            assert new.in_doubt() == ()
            old.run_closed(closed(old.id, done.result))
            held = ledger.holder(WORKSPACE)
            assert held is not None
            assert held.run == new.id
            new.check()
    assert ledger.run_history(old.id).actions[0].result == done.result


def test_a_silent_owner_of_another_machine_keeps_its_lock_for_a_lease(ledger: Ledger) -> None:
    silent = begin(ledger, claim(by=elsewhere()))
    shift_locks(ledger, -LEASE + 5)
    with pytest.raises(LockHeld) as held:
        begin(ledger)
    assert LEASE - 5 <= held.value.holder.age <= LEASE
    shift_locks(ledger, -6)
    with begin(ledger) as run:
        assert [dead.run for dead in run.dead] == [silent.id]
    crash(silent)


def test_a_clock_of_the_database_set_back_does_not_keep_a_dead_lock_for_ever(
    ledger: Ledger,
) -> None:
    silent = begin(ledger, claim(by=elsewhere()))
    shift_locks(ledger, 3600)
    held = ledger.holder(WORKSPACE)
    assert held is not None
    assert (held.age, held.dead) == (0, False)
    clock = FakeClock()
    with begin(ledger, clock=clock, lock_timeout=60, pause=waiting(clock)) as run:
        assert [dead.run for dead in run.dead] == [silent.id]
        assert sum(clock.waits) == LEASE + 1
    crash(silent)


def test_a_clock_of_the_database_set_back_does_not_cost_a_living_owner_his_lock(
    ledger: Ledger,
) -> None:
    with begin(ledger) as owner:
        shift_locks(ledger, 3600)
        clock = FakeClock()
        with pytest.raises(LockHeld):
            begin(
                ledger,
                clock=clock,
                lock_timeout=3 * LEASE,
                pause=waiting(clock, lambda _: None if owner._beat() else pytest.fail("lost")),
            )
        owner.run_opened(opened(owner.id))
        owner.intent(intent(owner.id, ALICE))


def test_a_clock_of_the_database_set_forward_costs_the_lock_and_nothing_else(
    ledger: Ledger,
) -> None:
    with acting(ledger) as owner:
        disconnect_fully(owner, ALICE)
        shift_locks(ledger, -3600)
        owner.intent(intent(owner.id, BOB_GOOGLE))  # nobody was there to take it
        shift_locks(ledger, -3600)
        with begin(ledger) as other:
            with pytest.raises(LockLost, match=f"taken over by run {other.id}"):
                owner.intent(intent(owner.id, BOB_MICROSOFT))
            assert [doubt.action for doubt in other.in_doubt()] == [BOB_GOOGLE]


def test_unlock_takes_the_lock_from_the_run_that_is_named(ledger: Ledger) -> None:
    with acting(ledger, claim(by=elsewhere())) as owner:
        assert ledger.unlock(WORKSPACE, owner.id).who == elsewhere()
        assert ledger.holder(WORKSPACE) is None
        with pytest.raises(LockLost, match=f"was taken away from run {owner.id}"):
            owner.intent(intent(owner.id, ALICE))
        (shown,) = ledger.runs(WORKSPACE, 10)
        assert shown.state is RunState.DIED
        with begin(ledger) as other:
            assert [dead.run for dead in other.dead] == [owner.id]
            with pytest.raises(LockLost, match=f"taken over by run {other.id}"):
                owner.intent(intent(owner.id, ALICE))


def test_unlock_of_a_run_that_does_not_hold_the_lock_says_who_does(ledger: Ledger) -> None:
    with begin(ledger) as owner:
        with pytest.raises(UnknownRun, match=f"run {owner.id} does"):
            ledger.unlock(WORKSPACE, owner.id[:8])
        owner.check()
        held = ledger.holder(WORKSPACE)
        assert held is not None
        assert held.run == owner.id


def test_unlock_where_nobody_holds_the_lock_says_so(ledger: Ledger) -> None:
    with begin(ledger) as owner:
        owner.stopped("done")
    for workspace in (WORKSPACE, "unheard-of"):
        with pytest.raises(UnknownRun, match=f"nobody holds the lock of workspace {workspace}"):
            ledger.unlock(workspace, owner.id)


def test_the_heartbeat_keeps_the_lock_alive(place: LedgerPlace, ledger: Ledger) -> None:
    with ledger_at(place, times(beat=0.01)) as lively, begin(lively):
        shift_locks(ledger, -LEASE - 1)

        def beaten() -> bool:
            held = ledger.holder(WORKSPACE)
            return held is not None and held.age < LEASE

        wait_until(beaten)


def test_the_heartbeat_notices_that_the_lock_is_lost(place: LedgerPlace, ledger: Ledger) -> None:
    with ledger_at(place, times(beat=0.01)) as lively, begin(lively) as owner:
        owner.check()
        ledger.unlock(WORKSPACE, owner.id)
        wait_until(lambda: owner._heartbeat._lost is not None)
        with pytest.raises(LockLost, match="another run has taken the lock"):
            owner.check()


def test_a_heartbeat_that_cannot_be_written_loses_the_lock_after_a_lease_and_regains_it(
    ledger: Ledger,
) -> None:
    away, database = on_faulty(ledger, times(beat=0.001))
    clock = FakeClock()
    with begin(away, clock=clock) as owner:
        database.go(Away.BEFORE)
        wait_until(lambda: database.missed > 0)  # the last that was written is over by now
        clock.time += LEASE - 1
        wait_until(lambda: database.missed > 2)
        owner.check()
        clock.time += 2
        wait_until(lambda: owner._heartbeat._lost is not None)
        with pytest.raises(LockLost, match="could not be kept for 31 s: the ledger is not reached"):
            owner.check()
        database.come_back()
        wait_until(lambda: owner._heartbeat._lost is None)
        owner.check()


def test_the_heartbeat_ends_before_the_lock_is_given_back(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    beating: list[bool] = []
    with monkeypatch.context() as watched, acting(ledger) as run:
        thread = run._heartbeat._thread
        watched.setattr(open_run, "give_lock_back", lambda *_: beating.append(thread.is_alive()))
    assert beating == [False]


def test_the_heartbeat_ends_with_its_run(place: LedgerPlace) -> None:
    with ledger_at(place, times(beat=0.01)) as lively:
        with begin(lively) as owner:
            assert owner._heartbeat._thread.is_alive()
        assert not owner._heartbeat._thread.is_alive()


def test_the_fence_grows_with_every_taking_and_never_falls(ledger: Ledger) -> None:
    fences = []

    def look() -> None:
        with ledger._database.read() as connection:
            fences.append(connection.execute(select(locks.c.fence)).scalar_one())

    with begin(ledger) as given_back:
        look()
    look()
    with begin(ledger, claim(by=elsewhere())) as taken_away:
        look()
        ledger.unlock(WORKSPACE, taken_away.id)
        look()
    with begin(ledger) as taken_over:
        look()
        shift_locks(ledger, -LEASE - 1)
        with begin(ledger):
            look()
    assert fences == [1, 1, 2, 3, 4, 5]
    assert len({given_back.id, taken_away.id, taken_over.id}) == 3


@pytest.mark.parametrize("gone", [Away.BEFORE, Away.AT_COMMIT])
def test_a_lock_that_could_not_be_taken_leaves_no_run(ledger: Ledger, gone: Away) -> None:
    away, database = on_faulty(ledger)
    database.go(gone)
    with pytest.raises(LedgerUnreachable):
        begin(away)
    assert ledger.runs(None, 10) == ()
    with begin(ledger) as run:
        assert run.dead == ()


def test_a_lock_that_was_taken_without_anybody_knowing_is_free_after_a_lease(
    ledger: Ledger,
) -> None:
    away, database = on_faulty(ledger)
    database.go(Away.AFTER_COMMIT)
    unknown = claim()
    with pytest.raises(LedgerUnreachable):
        begin(away, unknown)
    shift_locks(ledger, -LEASE - 1)
    with begin(ledger) as run:
        assert [dead.run for dead in run.dead] == [unknown.run]


def test_a_run_whose_lock_was_taken_over_is_not_let_through(ledger: Ledger) -> None:
    with begin(ledger) as owner:
        ledger.unlock(WORKSPACE, owner.id)
        with pytest.raises(JournalFailed):
            owner.run_opened(opened(owner.id))
    assert ledger.history(WORKSPACE, claim().base_url, None).accepted is None
