"""The processes that fork those that are killed, and a world for them."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from reconciler.domain import LedgerPlace
from tests.crash.children import Zygote, zygote
from tests.crash.world import World, world


@pytest.fixture(scope="session")
def zygotes() -> Iterator[list[Zygote]]:
    """Two, for tests in which two processes live at once."""
    with ExitStack() as stack:
        yield [stack.enter_context(zygote()) for _ in range(2)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.exhaustive)])
def place(request: pytest.FixtureRequest) -> LedgerPlace:
    found: LedgerPlace = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def trial(tmp_path: Path, place: LedgerPlace, zygotes: list[Zygote]) -> Iterator[World]:
    """A world, once with its ledger in SQLite and once in PostgreSQL."""
    with world(tmp_path, place, zygotes) as made:
        yield made
