"""The image for Pulumi: a stack in containers that have a home and a ledger to write to."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

import pytest

from reconciler.sandbox import Fault, FaultKind, Match
from tests.image.conftest import Fleet
from tests.image.containers import Container, Ended, Engine
from tests.image.test_running import LEAVER, MOVER, wait_until
from tests.small_fleet import KEY

PROJECT = """\
name: fleet
runtime: python
"""
PROGRAM = """\
from reconciler.pulumi_provider import Fleet, declare_fleet

declare_fleet(Fleet("trial"))
"""
SETTINGS = "encryptionsalt: v1:lsKxjAI9bD4=:v1:CTs0UK8E2Xrs9Yg9:z1lHPPqAKHqr67GHLexaTVxSDY5gbw==\n"
"""What an empty passphrase makes, so that nothing has to be written beside the program."""


class Stack:
    """The fleet of a test as a stack; each command is a container of its own."""

    def __init__(self, engine: Engine, fleet: Fleet, home: str) -> None:
        self._engine = engine
        self._options = (
            *fleet.mounts,
            *("--volume", f"{home}:/home/reconciler", "--tmpfs", "/tmp:mode=1777"),
            *("--env", "PULUMI_BACKEND_URL=file:///home/reconciler"),
            *("--env", "PULUMI_CONFIG_PASSPHRASE="),
        )
        fleet.write("Pulumi.yaml", PROJECT)
        fleet.write("__main__.py", PROGRAM)
        fleet.write("Pulumi.dev.yaml", SETTINGS)
        made = self.run("stack", "init", "dev", "--no-select")
        assert made.status == 0, made.err

    def run(self, *command: str) -> Ended:
        return self._engine.run(*command, options=self._options, net="host")

    def started(self, *command: str) -> AbstractContextManager[Container]:
        return self._engine.started(*command, options=self._options, net="host")


@pytest.fixture
def pulumi() -> Engine:
    image = os.environ.get("TEST_PULUMI_IMAGE")
    if image is None:
        pytest.skip("the container image for Pulumi is not built")
    return Engine(os.environ["TEST_ENGINE"], image)


@pytest.fixture
def stack(pulumi: Engine, fleet: Fleet) -> Iterator[Stack]:
    with pulumi.volume() as home:
        yield Stack(pulumi, fleet, home)


@pytest.fixture
def engine(pulumi: Engine) -> Engine:
    """The engine of the image for Pulumi, in place of the other image's."""
    return pulumi


UPDATE: Sequence[str] = ("up", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive")


def test_a_preview_in_a_container_sends_nothing(stack: Stack, fleet: Fleet) -> None:
    ended = stack.run("preview", "--stack", "dev", "--non-interactive")
    assert ended.status == 0, ended.out + ended.err
    assert fleet.arrived("list_users")
    assert fleet.disconnects() == []


def test_an_update_in_a_container_sends_exactly_the_calls_of_its_plan(
    stack: Stack, fleet: Fleet
) -> None:
    ended = stack.run(*UPDATE)
    assert ended.status == 0, ended.out + ended.err
    assert fleet.disconnects() == [LEAVER, MOVER]
    assert KEY not in ended.out + ended.err
    again = stack.run(*UPDATE, "--expect-no-changes")
    assert again.status == 0, again.out + again.err
    assert fleet.disconnects() == [LEAVER, MOVER]


def test_sigterm_ends_an_update_in_order(stack: Stack, fleet: Fleet) -> None:
    slow = Match(endpoint="disconnect")
    fleet.fail(Fault(kind=FaultKind.LATENCY, answer_delay=3.0, match=slow))
    with stack.started(*UPDATE, "--parallel", "1") as container:
        wait_until(lambda: fleet.arrived("disconnect"))
        container.signal("TERM")
        ended = container.ended()
    assert ended.status != 0
    (call,) = fleet.disconnects()
    assert call in (LEAVER, MOVER)
    rest = stack.run(*UPDATE)
    assert rest.status == 0, rest.out + rest.err
    assert fleet.disconnects() == [LEAVER, MOVER]
