"""Second processes of a test, each an ``actor``, that do not outlive it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from reconciler.domain import LedgerPlace

_ROOT: Final = Path(__file__).parents[2]


class Failed(Exception):
    """What the other process was told by the ledger; ``kind`` is the class of the error."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind
        self.text = text


class Process:
    """One of them, running."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, command: str, *arguments: object) -> None:
        """Let it begin to do something."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([command, *arguments]) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """What came of the oldest thing it was told. Raises :class:`Failed`."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the process ended"
        reply = json.loads(line)
        if "error" in reply:
            raise Failed(reply["error"], reply["text"])
        return reply["ok"]

    def ask(self, command: str, *arguments: object) -> Any:
        self.tell(command, *arguments)
        return self.hear()

    def kill(self) -> None:
        """SIGKILL, and nothing of it is left, not even a zombie."""
        self._process.kill()
        self._process.wait()

    def stand_still(self) -> None:
        """SIGSTOP; it does not move when this returns."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


class Processes:
    """Starts them at one ledger."""

    def __init__(self, place: LedgerPlace, stack: ExitStack) -> None:
        self._place = place
        self._stack = stack

    def start(self, *, lease: float = 30.0, beat: float = 3600.0) -> Process:
        """Another one; its runs beat every ``beat`` seconds and take over after ``lease``."""
        arguments = [str(self._place), str(lease), str(beat)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.actor", *arguments],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        started = Process(process)
        assert started.hear() == "ready"
        return started


@contextmanager
def processes_at(place: LedgerPlace) -> Iterator[Processes]:
    with ExitStack() as stack:
        yield Processes(place, stack)
