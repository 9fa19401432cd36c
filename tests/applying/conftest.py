"""A sandbox for each test, on a clock that only waiting moves."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import SandboxServer, SandboxState
from tests.applying.trial import Trial
from tests.applying.virtual_clock import VirtualClock


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    clock = VirtualClock()

    def now() -> float:
        return clock.now().timestamp()

    path = tmp_path / "sandbox.db"
    with SandboxState.open(path, now=now) as state, SandboxServer(path, now=now) as server:
        yield Trial(state, server.url, clock)
    assert (clock.slept_through, clock.stuck) == (0, 0)
    assert not [t for t in threading.enumerate() if t.name.startswith("reconciler-")]
