"""``apply PLAN --or-resume`` is killed, and the same command is given again, as an engine does."""

from collections import Counter

import pytest

from reconciler.runs import RunState
from tests.crash.evidence import arrived
from tests.crash.fleet import TO_DO
from tests.crash.world import PLAN, World

COMMAND = ("apply", PLAN, "--or-resume", "--parallelism", "1")

KILLED_AT = (
    ("after the ledger's begin_run", 1),
    ("after the ledger's run_opened", 1),
    ("before the ledger's answer", 1),
    ("after the ledger's answer", 2),
    ("after the ledger's outcome", 3),
    ("before the ledger's run_closed", 1),
)


@pytest.mark.parametrize("point", KILLED_AT, ids=[f"{label} {nth}" for label, nth in KILLED_AT])
def test_every_action_is_done_exactly_once(trial: World, point: tuple[str, int]) -> None:
    trial.begin_anew()
    trial.heal()
    assert trial.run(*COMMAND, at=point).killed
    trial.wait_for_the_dead()
    again = trial.run(*COMMAND)
    assert again.status == 4, again.shown  # one action went stale in the meantime
    assert Counter(arrived(trial.log())) == Counter(TO_DO)
    assert trial.run(*COMMAND).status == 5  # which no further try would change
    assert Counter(arrived(trial.log())) == Counter(TO_DO)


def test_it_is_killed_again_and_again(trial: World) -> None:
    trial.begin_anew()
    trial.heal()
    for _ in range(3):
        assert trial.run(*COMMAND, at=("after the ledger's answer", 1)).killed
        trial.wait_for_the_dead()
    assert trial.run(*COMMAND).status == 4
    assert Counter(arrived(trial.log())) == Counter(TO_DO)
    *dead, last = trial.stories()
    assert {story.summary.state for story in dead} == {RunState.DIED}
    assert last.summary.state is RunState.COMPLETED
    assert [story.summary.resumes for story in (*dead, last)] == [
        None,
        *(story.summary.run for story in dead),
    ]
