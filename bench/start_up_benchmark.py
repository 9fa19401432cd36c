"""How long ``reconciler --version`` takes: what a shell prompt or a pipeline waits for."""

import statistics
from pathlib import Path

from msgspec import Struct

from bench.environment import PYTHON, RECONCILER, environment
from bench.measured_process import MeasuredProcess, measure

TARGET = 0.15


class StartUpFigures(Struct, frozen=True):
    """Runs of ``--version``, and of an interpreter that does nothing, for comparison."""

    versions: tuple[MeasuredProcess, ...]
    interpreters: tuple[MeasuredProcess, ...]

    @property
    def wall(self) -> float:
        """The median time of ``--version`` in seconds."""
        return statistics.median(version.wall for version in self.versions)

    @property
    def interpreter_wall(self) -> float:
        """The median time of the empty interpreter in seconds."""
        return statistics.median(interpreter.wall for interpreter in self.interpreters)


def measure_start_up(repetitions: int) -> StartUpFigures:
    """Run both, in turns."""
    versions: list[MeasuredProcess] = []
    interpreters: list[MeasuredProcess] = []
    for _ in range(repetitions):
        interpreters.append(measure([PYTHON, "-c", "pass"], Path.cwd(), environment()))
        versions.append(measure([RECONCILER, "--version"], Path.cwd(), environment()))
    return StartUpFigures(tuple(versions), tuple(interpreters))
