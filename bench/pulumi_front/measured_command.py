"""One run of a command and all the processes that it starts: time, processor time, peak memory."""

import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from msgspec import Struct

from bench.measured_process import Failed

_EVERY = 0.1
_LAST_LINES = 20


class MeasuredCommand(Struct, frozen=True):
    """Seconds from start to end; and of all its processes together, looked at ten times a second,
    seconds of processor time and bytes at the peak.

    The bytes are resident sets, so that what processes share counts several times.
    """

    wall: float
    cpu: float
    peak: int


def measure_command(
    command: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> MeasuredCommand:
    """Run ``command`` in ``folder`` to its end. Raises :class:`Failed` unless it ends with 0."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with _watched(process.pid) as seen:
        shown, _ = process.communicate()
    wall = time.perf_counter() - began
    if process.returncode:
        last = "\n".join(shown.splitlines()[-_LAST_LINES:])
        raise Failed(f"{' '.join(command)} ended with status {process.returncode}:\n{last}")
    return MeasuredCommand(wall, sum(seen.cpu.values()), seen.peak)


class _Seen:
    """What was seen of a process and of all below it."""

    def __init__(self) -> None:
        self.cpu: dict[psutil.Process, float] = {}
        self.peak = 0

    def look(self, root: psutil.Process) -> None:
        """Look at all that run now."""
        resident = 0
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.Error):
                resident += process.memory_info().rss
                times = process.cpu_times()
                self.cpu[process] = times.user + times.system
        self.peak = max(self.peak, resident)


@contextmanager
def _watched(pid: int) -> Iterator[_Seen]:
    """What the process ``pid`` is seen to take until the context ends."""
    seen = _Seen()
    ended = threading.Event()

    def watch() -> None:
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            while not ended.wait(_EVERY):
                seen.look(root)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()
