"""One run of a whole process, from its start to its end: time, processor time, peak memory."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct


class MeasuredProcess(Struct, frozen=True):
    """Seconds from start to end, seconds of processor time (user and system), bytes at the peak."""

    wall: float
    cpu: float
    peak: int


class Failed(Exception):
    """A measured process ended with another status than expected."""


def measure(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> MeasuredProcess:
    """Run ``command`` in ``folder`` to its end. Raises :class:`Failed` unless it ends with 0.

    The peak is at least the size of this very process, which must be kept small.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{command[0]} ended with status {process.returncode}")
    return MeasuredProcess(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
