"""What the simulation calculates with, measured: of plans by ``bench.many``, of applies here.

Nothing of it is taken from the runs that the simulation is checked against.
"""

import statistics
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from bench.fleet import generate_fleet
from bench.many.results import Results as ManyResults
from bench.places import Places
from bench.simulation.costs import ApplyCosts, PlanCosts
from bench.simulation.real_runs import RealRun, run_really
from reconciler.applying import ApplySettings

_USERS: Final = 500
_FEW: Final = 20
_SOME: Final = 140
"""Actions of two applies within one minute's budget: the difference is what an action costs."""

_LARGE: Final = 100_000
_MORE: Final = 160
"""Actions for which a run waits for its budget once, and so reads the list once more."""


class CalibratingRuns(Struct, frozen=True):
    """What the costs of an apply, and of a plan's start with a ledger, were taken from: commands
    about one workspace each."""

    plan: RealRun
    few: RealRun
    some: RealRun
    large: RealRun


def plan_costs(results: Path, started: RealRun) -> PlanCosts:
    """From the ``results`` of ``bench.many``, but the start from a plan that reads a ledger too."""
    many = msgspec.json.decode((results / "many.json").read_bytes(), type=ManyResults)
    side, neighbours = many.side_by_side, many.neighbours
    start_up = statistics.median(run.cpu for run in side.start_ups)
    idle = statistics.median(run.peak for run in side.start_ups)
    large = [run.process for run in neighbours.alone]
    users = neighbours.served.large
    one_at_a_time = min(side.together, key=lambda together: together.jobs)
    single = statistics.median(run.peak for run in side.singles)
    planned = len(side.served.tenants) * side.served.users
    cpu_a_user = (statistics.median(run.cpu for run in large) - start_up) / users
    memory_a_user = (statistics.median(run.peak for run in large) - idle) / users
    return PlanCosts(
        start_up=started.cpu - _USERS * cpu_a_user,
        idle=started.peak - _USERS * memory_a_user,
        cpu_a_user=cpu_a_user,
        memory_a_user=memory_a_user,
        kept_a_user=max(0.0, one_at_a_time.peak - single) / planned,
        listed_a_user=len(generate_fleet(side.served.users).listing) / side.served.users,
    )


def calibrate(places: Places) -> CalibratingRuns:
    """Run what the costs are taken from."""
    return CalibratingRuns(
        plan=run_really("plan", places, (1, _USERS, 0), 1, 1),
        few=run_really("apply", places, (1, _USERS, _FEW), 1, 1),
        some=run_really("apply", places, (1, _USERS, _SOME), 1, 1),
        large=run_really("apply", places, (1, _LARGE, _MORE), 1, 1),
    )


def apply_costs(runs: CalibratingRuns, plan: PlanCosts) -> ApplyCosts:
    """What an apply costs by ``runs``."""
    few, some, large = runs.few, runs.some, runs.large
    actions = _SOME - _FEW
    action_cpu = (some.cpu - few.cpu) / actions
    commits = (some.commits - few.commits) / actions
    start_up = few.cpu - _FEW * action_cpu - _USERS * plan.cpu_a_user
    of_lists = large.cpu - start_up - _LARGE * plan.cpu_a_user - _MORE * action_cpu
    memory_a_user = (large.peak - few.peak) / (_LARGE - _USERS)
    return ApplyCosts(
        start_up=start_up,
        idle=few.peak - _USERS * memory_a_user,
        action=(some.wall - few.wall) / actions * ApplySettings().workers,
        action_cpu=action_cpu,
        commits_an_action=commits,
        opening=few.commits - _FEW * commits,
        connections=some.connections,
        list_cpu_a_user=max(0.0, of_lists) / (max(1, large.lists - 1) * _LARGE),
        memory_a_user=memory_a_user,
    )
