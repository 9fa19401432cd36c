"""The cluster under test, and worlds in it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.fleets import Fleet
from tests.cluster.jobs import JOB_NAME
from tests.cluster.kubectl import NOT_NAMED, Kubectl, checked_context
from tests.cluster.leaks import leaks
from tests.cluster.world import World, world

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def kubectl() -> Kubectl:
    context = checked_context() if os.environ.get("TEST_CLUSTER") else None
    if context is None:
        pytest.skip(NOT_NAMED)
    return Kubectl(context)


@pytest.fixture
def nodes(
    kubectl: Kubectl,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """The nodes: for all tests that run, or for the one alone that drains them."""
    alone = "drained" in request.fixturenames
    with (tmp_path_factory.getbasetemp().parent / "nodes").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@pytest.fixture
def make_world(kubectl: Kubectl, nodes: None, tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a world of fleets: by default two workspaces in which there is something to do.

    In the end no secret may be readable in it.
    """
    with ExitStack() as stack:

        def make(*fleets: Fleet) -> World:
            chosen = fleets or (Fleet(name="acme"), Fleet(name="globex"))
            made = stack.enter_context(world(kubectl, tmp_path, *chosen))
            stack.callback(lambda: no_leaks(made))
            return made

        yield make


def no_leaks(world: World) -> None:
    assert leaks(world) == []


class Nodes:
    """All nodes of the cluster, to be drained."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._names = [each["metadata"]["name"] for each in kubectl.get("nodes")["items"]]

    def drain(self, world: World, pod: str) -> None:
        """Let no node take new pods, and evict those of a pod's Job from its node."""
        self._kubectl.run("cordon", *self._names)
        seen = world.recording.pods[pod]
        selector = f"--pod-selector={JOB_NAME}={seen['metadata']['labels'][JOB_NAME]}"
        node = seen["spec"]["nodeName"]
        world.kubectl.run("drain", node, selector, "--ignore-daemonsets", "--timeout=180s")

    def open(self) -> None:
        self._kubectl.run("uncordon", *self._names)


@pytest.fixture
def drained(kubectl: Kubectl, make_world: MakeWorld) -> Iterator[Nodes]:
    """Nodes that a test drains; open again in the end."""
    nodes = Nodes(kubectl)
    try:
        yield nodes
    finally:
        nodes.open()
