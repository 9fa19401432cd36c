"""Runs the Pulumi front's benchmarks and writes what they found."""

import argparse
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from bench.keeping import keep
from bench.machine import Machine
from bench.pulumi_front.fleet_benchmark import measure_fleet
from bench.pulumi_front.results import Results
from bench.pulumi_front.stack import CLI
from bench.pulumi_front.tables import tables
from bench.pulumi_front.user_benchmark import measure_users

_NOT_INSTALLED = 69
_HOW_TO_INSTALL = "https://www.pulumi.com/docs/iac/download-install/"


def main() -> int:
    """All benchmarks that are asked for; 1 when a target was missed."""
    options = _options()
    if shutil.which(CLI) is None:
        print(f"the Pulumi CLI is not installed: {_HOW_TO_INSTALL}", file=sys.stderr)
        return _NOT_INSTALLED
    machine = Machine.described()
    users = []
    for size in options.users:
        _tell(f"a resource for each of {size:,} users")
        users.append(measure_users(size, options.repetitions))
    fleets = []
    for size in options.fleets:
        _tell(f"one resource for {size:,} users")
        fleets.append(measure_fleet(size, options.repetitions))
    results = Results(machine, _cli_version(), version("pulumi"), tuple(users), tuple(fleets))
    keep(options.results, "pulumi", results, tables(results))
    return 1 if any(results.missed()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pulumi_front", description=__doc__)
    parser.add_argument(
        "--users", type=int, nargs="*", default=[100, 1_000, 5_000], help="sizes, a resource each"
    )
    parser.add_argument(
        "--fleets", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="sizes, one for all"
    )
    parser.add_argument("--repetitions", type=int, default=5, help="the fastest of which counts")
    parser.add_argument("--results", type=Path, default=Path(__file__).parents[1] / "results")
    return parser.parse_args()


def _cli_version() -> str:
    command = [CLI, "version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _tell(what: str) -> None:
    print(f"measuring {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
