"""The ledger goes down and comes back while a Job applies."""

from tests.cluster.conftest import MakeWorld
from tests.cluster.delivery import ONE_AT_A_TIME
from tests.cluster.fleets import Fleet, slow
from tests.cluster.kubectl import wait_until


def test_a_run_that_loses_the_ledger_sends_nothing_more_and_the_next_job_settles_it(
    make_world: MakeWorld,
) -> None:
    world = make_world(Fleet(name="acme", faults=(slow("acme", seconds=20),)), Fleet(name="globex"))
    world.deliver("apply", patch=ONE_AT_A_TIME)
    job = world.start("apply-1")
    world.until_disconnected("leaver@acme.example.com")
    wait_until("the end of the other index", lambda: job.completed == {1})
    world.stop_ledger()
    assert job.ended() == "FailedIndexes"
    assert (job.statuses(), job.failed) == ([4], {0})
    assert len(world.disconnects()["acme"]) == 1
    world.start_ledger()
    again = world.start("apply-2")
    assert again.ended() == "Complete"
    assert world.disconnects() == world.planned()


def test_a_run_that_loses_the_ledger_before_its_first_call_is_tried_again(
    make_world: MakeWorld,
) -> None:
    late = {"kind": "latency", "match": {"endpoint": "list_users"}, "answerDelay": 15}
    world = make_world(Fleet(name="acme", faults=(late,)), Fleet(name="globex", faults=(late,)))
    job = world.start("apply-1")
    world.until_listed("acme")
    world.until_listed("globex")
    world.stop_ledger()
    wait_until("the end of the first tries", lambda: None not in job.statuses() + job.statuses(1))
    assert world.disconnects() == {"acme": [], "globex": []}
    world.start_ledger()
    assert job.ended() == "Complete"
    for index in (0, 1):
        *lost, last = job.statuses(index)
        assert (set(lost), last) == ({75}, 0)
    assert world.disconnects() == world.planned()


def test_a_run_goes_on_after_a_short_outage_between_two_records(make_world: MakeWorld) -> None:
    world = make_world(Fleet(name="acme", faults=(slow("acme", seconds=20),)), Fleet(name="globex"))
    world.deliver("apply", patch=ONE_AT_A_TIME)
    job = world.start("apply-1")
    world.until_disconnected("leaver@acme.example.com")
    wait_until("the end of the other index", lambda: job.completed == {1})
    world.stop_ledger()
    world.start_ledger()
    assert job.ended() == "Complete"
    assert job.statuses() == [0]
    assert world.disconnects() == world.planned()
