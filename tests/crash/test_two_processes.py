"""Two processes that want to act at once: one does."""

from collections import Counter

from reconciler.runs import RunState
from tests.crash.evidence import arrived, intents
from tests.crash.fleet import TO_DO
from tests.crash.world import PLAN, World

BEGUN = ("after the ledger's run_opened", 1)


def acted(trial: World) -> list[bool]:
    """Of each run, the oldest first, whether it intended anything."""
    return [any(intents(action) for action in story.actions) for story in trial.stories()]


def test_the_second_is_told_who_holds_the_lock_and_does_nothing(trial: World) -> None:
    trial.begin_anew()
    trial.heal()
    first = trial.start("apply", PLAN, at=BEGUN, stop=True)
    first.wait_until_stopped()
    (story,) = trial.stories()
    for arguments in (("apply", "--auto-approve"), ("apply", PLAN), ("resume", story.summary.run)):
        second = trial.run(*arguments, zygote=1)
        assert second.status == 75, second.shown
        assert story.summary.run in second.err
        assert f"process {first.pid}" in second.err
    assert arrived(trial.log()) == []
    first.go_on()
    assert first.wait().status == 4
    assert Counter(arrived(trial.log())) == Counter(TO_DO)
    assert acted(trial) == [True]


def test_one_that_waits_for_the_lock_finds_nothing_left_to_do(trial: World) -> None:
    trial.begin_anew()
    trial.heal()
    first = trial.start("apply", PLAN, at=BEGUN, stop=True)
    first.wait_until_stopped()
    waiting = ("before the ledger's begin_run", 3)  # it found the lock held twice by then
    second = trial.start(
        *("apply", "--auto-approve", "--lock-timeout", "60"),
        zygote=1,
        at=waiting,
        stop=True,
        times=(30.0, 5.0, 0.05),
    )
    second.wait_until_stopped()
    first.go_on()
    second.go_on()
    assert first.wait().status == 4
    ended = second.wait()
    assert ended.status == 0, ended.shown
    assert "nothing to do" in ended.out
    assert Counter(arrived(trial.log())) == Counter(TO_DO)
    assert acted(trial) == [True, False]


def test_of_two_that_begin_at_the_same_moment_one_acts(trial: World) -> None:
    for _ in range(3):  # there is no ledger yet, and both make it
        trial.begin_anew()
        trial.heal()
        first = trial.start("apply", "--auto-approve")
        second = trial.start("apply", "--auto-approve", zygote=1)
        statuses = sorted([first.wait().status, second.wait().status])
        assert statuses in ([4, 75], [0, 4])
        assert Counter(arrived(trial.log())) == Counter(TO_DO)
        assert acted(trial).count(True) == 1
        assert {story.summary.state for story in trial.stories()} == {RunState.COMPLETED}
