"""A whole ``reconciler plan`` with twenty rules, against one of the same fleet without any."""

import statistics
import tempfile
from pathlib import Path

from msgspec import Struct

from bench.companion import companion
from bench.environment import RECONCILER, environment
from bench.fleet_server import RULED, ServedFleet
from bench.measured_process import MeasuredProcess, measure
from bench.plan_benchmark import WrongPlan
from reconciler.planning import Content, decode_plan

RULES_TARGET = 1.1
"""Times as long as a plan without rules that one with twenty may take."""

RULES = 20


class RulesFigures(Struct, frozen=True):
    """Plans of one fleet, with and ``without`` rules, in turns."""

    fleet: ServedFleet
    ruled: tuple[MeasuredProcess, ...]
    without: tuple[MeasuredProcess, ...]

    @property
    def ratio(self) -> float:
        """Processor time of the plan with rules to the one without, the median of the pairs."""
        pairs = zip(self.ruled, self.without, strict=True)
        return statistics.median(ruled.cpu / without.cpu for ruled, without in pairs)


def measure_rules(declared: int, repetitions: int) -> RulesFigures:
    """Plans of a generated fleet of ``declared`` users."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with companion("bench.fleet_server", name, str(declared), ready=ServedFleet) as fleet:
            ruled: list[MeasuredProcess] = []
            without: list[MeasuredProcess] = []
            for _ in range(repetitions):
                without.append(_plan(folder, "WITHOUT"))
                ruled.append(_plan(folder, "RULED", "--workspace", RULED))
            _check(*(_content(folder / plan) for plan in ("WITHOUT", "RULED")))
    return RulesFigures(fleet, tuple(ruled), tuple(without))


def _plan(folder: Path, plan: str, *options: str) -> MeasuredProcess:
    return measure([RECONCILER, "plan", "--out", plan, *options], folder, environment())


def _content(plan: Path) -> Content:
    return decode_plan(plan.read_bytes()).content


def _check(without: Content, ruled: Content) -> None:
    """Rules must add their users to the plan, and change nothing else."""
    if len(ruled.rules or ()) != RULES:
        raise WrongPlan(f"{len(ruled.rules or ())} rules are in force, and not {RULES}")
    missing = {each.key for each in without.actions} - {each.key for each in ruled.actions}
    if missing or len(ruled.actions) == len(without.actions):
        raise WrongPlan(f"the rules add nothing, or take away {len(missing)} actions")
