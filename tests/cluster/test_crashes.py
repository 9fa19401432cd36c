"""``kill -9`` of a run in mid-apply: the next try waits for its lock, and settles what it left."""

import re

from tests.cluster.conftest import MakeWorld
from tests.cluster.delivery import ONE_AT_A_TIME, of_job
from tests.cluster.fleets import Fleet, slow

SHARED = of_job("/template/spec/shareProcessNamespace", True)
"""So that the tool is not the first process of its container, which nothing inside can kill."""
AT_ONCE = of_job(
    "/template/spec/containers/0/args",
    ["apply", "--all-workspaces", "--auto-approve", "--parallelism", "1"],
)
"""Without ``--lock-timeout``."""


def test_a_try_that_does_not_wait_ends_with_75_until_the_lock_of_the_dead_run_has_expired(
    make_world: MakeWorld,
) -> None:
    world = make_world(Fleet(name="acme", faults=(slow("acme", seconds=60),)), Fleet(name="globex"))
    world.deliver("apply", patch=[AT_ONCE, SHARED])
    job = world.start("apply-1")
    world.until_disconnected("leaver@acme.example.com")
    world.kill(job.running())
    assert job.ended() == "Complete"
    killed, *waiting, last = job.statuses()
    assert (killed, set(waiting), last) == (137, {75}, 0)
    assert world.disconnects() == world.planned()
    finished, *_, dead = world.runs("acme")
    assert (finished["state"], dead["state"]) == ("completed", "died")
    assert (dead["in_doubt"], dead["summary"]["verified"]) == (0, 1)


def test_a_call_that_takes_effect_after_its_run_was_killed_is_not_sent_again(
    make_world: MakeWorld,
) -> None:
    late = slow("acme", seconds=0) | {"latency": 50}
    world = make_world(Fleet(name="acme", faults=(late,)), Fleet(name="globex"))
    world.deliver("apply", patch=[*ONE_AT_A_TIME, SHARED])
    job = world.start("apply-1")
    world.until_disconnected("leaver@acme.example.com")
    world.kill(job.running())
    assert job.ended() == "Complete"
    assert job.statuses() == [137, 0]
    assert world.disconnects() == world.planned()
    assert re.search(
        r"✓ disconnect google of leaver@acme\.example\.com .*: verified", job.written(0, 1)
    )
