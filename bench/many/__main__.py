"""Runs the benchmarks of many workspaces and writes what they found."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.companion import companion
from bench.keeping import keep
from bench.machine import Machine
from bench.many.idle_neighbours import measure_neighbours
from bench.many.results import Results
from bench.many.side_by_side import measure_side_by_side
from bench.many.tables import tables
from bench.many.tenants_server import ServedTenants


def main() -> int:
    """Both benchmarks; 1 when a target was missed."""
    options = _options()
    machine = Machine.described()
    sizes = (options.workspaces, options.users, options.idle, options.large)
    with tempfile.TemporaryDirectory() as name:
        server = companion("bench.many.tenants_server", name, *map(str, sizes), ready=ServedTenants)
        with server as served:
            _tell(f"{options.workspaces:,} workspaces of {options.users:,} users")
            many = measure_side_by_side(Path(name), served, options.jobs, options.rounds)
            _tell(f"{options.large:,} users beside {options.idle:,} idle workspaces")
            neighbours = measure_neighbours(Path(name), served, options.rounds)
    results = Results(machine, many, neighbours)
    keep(options.results, "many", results, tables(results))
    return 1 if any(results.missed()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.many", description=__doc__)
    parser.add_argument("--workspaces", type=int, default=200)
    parser.add_argument("--users", type=int, default=5_000, help="users of each of them")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--idle", type=int, default=199, help="workspaces with one user each")
    parser.add_argument("--large", type=int, default=100_000, help="users of the one beside them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=Path(__file__).parents[1] / "results")
    return parser.parse_args()


def _tell(what: str) -> None:
    print(f"measuring {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
