"""``reconciler explain`` and ``reconciler import`` of a large fleet, beside its plan."""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.companion import companion
from bench.environment import RECONCILER, environment
from bench.fleet_server import ServedFleet
from bench.measured_process import MeasuredProcess, measure
from bench.plan_benchmark import WrongPlan

EXPLAIN_TARGET = 1.2
"""Times as long as a plan that an explanation of one user may take."""
IMPORT_TARGET = 5.0
"""Seconds that an import may take."""
_USER = "person.000001@example.com"


class LookingFigures(Struct, frozen=True):
    """Plans, explanations of one user and imports of one fleet, in turns."""

    fleet: ServedFleet
    plans: tuple[MeasuredProcess, ...]
    explanations: tuple[MeasuredProcess, ...]
    imports: tuple[MeasuredProcess, ...]

    @property
    def explain_ratio(self) -> float:
        """Time of the explanation to that of the plan, the median of the pairs."""
        pairs = zip(self.explanations, self.plans, strict=True)
        return statistics.median(explained.wall / plan.wall for explained, plan in pairs)

    @property
    def import_wall(self) -> float:
        """The median time of an import in seconds."""
        return statistics.median(imported.wall for imported in self.imports)


def measure_looking(declared: int, repetitions: int) -> LookingFigures:
    """The commands on a generated fleet of ``declared`` users."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with companion("bench.fleet_server", name, str(declared), ready=ServedFleet) as fleet:
            plans: list[MeasuredProcess] = []
            explanations: list[MeasuredProcess] = []
            imports: list[MeasuredProcess] = []
            for number in range(repetitions):
                plans.append(_run(folder, "plan", "--out", "PLAN"))
                explained = ("explain", _USER, "--report", "json=EXPLAINED")
                explanations.append(_run(folder, *explained))
                imports.append(_run(folder, "import", "--quiet", "--out", f"IMPORTED{number}"))
            _check(fleet, folder)
    return LookingFigures(fleet, tuple(plans), tuple(explanations), tuple(imports))


def _run(folder: Path, *arguments: str) -> MeasuredProcess:
    return measure([RECONCILER, *arguments], folder, environment())


def _check(fleet: ServedFleet, folder: Path) -> None:
    """The explanation must know the user, and the import everybody who is listed."""
    explained = msgspec.json.decode((folder / "EXPLAINED").read_bytes())
    if [row["external_id"] for row in explained["observed"]] != [_USER]:
        raise WrongPlan(f"{_USER} is not explained")
    entries = _entries((folder / "IMPORTED0").read_text(encoding="utf-8").splitlines())
    if entries < fleet.declared * 0.99:
        raise WrongPlan(f"{entries} users of {fleet} are imported")


def _entries(lines: Sequence[str]) -> int:
    return sum(1 for line in lines if line.startswith("  - id: "))
