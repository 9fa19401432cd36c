"""A run that is suspended for longer than its lease, at the worst moments: what it still sends.

Recall's API checks no fence. So a pause exactly between the last check and the sending of the
bytes is one that nothing here can notice: what remains is one call for each worker.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

import pytest

from reconciler.runs import ActionHistory, Outcome, StepKind
from tests.crash.children import Child, Ended
from tests.crash.evidence import arrived, intents, outcomes, planned
from tests.crash.fleet import BUSY, LEAVER, MOVER, QUIET, TO_DO
from tests.crash.points import LEAVING
from tests.crash.world import PLAN, World

LEASE: Final = (0.5, 0.1, 0.05)
"""Lease, beat and poll of the lock in seconds."""

LONGER_THAN_AN_INTENT: Final = (2.5, 0.5, 0.05)
"""The same, with a lease of more than the 2 seconds for which an intent is good."""

UNDER_WAY: Final = 2.5
"""After so many seconds no call of the sandbox is taken to be under way any more: the 1.4 of
``readBackSeconds``, and the fraction of a second that the ledger's times do not tell."""

BEFORE_AN_INTENT: Final = "before the ledger's intent"
AFTER_AN_INTENT: Final = "after the ledger's intent"


def suspended(
    trial: World, label: str, times: tuple[float, float, float], *, workers: int = 1
) -> Child:
    """A run of the saved plan that stands still at the first point that is called so."""
    trial.begin_anew()
    trial.heal()
    child = trial.start(
        *("apply", PLAN, "--parallelism", str(workers)),
        at=(label, 1),
        stop=True,
        finely=True,
        times=times,
        together=workers,
    )
    assert child.wait_until_stopped() == label
    return child


def take_over(
    trial: World,
    times: tuple[float, float, float],
    held: Sequence[tuple[str, str]] = (),
) -> None:
    """Another process waits for the lock until the lease is over, and does what is to be done.

    It leaves alone who may have a call under way (``held``), and a run after it does the rest.
    """
    arguments = ("apply", "--auto-approve", "--parallelism", "1", "--lock-timeout", "30")
    ended = trial.run(*arguments, zygote=1, times=times)
    assert ended.status in (0, 4), ended.shown  # 4 where it skips the fickle one or holds somebody
    assert Counter(arrived(trial.log())) == Counter(TO_DO) - Counter(held)
    if held:
        time.sleep(UNDER_WAY)
        ended = trial.run(*arguments, zygote=1, times=times)
        assert ended.status in (0, 4), ended.shown
        assert Counter(arrived(trial.log())) == Counter(TO_DO), ended.shown


def wake(trial: World, child: Child) -> tuple[Ended, list[tuple[str, str]]]:
    """Let the suspended run go on to its end; that, and the calls that arrived meanwhile."""
    before = len(trial.log())
    child.go_on()
    ended = child.wait()
    return ended, arrived(trial.log()[before:])


def suspended_story(trial: World) -> dict[tuple[str, str], ActionHistory]:
    """What the ledger tells of the actions of the run that was suspended."""
    first, *_ = trial.stories()
    return {planned(action): action for action in first.actions}


def test_a_run_that_lost_its_lock_before_an_intent_sends_nothing(trial: World) -> None:
    child = suspended(trial, BEFORE_AN_INTENT, LEASE)
    take_over(trial, LEASE)
    ended, calls = wake(trial, child)
    assert calls == []
    assert ended.status == 75, ended.shown
    assert "taken" in ended.shown
    assert not any(intents(action) for action in suspended_story(trial).values())


def test_a_run_that_lost_its_lock_sends_nothing_while_the_new_owner_holds_it(trial: World) -> None:
    child = suspended(trial, BEFORE_AN_INTENT, LEASE)
    other = trial.start(
        *("apply", "--auto-approve", "--parallelism", "1", "--lock-timeout", "30"),
        zygote=1,
        at=("after the ledger's run_opened", 1),
        stop=True,
        times=LEASE,
    )
    other.wait_until_stopped()
    ended, calls = wake(trial, child)
    assert calls == []
    assert ended.status == 75, ended.shown
    other.go_on()
    assert other.wait().status in (0, 4)
    assert Counter(arrived(trial.log())) == Counter(TO_DO)


def test_a_run_whose_lock_was_taken_away_before_an_intent_sends_nothing(trial: World) -> None:
    child = suspended(trial, BEFORE_AN_INTENT, (30.0, 5.0, 0.05))
    (story,) = trial.stories()
    assert trial.run("unlock", story.summary.run, zygote=1).status == 0
    take_over(trial, (30.0, 5.0, 0.05))
    ended, calls = wake(trial, child)
    assert calls == []
    assert ended.status == 75, ended.shown


def test_a_call_that_did_not_leave_in_time_after_its_intent_is_not_sent(trial: World) -> None:
    child = suspended(trial, AFTER_AN_INTENT, LONGER_THAN_AN_INTENT)
    take_over(trial, LONGER_THAN_AN_INTENT, held=[(BUSY, "microsoft")])
    ended, calls = wake(trial, child)
    assert calls == []
    assert ended.status in (4, 75), ended.shown
    busy = suspended_story(trial)[BUSY, "microsoft"]
    assert [step.code for step in busy.steps if step.kind is StepKind.ANSWER] == ["not_sent"]


@pytest.mark.parametrize(
    ("workers", "on_their_way"),
    [
        (1, [(BUSY, "microsoft")]),
        (4, [(BUSY, "microsoft"), (LEAVER, "google"), (MOVER, "google"), (QUIET, "preferences")]),
    ],
)
def test_of_a_run_suspended_while_its_calls_leave_one_a_worker_arrives_and_nothing_after(
    trial: World, workers: int, on_their_way: list[tuple[str, str]]
) -> None:
    child = suspended(trial, LEAVING, LEASE, workers=workers)
    assert arrived(trial.log()) == []
    take_over(trial, LEASE, held=on_their_way)
    settled = suspended_story(trial)
    for what in on_their_way:
        # As the new owner saw it: intended, and for as long as it looked without an effect.
        assert len(intents(settled[what])) == 1
        assert [outcome for outcome, _ in outcomes(settled[what])] == [Outcome.UNKNOWN]
    ended, calls = wake(trial, child)
    assert sorted(calls) == on_their_way
    assert ended.status == 4, ended.shown
    intended = [what for what, action in suspended_story(trial).items() if intents(action)]
    assert sorted(intended) == on_their_way
