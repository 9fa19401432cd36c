"""A whole ``reconciler plan`` against a bare ``yaml.load`` of its manifest, and bare imports."""

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
IMPORTS_TARGET = 1.1
MILLION_PEAK_TARGET = 2_200_000_000
MILLION_TARGET = 12.0
"""Times as long as a plan of a hundred thousand users that one of a million may take."""
_PLAN_FILE = "PLAN"
_PLAN = ["plan", "--out", _PLAN_FILE]
_BARE_LOAD = f"""\
import yaml
with open({MANIFEST!r}, "rb") as manifest:
    yaml.load(manifest.read(), Loader=yaml.CSafeLoader)
"""
_BARE_IMPORTS = "import yaml, httpx, jsonschema, deepdiff"


class PlanFigures(Struct, frozen=True):
    """One size of fleet. Seconds and bytes; ``plans``, ``bare_loads`` and ``imports`` ran in turns.

    ``phases`` are the medians of separate, instrumented runs.
    """

    fleet: ServedFleet
    plans: tuple[MeasuredProcess, ...]
    bare_loads: tuple[MeasuredProcess, ...]
    imports: tuple[MeasuredProcess, ...]
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
    def imports_ratio(self) -> float:
        """Processor time of the plan to that of a process that only imports, the median."""
        return statistics.median(
            p.cpu / i.cpu for p, i in zip(self.plans, self.imports, strict=True)
        )

    @property
    def wall(self) -> float:
        """The median time of a plan in seconds."""
        return statistics.median(plan.wall for plan in self.plans)

    @property
    def peak(self) -> int:
        """The highest peak memory of a plan."""
        return max(plan.peak for plan in self.plans)


class WrongPlan(Exception):
    """The plan does not say what is known of the generated fleet: its figures mean nothing."""


def measure_plan(declared: int, repetitions: int) -> PlanFigures:
    """Plans of a generated fleet of ``declared`` users, each with a bare load and bare imports."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with companion("bench.fleet_server", name, str(declared), ready=ServedFleet) as fleet:
            plans: list[MeasuredProcess] = []
            bare_loads: list[MeasuredProcess] = []
            imports: list[MeasuredProcess] = []
            for _ in range(repetitions):
                bare_loads.append(measure([PYTHON, "-c", _BARE_LOAD], folder, environment()))
                imports.append(measure([PYTHON, "-c", _BARE_IMPORTS], folder, environment()))
                plans.append(measure([RECONCILER, *_PLAN], folder, environment()))
            _check(fleet, folder / _PLAN_FILE)
            phases = [_phases(folder) for _ in range(repetitions)]
    return PlanFigures(
        fleet=fleet,
        plans=tuple(plans),
        bare_loads=tuple(bare_loads),
        imports=tuple(imports),
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
