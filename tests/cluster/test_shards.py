"""How the pods of a Job share the workspaces, over all tries and changes of the configuration."""

import re

from tests.cluster.conftest import MakeWorld
from tests.cluster.fleets import Fleet
from tests.cluster.jobs import Job
from tests.cluster.kubectl import wait_until

NAMES = ("acme", "beta", "globex", "initech", "umbrella")
FIRST = "aardvark"
"""A workspace that would move all others to another index."""
TOO_MANY = {
    "kind": "status",
    "status": 429,
    "headers": {"Retry-After": "3600"},
    "match": {"endpoint": "list_users"},
}


def reported(job: Job, index: int, place: int) -> list[str]:
    """The workspaces that a try reported on."""
    return re.findall(r"^(\S+)\n=+$", job.written(index, place), re.MULTILINE)


def test_every_workspace_has_one_index_which_stays_its_own_over_retries_and_configurations(
    make_world: MakeWorld,
) -> None:
    world = make_world(Fleet(name=FIRST), *(Fleet(name=each, faults=(TOO_MANY,)) for each in NAMES))
    world.configure(*NAMES)
    world.deliver("apply", completions=2)
    job = world.start("apply-1")
    wait_until("the first tries", lambda: job.statuses(0)[:1] + job.statuses(1)[:1] == [75, 75])
    world.configure(FIRST, *NAMES)
    world.deliver("apply", completions=2)
    assert job.ended() == "Complete"
    expected = {0: ["acme", "globex", "umbrella"], 1: ["beta", "initech"]}
    for index, names in expected.items():
        assert job.statuses(index) == [75, 0]
        assert [reported(job, index, place) for place in (0, 1)] == [names, names]
    assert world.disconnects() == {**world.planned(), FIRST: []}
