"""The cluster takes a pod away in mid-apply: by eviction, a drained node or a deadline."""

from tests.cluster.conftest import MakeWorld
from tests.cluster.delivery import ONE_AT_A_TIME, of_job
from tests.cluster.fleets import Fleet, slow
from tests.cluster.jobs import Job
from tests.cluster.world import World

LEAVER = ("leaver@acme.example.com", '{"platform":"google"}')


def in_mid_apply(make_world: MakeWorld) -> tuple[World, Job]:
    """A Job in whose first workspace one call waits for its answer, and another is not begun."""
    world = make_world(Fleet(name="acme", faults=(slow("acme", seconds=20),)), Fleet(name="globex"))
    world.deliver("apply", patch=ONE_AT_A_TIME)
    job = world.start("apply-1")
    world.until_disconnected("leaver@acme.example.com")
    return world, job


def check_reported(world: World, job: Job) -> None:
    """The run reported, and the ledger has it: one call verified, one not begun."""
    written = job.written()
    assert "verified: disconnect google leaver@acme.example.com" in written
    assert "Run: 1 verified, 1 not attempted; 1 mutating call sent." in written
    (run,) = world.runs("acme")
    summary = run["summary"]
    assert (summary["verified"], summary["not_attempted"], summary["calls"]) == (1, 1, 1)
    assert (run["state"], run["halted"], run["in_doubt"]) == ("completed", "interrupted", 0)
    assert world.disconnects()["acme"] == [LEAVER]


def check_next_job_does_the_rest(world: World) -> None:
    job = world.start("apply-2")
    assert job.ended() == "Complete"
    assert world.disconnects() == world.planned()


def test_an_evicted_run_reads_back_and_reports_and_its_index_is_not_tried_again(
    make_world: MakeWorld,
) -> None:
    world, job = in_mid_apply(make_world)
    world.evict(job.running())
    assert job.ended() == "FailedIndexes"
    (only,) = job.tries()
    assert (only.status, only.disrupted) == (143, True)
    assert (job.failed, job.completed) == ({0}, {1})
    check_reported(world, job)
    check_next_job_does_the_rest(world)


def test_a_run_whose_job_reaches_its_deadline_reads_back_and_reports(
    make_world: MakeWorld,
) -> None:
    world, job = in_mid_apply(make_world)
    world.kubectl.run("patch", "job", job.name, "--patch", '{"spec": {"activeDeadlineSeconds": 1}}')
    assert job.ended() == "DeadlineExceeded"
    assert job.statuses() == [143]
    check_reported(world, job)
    check_next_job_does_the_rest(world)


def test_an_evicted_run_that_got_no_time_to_report_is_tried_again_and_settled(
    make_world: MakeWorld,
) -> None:
    world = make_world(Fleet(name="acme", faults=(slow("acme", seconds=60),)), Fleet(name="globex"))
    world.deliver("apply", patch=[*ONE_AT_A_TIME, of_job("/backoffLimitPerIndex", 0)])
    job = world.start("apply-1")
    world.until_disconnected("leaver@acme.example.com")
    world.evict(job.running(), seconds=1)
    assert job.ended() == "Complete"
    killed, again = job.tries()
    assert (killed.status, killed.disrupted, again.status) == (137, True, 0)
    assert world.disconnects() == world.planned()
    assert [each["state"] for each in world.runs("acme")] == ["completed", "died"]


def test_a_drift_check_that_was_evicted_is_made_again_and_counts_as_one_try(
    make_world: MakeWorld,
) -> None:
    late = {"kind": "latency", "match": {"endpoint": "list_users"}, "answerDelay": 15}
    world = make_world(Fleet(name="acme", faults=(late,)), Fleet(name="globex", settled=True))
    world.deliver("drift", patch=[of_job("/backoffLimitPerIndex", 0)])
    job = world.start("drift-1", "drift")
    world.until_listed("acme")
    world.evict(job.running())
    assert job.ended() == "FailedIndexes"
    taken, again = job.tries()
    assert (taken.status, taken.disrupted, again.status) == (143, True, 2)
    assert (job.failed, job.completed) == ({0}, {1})
    assert world.disconnects() == {"acme": [], "globex": []}
