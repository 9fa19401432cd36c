"""One command that plans many workspaces, against plans of the same workspaces one by one."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.environment import RECONCILER, environment
from bench.many.tenants_server import START_UP, TENANTS, ServedTenants
from bench.measured_process import MeasuredProcess, measure
from bench.plan_benchmark import WrongPlan
from reconciler.planning import decode_plan

CPU_TARGET: Final = 1.15
"""Times the processor time of the plans one by one, without their start-up, that all may take."""

PEAK_TARGET: Final = 300_000_000
"""Bytes that the command may take beside the plans that it works on at a time."""

PLANS_AT_ONCE: Final = 4
"""The plans that count there, whatever ``--jobs`` is."""

_SINGLES: Final = 5
"""Workspaces that are planned one by one in each round, to know what one costs."""

_FOLDER: Final = "PLANS"


class Together(Struct, frozen=True):
    """Commands that planned all workspaces, ``jobs`` of them at a time."""

    jobs: int
    runs: tuple[MeasuredProcess, ...]

    @property
    def wall(self) -> float:
        """The median of the seconds."""
        return statistics.median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """The median of the seconds of processor time."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def peak(self) -> int:
        """The highest peak memory."""
        return max(run.peak for run in self.runs)


class SideBySideFigures(Struct, frozen=True):
    """All runs took turns. ``start_ups`` are plans of a workspace with next to nobody in it, and
    ``singles`` plans of one of the ``tenants`` each."""

    served: ServedTenants
    start_ups: tuple[MeasuredProcess, ...]
    singles: tuple[MeasuredProcess, ...]
    together: tuple[Together, ...]

    @property
    def single_cpu(self) -> float:
        """Seconds of processor time that a plan of one workspace takes beyond the start-up."""
        return _cpu(self.singles) - _cpu(self.start_ups)

    @property
    def single_peak(self) -> int:
        """Bytes that a plan of one workspace takes beyond the start-up."""
        start_up = statistics.median(run.peak for run in self.start_ups)
        return round(statistics.median(run.peak for run in self.singles) - start_up)

    @property
    def one_by_one(self) -> float:
        """Seconds of processor time of the plans of all workspaces, without their start-up."""
        return len(self.served.tenants) * self.single_cpu

    @property
    def most_memory(self) -> int:
        """Bytes that the command may take."""
        return PEAK_TARGET + PLANS_AT_ONCE * self.single_peak

    def ratio(self, together: Together) -> float:
        """Processor time of ``together``, start-up and all, to that of the plans one by one."""
        return together.cpu / self.one_by_one


def measure_side_by_side(
    folder: Path, served: ServedTenants, jobs: Sequence[int], rounds: int
) -> SideBySideFigures:
    """Plans of all tenants with each number of ``jobs``, and of some of them one by one."""
    start_ups: list[MeasuredProcess] = []
    singles: list[MeasuredProcess] = []
    together: dict[int, list[MeasuredProcess]] = {at_once: [] for at_once in jobs}
    step = max(1, len(served.tenants) // _SINGLES)
    for _ in range(rounds):
        for name in served.tenants[::step]:
            start_ups.append(_plan(folder, "PLAN", START_UP))
            singles.append(_plan(folder, "PLAN", name))
        for at_once, runs in together.items():
            runs.append(_plan(folder, _FOLDER, TENANTS, "--jobs", str(at_once)))
            _check(folder / _FOLDER, served)
    commands = tuple(Together(at_once, tuple(runs)) for at_once, runs in together.items())
    return SideBySideFigures(served, tuple(start_ups), tuple(singles), commands)


def _plan(folder: Path, out: str, workspaces: str, *options: str) -> MeasuredProcess:
    command = [RECONCILER, "plan", "--out", out, "--workspace", workspaces, *options]
    return measure(command, folder, environment())


def _check(plans: Path, served: ServedTenants) -> None:
    """Every workspace must have the plan of its fleet; the files are gone afterwards."""
    for name in served.tenants:
        file = plans / f"{name}.plan"
        content = decode_plan(file.read_bytes()).content
        converged = served.users - served.changed
        found = content.workspace, content.fleet.declared, content.fleet.converged
        if found != (name, served.users, converged):
            raise WrongPlan(f"{content.fleet} is not the plan of {name}")
        file.unlink()


def _cpu(runs: Sequence[MeasuredProcess]) -> float:
    return statistics.median(run.cpu for run in runs)
