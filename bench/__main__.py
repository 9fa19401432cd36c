"""Runs the benchmarks and writes what they found."""

import argparse
import sys
from pathlib import Path

import msgspec

from bench.apply_benchmark import measure_apply
from bench.machine import Machine
from bench.plan_benchmark import measure_plan
from bench.results import Results
from bench.start_up_benchmark import measure_start_up
from bench.tables import tables

_START_UPS = 15


def main() -> int:
    """All benchmarks that are asked for; 1 when a target was missed."""
    options = _options()
    machine = Machine.described()
    _tell("start-up")
    start_up = measure_start_up(_START_UPS)
    plans = []
    for users in options.users:
        _tell(f"plan of {users:,} users")
        plans.append(measure_plan(users, options.repetitions))
    applies = []
    for share in options.shares:
        _tell(f"apply of {options.disconnects:,} disconnects at share {share:g}")
        applies.append(measure_apply(options.disconnects, share))
    results = Results(machine, start_up, tuple(plans), tuple(applies))
    text = tables(results)
    print(text)
    folder: Path = options.results
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text(text, encoding="utf-8")
    data = msgspec.json.format(msgspec.json.encode(results), indent=2)
    (folder / "results.json").write_bytes(data + b"\n")
    return 1 if any(results.missed()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--users", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--repetitions", type=int, default=7, help="pairs for each fleet")
    parser.add_argument("--shares", type=float, nargs="*", default=[0.5, 1.0])
    parser.add_argument("--disconnects", type=int, default=1_000, help="users that apply acts on")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def _tell(what: str) -> None:
    print(f"measuring {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
