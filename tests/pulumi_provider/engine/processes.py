"""An update while it runs, with all its processes."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from tests.pulumi_provider.engine.stack import Stack


@contextmanager
def updating(stack: Stack, begun: Callable[[], bool]) -> Iterator[subprocess.Popen[str]]:
    """An update, as soon as it has ``begun``; its processes do not outlive it."""
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
        wait_until(begun)
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
    while not condition():
        time.sleep(0.05)


def member(process: subprocess.Popen[str], words: str) -> psutil.Process:
    """The Python process under ``process`` whose command line holds ``words``."""
    for child in psutil.Process(process.pid).children(recursive=True):
        line = child.cmdline()
        if any(words in word for word in line) and "python" in child.name():
            return child
    raise AssertionError(f"no process of {words}")
