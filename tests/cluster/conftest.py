"""The cluster under test, and worlds in it."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.fleets import Fleet
from tests.cluster.kubectl import NOT_NAMED, Kubectl, checked_context
from tests.cluster.world import World, world

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def kubectl() -> Kubectl:
    context = checked_context() if os.environ.get("TEST_CLUSTER") else None
    if context is None:
        pytest.skip(NOT_NAMED)
    return Kubectl(context)


@pytest.fixture
def make_world(kubectl: Kubectl, tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a world of fleets: by default two workspaces in which there is something to do."""
    with ExitStack() as stack:

        def make(*fleets: Fleet) -> World:
            chosen = fleets or (Fleet(name="acme"), Fleet(name="globex"))
            return stack.enter_context(world(kubectl, tmp_path, *chosen))

        yield make
