"""More than one Job for the same workspaces."""

from itertools import pairwise

from tests.cluster.conftest import MakeWorld
from tests.cluster.fleets import Fleet, slow
from tests.cluster.jobs import Job
from tests.cluster.kubectl import Object, wait_until

OF_SCHEDULE = "reconciler-apply-"


def test_of_two_jobs_at_once_the_second_waits_and_finds_nothing_left(
    make_world: MakeWorld,
) -> None:
    world = make_world(Fleet(name="acme", faults=(slow("acme", seconds=15),)), Fleet(name="globex"))
    first = world.start("apply-1")
    world.until_disconnected("leaver@acme.example.com")
    second = world.start("apply-2")
    assert (second.ended(), first.ended()) == ("Complete", "Complete")
    assert world.disconnects() == world.planned()
    after, before = world.runs("acme")
    assert (before["summary"]["calls"], after["summary"]["calls"]) == (2, 0)
    assert before["ended"] <= after["ended"]


def test_a_schedule_starts_no_job_while_one_runs(make_world: MakeWorld) -> None:
    """A run that reads back for more than a minute, started every minute."""
    world = make_world(
        Fleet(
            name="acme",
            behaviour={"disconnectTakesSeconds": 75},
            settings={"timeouts": {"readBackSeconds": 120}},
        ),
        Fleet(name="globex"),
    )
    every_minute: list[Object] = [
        {"op": "replace", "path": "/spec/suspend", "value": False},
        {"op": "replace", "path": "/spec/schedule", "value": "* * * * *"},
    ]
    world.deliver("apply", patch=every_minute)

    def jobs() -> list[Job]:
        names = [each["metadata"]["name"] for each in world.kubectl.get("jobs")["items"]]
        names = sorted(each for each in names if each.startswith(OF_SCHEDULE))
        return [Job(world.kubectl, world.recording, each) for each in names]

    wait_until("a second Job of the schedule", lambda: len(jobs()) > 1)
    first, second, *_ = jobs()
    assert (first.ended(), second.ended()) == ("Complete", "Complete")
    spans = [each.span() for each in (first, second)]
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    skipped = world.kubectl.get("events", "--field-selector=reason=JobAlreadyActive")
    assert skipped["items"]
    assert world.disconnects() == world.planned()
