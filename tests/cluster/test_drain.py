"""A node is drained while its pods work, and no other takes new ones until somebody lets it."""

from tests.cluster.conftest import MakeWorld, Nodes
from tests.cluster.delivery import ONE_AT_A_TIME, of_job
from tests.cluster.fleets import Fleet, slow
from tests.cluster.kubectl import wait_until


def test_an_apply_on_a_drained_node_ends_in_order_and_is_not_tried_again(
    make_world: MakeWorld, drained: Nodes
) -> None:
    world = make_world(Fleet(name="acme", faults=(slow("acme", seconds=20),)), Fleet(name="globex"))
    world.deliver("apply", patch=ONE_AT_A_TIME)
    job = world.start("apply-1")
    world.until_disconnected("leaver@acme.example.com")
    wait_until("the end of the other index", lambda: job.completed == {1})
    drained.drain(world, job.running())
    assert job.ended() == "FailedIndexes"
    assert (job.statuses(), job.failed) == ([143], {0})
    assert world.disconnects()["acme"] == world.planned()["acme"][:1]
    (run,) = world.runs("acme")
    assert (run["state"], run["halted"]) == ("completed", "interrupted")


def test_a_drift_check_on_a_drained_node_waits_for_a_node_and_is_made_again(
    make_world: MakeWorld, drained: Nodes
) -> None:
    late = {"kind": "latency", "match": {"endpoint": "list_users"}, "answerDelay": 15}
    world = make_world(Fleet(name="acme", faults=(late,)), Fleet(name="globex", settled=True))
    world.deliver("drift", patch=[of_job("/backoffLimitPerIndex", 0)])
    job = world.start("drift-1", "drift")
    world.until_listed("acme")
    wait_until("the end of the other index", lambda: job.completed == {1})
    drained.drain(world, job.running())
    wait_until("another try", lambda: len(job.tries()) == 2)
    taken, again = job.tries()
    assert (taken.status, taken.disrupted, again.pending) == (143, True, True)
    drained.open()
    assert job.ended() == "FailedIndexes"
    assert (job.statuses(), job.failed) == ([143, 2], {0})
    assert world.disconnects() == {"acme": [], "globex": []}
