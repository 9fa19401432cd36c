"""A whole ``reconciler plan`` against a bare ``yaml.load`` of the same manifest."""

import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from bench.companion import companion
from bench.environment import PYTHON, RECONCILER, environment
from bench.fleet_server import MANIFEST, ServedFleet
from bench.measured_process import MeasuredProcess, measure
from bench.phase_notes import Phase, PhaseNotes
from reconciler.planning import decode_plan

RATIO_TARGET = 0.4
PEAK_TARGET = 500_000_000
_PLAN_FILE = "PLAN"
_PLAN = ["plan", "--out", _PLAN_FILE]
_BARE_LOAD = f"""\
import yaml
with open({MANIFEST!r}, "rb") as manifest:
    yaml.load(manifest.read(), Loader=yaml.CSafeLoader)
"""


class PlanFigures(Struct, frozen=True):
    """One size of fleet. Seconds and bytes; ``plans`` and ``bare_loads`` ran in pairs.

    ``phases`` are the medians of separate, instrumented runs.
    """

    fleet: ServedFleet
    plans: tuple[MeasuredProcess, ...]
    bare_loads: tuple[MeasuredProcess, ...]
    phases: Mapping[str, float]

    @property
    def ratios(self) -> list[float]:
        """Time of the plan to time of the bare load, by pair."""
        return [p.wall / b.wall for p, b in zip(self.plans, self.bare_loads, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)

    @property
    def cpu_ratio(self) -> float:
        """The same of processor time, which other programs on the machine disturb less."""
        return statistics.median(
            p.cpu / b.cpu for p, b in zip(self.plans, self.bare_loads, strict=True)
        )

    @property
    def peak(self) -> int:
        """The highest peak memory of a plan."""
        return max(plan.peak for plan in self.plans)


class WrongPlan(Exception):
    """The plan does not say what is known of the generated fleet: its figures mean nothing."""


def measure_plan(declared: int, repetitions: int) -> PlanFigures:
    """Plans of a generated fleet of ``declared`` users, each paired with a bare load."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with companion("bench.fleet_server", name, str(declared), ready=ServedFleet) as fleet:
            plans: list[MeasuredProcess] = []
            bare_loads: list[MeasuredProcess] = []
            for _ in range(repetitions):
                bare_loads.append(measure([PYTHON, "-c", _BARE_LOAD], folder, environment()))
                plans.append(measure([RECONCILER, *_PLAN], folder, environment()))
            _check(fleet, folder / _PLAN_FILE)
            phases = [_phases(folder) for _ in range(repetitions)]
    return PlanFigures(
        fleet=fleet,
        plans=tuple(plans),
        bare_loads=tuple(bare_loads),
        phases={phase: statistics.median(run[phase] for run in phases) for phase in Phase},
    )


def _check(served: ServedFleet, plan_file: Path) -> None:
    fleet = decode_plan(plan_file.read_bytes()).content.fleet
    if (fleet.declared, fleet.converged) != (served.declared, served.declared - served.changed):
        raise WrongPlan(f"{fleet} is not the plan of {served}")


def _phases(folder: Path) -> dict[str, float]:
    notes = folder / "phases.json"
    command = [PYTHON, "-m", "bench.phases", str(time.monotonic()), str(notes), *_PLAN]
    whole = measure(command, folder, environment())
    seconds = PhaseNotes.load(notes).seconds
    return seconds | {Phase.REST: whole.wall - sum(seconds.values())}
