"""A whole ``reconciler plan`` from the rows of a CSV file, against one from entries in YAML."""

import statistics
import tempfile
from pathlib import Path

from msgspec import Struct

from bench.companion import companion
from bench.environment import RECONCILER, environment
from bench.fleet_server import HR_EXPORT, ROWS, ServedFleet
from bench.measured_process import MeasuredProcess, measure
from bench.plan_benchmark import WrongPlan
from reconciler.planning import Content, decode_plan

ROWS_TARGET = 0.6
"""Times as long as a plan from YAML that one from rows may take."""


class RowsFigures(Struct, frozen=True):
    """Plans of one fleet, from ``rows`` and from ``entries``, in turns."""

    fleet: ServedFleet
    rows: tuple[MeasuredProcess, ...]
    entries: tuple[MeasuredProcess, ...]

    @property
    def ratio(self) -> float:
        """Time of the plan from rows to the one from entries, the median of the pairs."""
        pairs = zip(self.rows, self.entries, strict=True)
        return statistics.median(rows.wall / entries.wall for rows, entries in pairs)

    @property
    def cpu_ratio(self) -> float:
        """The same of processor time."""
        pairs = zip(self.rows, self.entries, strict=True)
        return statistics.median(rows.cpu / entries.cpu for rows, entries in pairs)


def measure_rows(declared: int, repetitions: int) -> RowsFigures:
    """Plans of a generated HR export with ``declared`` leavers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        served = companion("bench.fleet_server", name, str(declared), HR_EXPORT, ready=ServedFleet)
        with served as fleet:
            rows: list[MeasuredProcess] = []
            entries: list[MeasuredProcess] = []
            for _ in range(repetitions):
                entries.append(_plan(folder, "ENTRIES"))
                rows.append(_plan(folder, "ROWS", "--workspace", ROWS))
            _check(fleet, *(_content(folder / plan) for plan in ("ENTRIES", "ROWS")))
    return RowsFigures(fleet, tuple(rows), tuple(entries))


def _plan(folder: Path, plan: str, *options: str) -> MeasuredProcess:
    return measure([RECONCILER, "plan", "--out", plan, *options], folder, environment())


def _content(plan: Path) -> Content:
    return decode_plan(plan.read_bytes()).content


def _check(served: ServedFleet, entries: Content, rows: Content) -> None:
    """Both plans must do the same, and what is known of the fleet."""
    expected = (served.declared, served.declared - served.changed)
    for content in (entries, rows):
        if (content.fleet.declared, content.fleet.converged) != expected:
            raise WrongPlan(f"{content.fleet} is not the plan of {served}")
    if [each.user for each in entries.actions] != [each.user for each in rows.actions]:
        raise WrongPlan("the plan from rows acts on others than the one from entries")
