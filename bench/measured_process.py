"""One run of a whole process, from its start to its end: time, processor time, peak memory."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

_LAUNCHER: Final = str(Path(__file__).parent / "launcher.py")


class MeasuredProcess(Struct, frozen=True):
    """Seconds from start to end, seconds of processor time (user and system), bytes at the peak."""

    wall: float
    cpu: float
    peak: int


class Failed(Exception):
    """A measured process ended with another status than expected."""


def measure(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> MeasuredProcess:
    """Run ``command`` in ``folder`` to its end. Raises :class:`Failed` unless it ends with 0."""
    launched = subprocess.run(
        [sys.executable, "-I", "-S", _LAUNCHER, *command],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    wall, cpu, peak, status = launched.stdout.split()
    if int(status):
        raise Failed(f"{command[0]} ended with status {status}")
    return MeasuredProcess(float(wall), float(cpu), int(peak))
