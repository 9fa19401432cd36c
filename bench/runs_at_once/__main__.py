"""Runs the benchmark of many runs that act on one PostgreSQL, and writes what it found."""

import argparse
import os
import sys
from pathlib import Path

from bench.keeping import keep
from bench.machine import Machine
from bench.runs_at_once.daily_counts import DailyCount, measure_daily_counts
from bench.runs_at_once.one_load import PACE, LoadFigures, Server, measure_load
from bench.runs_at_once.results import Results
from bench.runs_at_once.tables import tables
from tests.pgbouncer import program, running_pooler
from tests.postgresql import Cluster, binaries, running_cluster

_SERVER_CONNECTIONS = "16"
_CONNECTIONS_OF_A_RUN = 5
_INTENTS = 9


def main() -> int:
    """All loads; 1 when a target was missed."""
    options = _options()
    programs = binaries()
    if programs is None:
        print("PostgreSQL is not installed", file=sys.stderr)
        return 1
    machine = Machine.described()
    most = str(_CONNECTIONS_OF_A_RUN * max(options.runs) + 50)
    loads: list[LoadFigures] = []
    counts: list[DailyCount] = []
    with running_cluster(programs, max_connections=most, shared_buffers="128MB") as cluster:
        os.environ["PGPASSWORD"] = cluster.password
        for pace in (PACE, None):
            for runs in options.runs if pace else options.unpaced:
                loads.append(_directly(cluster, runs, pace, options.seconds))
                if pooler := program():
                    loads.append(_pooled(pooler, cluster, most, runs, pace, options.seconds))
        for actions in options.recorded:
            print(f"measuring the daily limit of {actions:,} …", file=sys.stderr, flush=True)
            with cluster.database() as place:
                counts += measure_daily_counts(place, actions, _INTENTS)
    results = Results(machine, tuple(loads), tuple(counts))
    keep(options.results, "runs_at_once", results, tables(results))
    return 1 if any(results.missed()) else 0


def _directly(cluster: Cluster, runs: int, pace: float | None, seconds: float) -> LoadFigures:
    _tell(runs, pace, "directly")
    with cluster.database() as place:
        server = Server(cluster.port, cluster.pid, None)
        return measure_load(place, server, runs, pace, seconds)


def _pooled(
    executable: str, cluster: Cluster, most: str, runs: int, pace: float | None, seconds: float
) -> LoadFigures:
    _tell(runs, pace, "through PgBouncer")
    pool = {"default_pool_size": _SERVER_CONNECTIONS, "max_client_conn": most}
    with cluster.database() as place, running_pooler(executable, cluster, **pool) as pooler:
        server = Server(pooler.port, cluster.pid, pooler.pid)
        return measure_load(pooler.place(place), server, runs, pace, seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.runs_at_once", description=__doc__)
    parser.add_argument(
        "--runs",
        type=int,
        nargs="+",
        default=[50, 100, 200, 500],
        help="at the pace of their budget",
    )
    parser.add_argument(
        "--unpaced", type=int, nargs="*", default=[50], help="runs as fast as they can"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="that each load lasts")
    parser.add_argument(
        "--recorded",
        type=int,
        nargs="*",
        default=[1_000, 10_000, 250_000],
        help="disconnects, four steps each, that the daily limit has to count",
    )
    parser.add_argument("--results", type=Path, default=Path(__file__).parents[1] / "results")
    return parser.parse_args()


def _tell(runs: int, pace: float | None, how: str) -> None:
    fast = "at the pace of their budget" if pace else "as fast as they can"
    print(f"measuring {runs} runs {fast}, {how} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
