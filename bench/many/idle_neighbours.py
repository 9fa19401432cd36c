"""Whether a large workspace is planned as fast beside many idle ones as by itself."""

import statistics
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.environment import RECONCILER, environment
from bench.many.tenants_server import FIRST, IDLE, IDLE_ONE, LAST, ServedTenants
from bench.measured_process import MeasuredProcess, measure
from bench.plan_benchmark import WrongPlan
from reconciler.planning import decode_plan

TARGET: Final = 1.15
"""Times what a plan of it takes by itself that it may take beside the others."""

_FOLDER: Final = "PLANS"


class Place(StrEnum):
    """Where the name of the large workspace is among the others."""

    FIRST = "first"
    LAST = "last"


_NAMES: Final = {Place.FIRST: FIRST, Place.LAST: LAST}


class PlannedLarge(Struct, frozen=True):
    """One command, and after how many seconds of it the plan of the large workspace was there."""

    process: MeasuredProcess
    there: float


class NeighbourFigures(Struct, frozen=True):
    """All runs took turns. ``alone`` planned the large workspace, ``first`` and ``last`` that and
    the idle ones, ``idle`` only these, and ``idle_one`` a single one of them."""

    served: ServedTenants
    alone: tuple[PlannedLarge, ...]
    first: tuple[PlannedLarge, ...]
    last: tuple[PlannedLarge, ...]
    idle: tuple[MeasuredProcess, ...]
    idle_one: tuple[MeasuredProcess, ...]

    @property
    def idle_wall(self) -> float:
        """Seconds that the idle ones take, without the start of the process."""
        return _wall(self.idle) - _wall(self.idle_one)

    @property
    def idle_cpu(self) -> float:
        """The same of processor time."""
        return _cpu(self.idle) - _cpu(self.idle_one)

    def beside(self, place: Place) -> tuple[PlannedLarge, ...]:
        """The runs with the large workspace in this ``place``."""
        return self.first if place is Place.FIRST else self.last

    def cpu_ratio(self, place: Place) -> float:
        """Processor time beside the idle ones, without what these take, to that alone."""
        beside = _cpu([run.process for run in self.beside(place)])
        return (beside - self.idle_cpu) / _cpu([run.process for run in self.alone])

    def wall_ratio(self, place: Place) -> float:
        """The same of the time of the command."""
        beside = _wall([run.process for run in self.beside(place)])
        return (beside - self.idle_wall) / _wall([run.process for run in self.alone])

    def there(self, place: Place) -> float:
        """Seconds until the plan of the large workspace is there; the median."""
        return _there(self.beside(place))

    def latency_ratio(self, place: Place) -> float:
        """That time, without what the idle ones take, to that alone."""
        return (self.there(place) - self.idle_wall) / self.there_alone

    @property
    def there_alone(self) -> float:
        """Seconds until its plan is there without any others; the median."""
        return _there(self.alone)


def measure_neighbours(folder: Path, served: ServedTenants, rounds: int) -> NeighbourFigures:
    """Run all of them, in turns."""
    alone: list[PlannedLarge] = []
    beside: dict[Place, list[PlannedLarge]] = {place: [] for place in Place}
    idle: list[MeasuredProcess] = []
    idle_one: list[MeasuredProcess] = []
    for _ in range(rounds):
        alone.append(_planned(folder, "PLAN", FIRST, served))
        idle_one.append(measure(_command("PLAN", IDLE_ONE), folder, environment()))
        idle.append(measure(_command(_FOLDER, IDLE), folder, environment()))
        for place, runs in beside.items():
            runs.append(_planned(folder, _FOLDER, _NAMES[place], served, IDLE))
    return NeighbourFigures(
        served,
        tuple(alone),
        tuple(beside[Place.FIRST]),
        tuple(beside[Place.LAST]),
        tuple(idle),
        tuple(idle_one),
    )


def _command(out: str, *workspaces: str) -> list[str]:
    named = [word for name in workspaces for word in ("--workspace", name)]
    return [RECONCILER, "plan", "--out", out, *named]


def _planned(
    folder: Path, out: str, large: str, served: ServedTenants, *others: str
) -> PlannedLarge:
    """Plan the ``large`` workspace and ``others``. Its plan must be that of its fleet."""
    file = folder / out / f"{large}.plan" if others else folder / out
    file.unlink(missing_ok=True)
    began = time.time()
    process = measure(_command(out, large, *others), folder, environment())
    fleet = decode_plan(file.read_bytes()).content.fleet
    if (fleet.declared, fleet.converged) != (served.large, served.large - served.large_changed):
        raise WrongPlan(f"{fleet} is not the plan of {large}")
    return PlannedLarge(process, file.stat().st_mtime - began)


def _there(runs: Sequence[PlannedLarge]) -> float:
    return statistics.median(run.there for run in runs)


def _wall(runs: Sequence[MeasuredProcess]) -> float:
    return statistics.median(run.wall for run in runs)


def _cpu(runs: Sequence[MeasuredProcess]) -> float:
    return statistics.median(run.cpu for run in runs)
