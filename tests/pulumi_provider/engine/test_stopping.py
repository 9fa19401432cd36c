"""Interrupted and killed: nothing new is begun, and the next update settles what was in doubt."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from reconciler.sandbox import Fault, FaultKind, Match, load_seed
from tests.pulumi_provider.engine.stack import Stack

MANY = 12
PATIENCE = 60


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


@contextmanager
def updating(stack: Stack) -> Iterator[subprocess.Popen[str]]:
    """An update, as soon as its first disconnect has arrived; its processes do not outlive it."""
    process = subprocess.Popen(
        stack.command("up", "--yes", "--skip-preview"),
        cwd=stack.folder,
        env=stack.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    family: list[psutil.Process] = []
    try:
        wait_until(lambda: bool(stack.disconnects()))
        family = psutil.Process(process.pid).children(recursive=True)
        ours = [member for member in family if member.name().startswith("python")]
        yield process
        # Pulumi's own helper outlives a command that was killed; ours do not.
        wait_until(lambda: not any(alive(member) for member in ours))
    finally:
        for member in family:
            if alive(member):
                member.kill()
        process.kill()
        if process.stdout and not process.stdout.closed:
            process.communicate()


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def member(process: subprocess.Popen[str], words: str) -> psutil.Process:
    for child in psutil.Process(process.pid).children(recursive=True):
        line = child.cmdline()
        if any(words in word for word in line) and "python" in child.name():
            return child
    raise AssertionError(f"no process of {words}")


def only_those_in_flight(stack: Stack, before: int) -> None:
    """At most the calls of the four threads that were already under way arrived later."""
    assert len(stack.disconnects()) <= before + 4
    assert len(stack.disconnects()) < MANY


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_starts_nothing_new(stack: Stack, times: int) -> None:
    crowd(stack)
    with updating(stack) as process:
        before = len(stack.disconnects())
        for _ in range(times):
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.3)
        out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode != 0
        stack.no_traceback(out)
    only_those_in_flight(stack, before)
    heals(stack)


@pytest.mark.parametrize("victim", ["cli", "pulumi-language-python-exec", "pulumi.dynamic"])
def test_a_killed_process_starts_nothing_new(stack: Stack, victim: str) -> None:
    crowd(stack)
    with updating(stack) as process:
        before = len(stack.disconnects())
        if victim == "cli":
            os.kill(process.pid, signal.SIGKILL)
        else:
            member(process, victim).kill()
        process.communicate(timeout=PATIENCE)
    only_those_in_flight(stack, before)
    if victim == "cli":
        assert stack.up("--skip-preview") != 0
        assert "the stack is currently locked" in stack.out
        assert stack.run("cancel", "--yes") == 0, stack.out
    heals(stack)


def heals(stack: Stack) -> None:
    """The next update does what is left, and nobody is disconnected twice.

    A call that died with the sandbox of a killed process had no effect, and is sent by a new plan.
    """
    stack.sandbox.clear_faults()
    stack.run("refresh", "--clear-pending-creates", "--yes", "--skip-preview")
    assert stack.up("--skip-preview") == 0, stack.out
    assert stack.preview("--expect-no-changes") in (0, 7)
    calls = [entry for entry in stack.sandbox.log() if entry.endpoint == "disconnect"]
    effects = [call.external_id for call in calls if call.effect]
    assert len(effects) == len(set(effects)) == MANY
