"""What a Job makes of each exit status: the table of docs/kubernetes.md, seen on a cluster."""

import pytest

from reconciler.domain import Exit
from tests.cluster.conftest import MakeWorld
from tests.cluster.delivery import of_job
from tests.cluster.fleets import Disconnects, Fleet
from tests.cluster.jobs import Job
from tests.kubernetes.documented import JOBS, NEVER, documented
from tests.small_fleet import MANIFEST

ENDS = "import os, sys; sys.exit({statuses}[int(os.environ['JOB_COMPLETION_INDEX'])])"
ONE_RETRY = of_job("/backoffLimitPerIndex", 1)
CRASH = 137


def outcome(job: Job, index: int) -> str:
    """What came of an index in a Job that tries once more, as the page calls it."""
    tries = len(job.tries(index))
    if index in job.completed:
        assert tries == 1
        return "done"
    assert index in job.failed
    return {1: "failed", 2: "again"}[tries]


@pytest.mark.parametrize("what", JOBS)
def test_every_status_has_the_outcome_of_the_page(make_world: MakeWorld, what: str) -> None:
    expected: dict[int, str] = {CRASH: "again"}
    expected |= {status: word for status, word in documented(what).items() if word != NEVER}
    statuses = sorted(map(int, expected))
    world = make_world()
    program = ["python", "-c", ENDS.format(statuses=statuses)]
    command = of_job("/template/spec/containers/0/command", program)
    world.deliver(what, completions=len(statuses), patch=[command, ONE_RETRY])
    job = world.start("statuses", what)
    assert job.ended() == "FailedIndexes"
    for index, status in enumerate(statuses):
        assert set(job.statuses(index)) == {status}
    assert {status: outcome(job, each) for each, status in enumerate(statuses)} == expected


def listing(**fault: object) -> tuple[dict[str, object], ...]:
    """A fault of every list call."""
    return ({"match": {"endpoint": "list_users"}, "times": "forever", **fault},)


def refused_disconnect(fleet: str) -> dict[str, object]:
    match = {"endpoint": "disconnect", "external_id": f"leaver@{fleet}.example.com"}
    return {"kind": "status", "status": 400, "match": match, "times": "forever"}


TOO_MANY = {"Retry-After": "3600"}
ENDING = (
    (Fleet(name="a-settled", settled=True), Exit.OK, Exit.OK),
    (Fleet(name="changes"), Exit.CHANGES, Exit.OK),
    (Fleet(name="credentials", wrong_key=True), Exit.CREDENTIALS, Exit.CREDENTIALS),
    (
        Fleet(name="incomplete", faults=listing(kind="malformed_row")),
        Exit.INCOMPLETE,
        Exit.INCOMPLETE,
    ),
    (
        Fleet(name="invalid", manifest=MANIFEST.replace("[google]", "[skype]")),
        Exit.INVALID,
        Exit.INVALID,
    ),
    (
        Fleet(name="partial", faults=(refused_disconnect("partial"),)),
        Exit.CHANGES,
        Exit.PARTIAL,
    ),
    (
        Fleet(name="refused", settings={"limits": {"maxDisconnects": 0}}),
        Exit.REFUSED,
        Exit.REFUSED,
    ),
    (
        Fleet(name="try-later", faults=listing(kind="status", status=429, headers=TOO_MANY)),
        Exit.TRY_LATER,
        Exit.TRY_LATER,
    ),
    (
        Fleet(name="undeclared", settings={"unmanaged": "fail"}, settled=True),
        Exit.UNDECLARED,
        Exit.OK,
    ),
    (
        Fleet(name="unreachable", faults=listing(kind="drop_before")),
        Exit.UNREACHABLE,
        Exit.UNREACHABLE,
    ),
)
"""Workspaces, and how ``plan`` and ``apply`` end in each; in the order of the indexes."""


def test_what_the_tool_ends_with_has_the_outcome_of_the_page(make_world: MakeWorld) -> None:
    world = make_world(*(fleet for fleet, *_ in ENDING))
    for place, what in enumerate(JOBS):
        world.deliver(what, patch=[ONE_RETRY])
        job = world.start(f"real-{what}", what)
        assert job.ended() == "FailedIndexes"
        ends = {fleet.name: statuses[place] for fleet, *statuses in ENDING}
        assert {name: job.statuses(index)[0] for index, name in enumerate(ends)} == ends
        for index, status in enumerate(ends.values()):
            assert outcome(job, index) == documented(what)[status]
    sent: dict[str, Disconnects] = {name: [] for name in world.fleets}
    sent |= {name: world.fleets[name].planned for name in ("changes", "partial")}
    assert world.disconnects() == sent
