"""Runs the benchmarks and writes what they found."""

import argparse
import sys
from pathlib import Path

from bench.apply_benchmark import measure_apply
from bench.configuration_benchmark import measure_configuration
from bench.keeping import keep
from bench.ledger_benchmark import LedgerFigures, measure_ledgers
from bench.looking_benchmark import measure_looking
from bench.machine import Machine
from bench.overhead_benchmark import OverheadFigures, measure_overhead
from bench.page_benchmark import measure_page
from bench.places import places
from bench.plan_benchmark import measure_plan
from bench.results import TARGET_FLEET, Results
from bench.rows_benchmark import measure_rows
from bench.rules_benchmark import measure_rules
from bench.start_up_benchmark import measure_start_up
from bench.tables import tables
from tests.browser.chromium import executable

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
        # A bare load of a million users takes minutes.
        repetitions = options.repetitions if users <= TARGET_FLEET else 1
        plans.append(measure_plan(users, repetitions))
    rows = None
    if options.rows_users:
        _tell(f"plan of {options.rows_users:,} users from rows")
        rows = measure_rows(options.rows_users, options.repetitions)
    rules = None
    if options.rules_users:
        _tell(f"plan of {options.rules_users:,} users with rules")
        rules = measure_rules(options.rules_users, options.repetitions)
    looking = None
    if options.looking_users:
        _tell(f"explain and import of {options.looking_users:,} users")
        looking = measure_looking(options.looking_users, options.repetitions)
    page = None
    if options.page_rows and executable():
        _tell(f"a page of {options.page_rows:,} rows")
        page = measure_page(options.page_rows, options.repetitions)
    configuration = None
    if options.workspace_files:
        _tell(f"{options.workspace_files:,} workspace files")
        configuration = measure_configuration(options.workspace_files, options.repetitions)
    applies = []
    for share in options.shares:
        _tell(f"apply of {options.disconnects:,} disconnects at share {share:g}")
        applies.append(measure_apply(options.disconnects, share))
    overheads, ledgers = _measure_ledgers(options)
    results = Results(
        machine,
        start_up,
        tuple(plans),
        tuple(applies),
        overheads,
        ledgers,
        rows,
        looking,
        rules,
        page,
        configuration,
    )
    keep(options.results, "results", results, tables(results))
    return 1 if any(results.missed()) else 0


def _measure_ledgers(
    options: argparse.Namespace,
) -> tuple[tuple[OverheadFigures, ...], tuple[LedgerFigures, ...]]:
    overheads: tuple[OverheadFigures, ...] = ()
    ledgers: tuple[LedgerFigures, ...] = ()
    with places() as found:
        if options.rounds:
            _tell(f"{options.rounds} applies without a ledger and on {', '.join(found.kinds)} each")
            overheads = tuple(
                measure_overhead(options.disconnects, options.rounds, options.speed, found)
            )
        if options.recorded:
            _tell(f"ledgers of {options.recorded:,} actions on {', '.join(found.kinds)}")
            ledgers = tuple(
                measure_ledgers(options.recorded, options.runs_of, options.repetitions, found)
            )
    return overheads, ledgers


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--users", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument(
        "--repetitions", type=int, default=7, help="pairs for each fleet, times for each ledger"
    )
    parser.add_argument(
        "--rows-users", type=int, default=100_000, help="users of the fleet in a CSV file"
    )
    parser.add_argument(
        "--rules-users", type=int, default=100_000, help="users of the fleet with twenty rules"
    )
    parser.add_argument(
        "--looking-users", type=int, default=100_000, help="users of the fleet to explain, import"
    )
    parser.add_argument(
        "--page-rows", type=int, default=100_000, help="rows of a page, where there is a browser"
    )
    parser.add_argument(
        "--workspace-files", type=int, default=1_000, help="workspaces in files of their own"
    )
    parser.add_argument("--shares", type=float, nargs="*", default=[0.5, 1.0])
    parser.add_argument("--disconnects", type=int, default=1_000, help="users that apply acts on")
    parser.add_argument("--rounds", type=int, default=1, help="applies with and without a ledger")
    parser.add_argument("--speed", type=float, default=1.0, help="of the clocks in these")
    parser.add_argument("--recorded", type=int, default=1_000_000, help="actions of large ledgers")
    parser.add_argument(
        "--runs-of", type=int, nargs="*", default=[100, 100_000], help="actions of their runs"
    )
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    return parser.parse_args()


def _tell(what: str) -> None:
    print(f"measuring {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
