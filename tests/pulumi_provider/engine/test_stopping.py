"""Interrupted, cancelled and killed: nothing new is begun, and the next update settles what was
in doubt."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing

import pytest

from reconciler.sandbox import Fault, FaultKind, Match, SandboxServer, load_seed
from reconciler.sandbox.database import StateDatabase
from reconciler.sandbox.server import announced
from tests.dead_runs import let_calls_end
from tests.pulumi_provider.engine.processes import member, updating
from tests.pulumi_provider.engine.stack import Stack

MANY = 12


@pytest.fixture(autouse=True)
def _served(stack: Stack) -> Iterator[None]:
    """The sandbox outlives the processes that are killed, as the API does."""
    path = stack.folder / "state/sandbox.db"
    with (
        SandboxServer(path) as server,
        closing(StateDatabase(path)) as database,
        announced(database, server.url),
    ):
        yield


def crowd(stack: Stack) -> None:
    """Many leavers, each of whose calls takes a while."""
    ids = [f"leaver{number:02}@example.com" for number in range(MANY)]
    stack.configure("limits: {maxDisconnects: null, maxDisconnectPercent: null}")
    stack.declare(*(f"{{id: {name}, platforms: [], reason: left}}" for name in ids))
    seed = "".join(f"  - {{external_id: {name}, connected: {{google: {name}}}}}\n" for name in ids)
    stack.write("seed.yaml", f"apiVersion: reconciler/sandbox/v1\nusers:\n{seed}")
    stack.sandbox.seed(load_seed(stack.folder / "seed.yaml"))
    slow = Fault(
        kind=FaultKind.LATENCY, latency=1.5, times="forever", match=Match(endpoint="disconnect")
    )
    stack.fail(slow)


def acting(stack: Stack) -> AbstractContextManager[subprocess.Popen[str]]:
    """An update, as soon as its first disconnect has arrived."""
    return updating(stack, lambda: bool(stack.disconnects()))


def only_those_in_flight(stack: Stack, before: int) -> None:
    """At most the calls of the four threads that were already under way arrived later."""
    assert len(stack.disconnects()) <= before + 4
    assert len(stack.disconnects()) < MANY


@pytest.mark.parametrize("times", [pytest.param(1, marks=pytest.mark.sample), 2])
def test_an_interrupt_starts_nothing_new(stack: Stack, times: int) -> None:
    crowd(stack)
    with acting(stack) as process:
        before = len(stack.disconnects())
        for _ in range(times):
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.3)
        out, _ = process.communicate()
        assert process.returncode != 0
        stack.no_traceback(out)
    only_those_in_flight(stack, before)
    heals(stack)


def test_a_cancel_by_another_command_starts_nothing_new(stack: Stack) -> None:
    """On a file backend it only takes the stack's lock away, and says that it cancelled."""
    crowd(stack)
    with acting(stack) as process:
        assert stack.run("cancel", "--yes") == 0, stack.out
        before = len(stack.disconnects())
        out, _ = process.communicate()
        assert process.returncode != 0
        stack.no_traceback(out)
    assert "not attempted: the run stopped before this action was done" in out
    only_those_in_flight(stack, before)
    heals(stack)


@pytest.mark.parametrize(
    "victim",
    ["pulumi-language-python-exec", pytest.param("pulumi.dynamic", marks=pytest.mark.sample)],
)
def test_a_killed_program_or_provider_starts_nothing_new(stack: Stack, victim: str) -> None:
    crowd(stack)
    with acting(stack) as process:
        before = len(stack.disconnects())
        member(process, victim).kill()
        process.communicate()
    only_those_in_flight(stack, before)
    heals(stack)


def test_a_killed_command_starts_nothing_new_and_two_commands_bring_the_stack_back(
    stack: Stack,
) -> None:
    crowd(stack)
    with acting(stack) as process:
        before = len(stack.disconnects())
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    only_those_in_flight(stack, before)
    done = stack.disconnects()
    assert stack.up("--skip-preview") != 0
    assert "the stack is currently locked" in stack.out
    assert stack.run("cancel", "--yes") == 0, stack.out
    stack.sandbox.clear_faults()
    assert stack.run("refresh", "--clear-pending-creates", "--yes", "--skip-preview") == 0
    assert stack.disconnects() == done
    heals(stack)


def heals(stack: Stack) -> None:
    """Updates settle what arrived, do what is left, and disconnect nobody twice.

    Whose call never arrived is held by the first of them, which cannot know that.
    """
    stack.sandbox.clear_faults()
    let_calls_end(stack.folder)
    if stack.up("--skip-preview") != 0:
        assert "held because an earlier call" in stack.out
        assert stack.up("--skip-preview") == 0, stack.out
    assert stack.preview("--expect-no-changes") in (0, 7)
    calls = [entry for entry in stack.sandbox.log() if entry.endpoint == "disconnect"]
    assert sorted(str(call.external_id) for call in calls) == [
        f"leaver{number:02}@example.com" for number in range(MANY)
    ]
