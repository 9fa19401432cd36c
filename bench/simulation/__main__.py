"""Runs the simulation, compares its smallest case with real runs, and writes what was found."""

import argparse
import sys
from pathlib import Path

from bench.keeping import keep
from bench.machine import Machine
from bench.places import Kind, places
from bench.simulation.advice import advise
from bench.simulation.costs import Assumed, Costs, Ledger
from bench.simulation.measured_costs import apply_costs, calibrate, plan_costs
from bench.simulation.model import Task, simulate
from bench.simulation.results import Results
from bench.simulation.small_case import compare
from bench.simulation.tables import tables

_NOT_INSTALLED = 69


def main() -> int:
    """All of it; 1 when the simulation is too far from what really happens."""
    options = _options()
    machine = Machine.described()
    with places() as found:
        if Kind.POSTGRESQL not in found.kinds:
            print("PostgreSQL is not installed", file=sys.stderr)
            return _NOT_INSTALLED
        _tell("measuring what a run costs")
        runs = calibrate(found)
        plan = plan_costs(options.results, runs.plan)
        costs = Costs(plan, apply_costs(runs, plan), Ledger(options.ledger_cores), Assumed())
        _tell("running the smallest case")
        compared = compare(found, costs)
    _tell("simulating")
    changes = options.users * options.percent // 100
    plans, applies = (
        tuple(
            simulate(Task(options.workspaces, options.users, each, pods, options.jobs), costs)
            for pods in options.pods
        )
        for each in (0, changes)
    )
    results = Results(machine, costs, runs, compared, plans, applies, tuple(advise(costs)))
    keep(options.results, "simulation", results, tables(results))
    return 1 if any(results.missed()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.simulation", description=__doc__)
    parser.add_argument("--workspaces", type=int, default=1_000)
    parser.add_argument("--users", type=int, default=100_000, help="users of each of them")
    parser.add_argument("--percent", type=int, default=1, help="of them that apply disconnects")
    parser.add_argument("--pods", type=int, nargs="+", default=[1, 10, 50, 200, 1_000])
    parser.add_argument("--jobs", type=int, default=4, help="workspaces at a time in each pod")
    parser.add_argument("--ledger-cores", type=int, default=2, help="of the server of PostgreSQL")
    parser.add_argument("--results", type=Path, default=Path(__file__).parents[1] / "results")
    return parser.parse_args()


def _tell(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
