"""Fault schedules: some that were thought up, and fifty by chance. ``make test-all`` plays two
hundred by chance, and ``make chaos`` ten thousand."""

from collections.abc import Iterator

import pytest

from tests.chaos.campaign import campaign
from tests.chaos.player import Stage
from tests.chaos.schedule import (
    ApplyIt,
    Config,
    Crash,
    Declared,
    Fault,
    Faulty,
    Incident,
    Person,
    PlanIt,
    ResumeIt,
    Rival,
    Run,
    Schedule,
    Suspend,
    Switches,
    Trigger,
    from_blob,
    to_blob,
)
from tests.chaos.troubles import TROUBLES
from tests.postgresql import binaries

PEOPLE = (
    Person("u0", "one", "none"),
    Person("u1", "one", "one"),
    Person("u2", "one", "none"),
)
MANIFEST = (
    Declared("u0", ("google",)),
    Declared("u1", ("google",), bot_name="Scribe"),
    Declared("u2", ()),
)
TROUBLE = Schedule(
    seed=3,
    people=PEOPLE,
    manifests=(MANIFEST,),
    configs=(Config(),),
    switches=Switches(disconnect_takes=3),
    steps=(
        Run(PlanIt()),
        Faulty((Fault("drop_after", on="disconnect"),)),
        Run(
            ApplyIt(saved=0, workers=1),
            (
                Incident(Trigger("written:intent"), Rival(ApplyIt(), delay=33)),
                Incident(Trigger("written:intent"), Suspend(45)),
            ),
        ),
        Run(ApplyIt(), (Incident(Trigger("answer:disconnect"), Crash()),)),
        Run(ResumeIt()),
    ),
)


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    cluster = None if binaries() is None else request.getfixturevalue("cluster")
    with Stage(cluster) as stage:
        yield stage


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(1, 4))]
)
def test_whatever_goes_wrong_the_invariants_hold(stage: Stage, seed: int) -> None:
    tally = campaign(stage, number=50, seed_=seed)
    assert tally.violated is None, tally.violated
    assert tally.played == 50


@pytest.mark.parametrize("schedule", TROUBLES.values(), ids=list(TROUBLES))
def test_where_something_would_go_wrong_it_does_not(stage: Stage, schedule: Schedule) -> None:
    stage.check(schedule)


def test_a_schedule_goes_the_same_way_each_time(stage: Stage) -> None:
    first, again = stage.play(TROUBLE), stage.play(TROUBLE)
    assert not first.violations
    assert first.trace == again.trace


def test_a_schedule_survives_being_printed() -> None:
    assert from_blob(to_blob(TROUBLE)) == TROUBLE
