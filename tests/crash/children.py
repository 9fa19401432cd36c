"""Processes of the command line that are killed or stopped at a point, seen from the tests."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

_ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 120.0
"""Seconds after which a process counts as hanging, also on a machine that is busy elsewhere."""


class Order(Struct, frozen=True, kw_only=True):
    """Run the command line with ``arguments`` in ``folder``.

    At the point ``at`` (its number from 1, or its label and which of those called so) it is
    killed, or stopped if ``stop``; ``finely`` also counts the points in the midst of a sending
    and of a commit. ``times`` are the lease, the beat and the poll of locks; ``together`` is how
    many calls wait for each other before the first one leaves. With ``learn`` the zygote does it
    itself, so that whom it forks later find everything loaded.
    """

    arguments: Sequence[str]
    folder: str
    environ: Mapping[str, str]
    out: str
    err: str
    report: str
    at: tuple[str, int] | int | None = None
    stop: bool = False
    finely: bool = False
    times: tuple[float, float, float] | None = None
    together: int = 1
    learn: bool = False


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the zygote's."""

    ready: bool = False
    pid: int | None = None
    stopped: bool = False
    status: int | None = None


class Reached(Struct, frozen=True):
    """How many points a process came by, and the label of the one that it ended or stopped at."""

    number: int
    label: str | None


class Ended(Struct, frozen=True):
    """A process that is over: its exit status (-9: killed), and what it said.

    ``reached`` is None for one that came neither to its point nor to its end.
    """

    status: int
    out: str
    err: str
    reached: Reached | None

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL

    @property
    def shown(self) -> str:
        """All that it said."""
        return f"{self.out}\n{self.err}"

    @property
    def document(self) -> Any:
        """What it reported as JSON."""
        assert self.out, f"status {self.status}: {self.err}"
        return msgspec.json.decode(self.out)


class Child:
    """One running process of the command line."""

    def __init__(self, zygote: "Zygote", order: Order) -> None:
        self._zygote = zygote
        self._order = order
        shown = zygote.hear()
        assert shown.pid is not None
        self.pid: Final = shown.pid

    def wait_until_stopped(self) -> str:
        """The label of the point where it stands still."""
        shown = self._zygote.hear(self.pid)
        assert shown.stopped, f"it ended with {shown.status}: {Path(self._order.err).read_text()}"
        reached = self._reached()
        assert reached is not None
        assert reached.label is not None
        return reached.label

    def go_on(self) -> None:
        """Let it continue where it was stopped."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self) -> Ended:
        """Its end."""
        shown = self._zygote.hear(self.pid)
        assert shown.status is not None, "it stands still"
        order = self._order
        return Ended(
            shown.status, Path(order.out).read_text(), Path(order.err).read_text(), self._reached()
        )

    def _reached(self) -> Reached | None:
        with suppress(FileNotFoundError):
            return msgspec.json.decode(Path(self._order.report).read_bytes(), type=Reached)
        return None


class Zygote:
    """Forks one process after the other: the next when the last one has ended."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._running: int | None = None
        assert self.hear().ready

    def start(self, order: Order) -> Child:
        Path(order.report).unlink(missing_ok=True)
        assert self._process.stdin
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        return Child(self, order)

    def hear(self, pid: int | None = None) -> Told:
        """The next line; a process ``pid`` of which nothing is heard for long is killed."""
        stdout = self._process.stdout
        assert stdout
        if not select.select([stdout], [], [], PATIENCE)[0]:
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"process {pid} hangs")
        line = stdout.readline()
        assert line, "the zygote is gone"
        shown = msgspec.json.decode(line, type=Told)
        if shown.pid is not None:
            self._running = shown.pid
        elif shown.status is not None:
            self._running = None
        return shown

    def clear(self) -> None:
        """Nothing that it forked outlives the test, and least of all what stands still."""
        while self._running is not None:
            with suppress(ProcessLookupError):
                os.kill(self._running, signal.SIGKILL)
            self.hear()


@contextmanager
def zygote() -> Iterator[Zygote]:
    """A process that forks others, gone in the end."""
    # What measures the tests must not slow down whom they kill.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    with (
        subprocess.Popen(
            [sys.executable, "-m", "tests.crash.zygote"],
            cwd=_ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        ) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)
        started = Zygote(process)
        stack.callback(started.clear)
        yield started
