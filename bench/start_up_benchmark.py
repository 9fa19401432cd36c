"""How long ``--version``, ``--help`` and a completion take: what a shell waits for."""

import statistics
from pathlib import Path

from msgspec import Struct

from bench.environment import PYTHON, RECONCILER, environment
from bench.measured_process import MeasuredProcess, measure

TARGET = 0.15
HELP_TARGET = 0.12
_COMPLETING = {
    "_RECONCILER_COMPLETE": "complete_bash",
    "COMP_WORDS": "reconciler pl",
    "COMP_CWORD": "1",
}


class StartUpFigures(Struct, frozen=True):
    """Runs of ``--version``, of ``--help``, of a completion, and of an interpreter that does
    nothing, for comparison."""

    versions: tuple[MeasuredProcess, ...]
    helps: tuple[MeasuredProcess, ...]
    completions: tuple[MeasuredProcess, ...]
    interpreters: tuple[MeasuredProcess, ...]

    @property
    def wall(self) -> float:
        """The median time of ``--version`` in seconds."""
        return statistics.median(version.wall for version in self.versions)

    @property
    def help_wall(self) -> float:
        """The median time of ``--help`` in seconds."""
        return statistics.median(each.wall for each in self.helps)

    @property
    def completion_wall(self) -> float:
        """The median time of a completion in seconds."""
        return statistics.median(each.wall for each in self.completions)

    @property
    def interpreter_wall(self) -> float:
        """The median time of the empty interpreter in seconds."""
        return statistics.median(interpreter.wall for interpreter in self.interpreters)


def measure_start_up(repetitions: int) -> StartUpFigures:
    """Run all of them, in turns."""
    versions: list[MeasuredProcess] = []
    helps: list[MeasuredProcess] = []
    completions: list[MeasuredProcess] = []
    interpreters: list[MeasuredProcess] = []
    for _ in range(repetitions):
        interpreters.append(measure([PYTHON, "-c", "pass"], Path.cwd(), environment()))
        versions.append(measure([RECONCILER, "--version"], Path.cwd(), environment()))
        helps.append(measure([RECONCILER, "--help"], Path.cwd(), environment()))
        completions.append(measure([RECONCILER], Path.cwd(), {**environment(), **_COMPLETING}))
    return StartUpFigures(tuple(versions), tuple(helps), tuple(completions), tuple(interpreters))
