"""Kill runs at every point and tell how many points there were: ``python -m tests.crash``.

Far more than the tests do: also in the midst of sendings and commits, with several workers and
with a heartbeat that beats all the time, with the saved plan applied again before the run is
resumed, and again while the run is resumed.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.domain import LedgerPlace, SqliteFile
from tests.crash.children import zygote
from tests.crash.enumerating import (
    Broken,
    Kills,
    Point,
    enumerate_points,
    enumerate_second_points,
    table,
)
from tests.crash.world import World, world
from tests.postgresql import HOW_TO_INSTALL, NOT_INSTALLED, binaries, running_cluster

DATABASES: Final = ("sqlite", "postgresql")
BUSY_HEART: Final = (30.0, 0.02, 0.05)
"""A lock whose heartbeat is written every 20 ms: its writes are points, too."""


class Part(Struct, frozen=True):
    """A part of the work, for one process: every ``of``-th point from ``share`` on."""

    database: str
    name: str
    share: int
    of: int
    every: int


class Done(Struct, frozen=True):
    """What came of a part; ``broken`` says what did not hold, and where."""

    part: Part
    points: list[Point]
    broken: str | None


WITH_ONE: Final = "one worker"
PLAN_FIRST: Final = "one worker, the saved plan applied again first"
WITH_FOUR: Final = "four workers and a busy heart"
TWICE: Final = "killed again while resumed"

_KINDS: Final[dict[str, Callable[[World, Part], Iterator[Point]]]] = {
    WITH_ONE: lambda trial, part: enumerate_points(trial, Kills(), 1 + part.share, part.of),
    PLAN_FIRST: lambda trial, part: enumerate_points(
        trial, Kills(apply_first=True), 1 + part.share, part.of
    ),
    WITH_FOUR: lambda trial, part: enumerate_points(
        trial, Kills(workers=4, times=BUSY_HEART), 1 + part.share, part.of
    ),
    TWICE: lambda trial, part: enumerate_second_points(
        trial, Kills(), 1 + part.share * part.every, part.of * part.every
    ),
}


def do(part: Part) -> Done:
    """Do one part, in a process of its own."""
    points: list[Point] = []
    with _world(part.database) as trial:
        try:
            points.extend(_KINDS[part.name](trial, part))
        except Broken as broken:
            return Done(part, points, str(broken))
    return Done(part, points, None)


@contextmanager
def _world(database: str) -> Iterator[World]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reconciler-crash-")))
        place: LedgerPlace = SqliteFile(folder / "ledger" / "ledger.db")
        if database == "postgresql":
            programs = binaries()
            assert programs is not None
            cluster = stack.enter_context(running_cluster(programs))
            os.environ["PGPASSWORD"] = cluster.password
            place = stack.enter_context(cluster.database())
        yield stack.enter_context(world(folder, place, [stack.enter_context(zygote())]))


def main() -> int:
    """Do what the arguments ask for; 1 when something did not hold."""
    options = _options()
    databases = [name for name in options.database if name == "sqlite" or binaries() is not None]
    if databases != options.database:
        print(f"!!! {NOT_INSTALLED}: SKIPPED. To test on it: {HOW_TO_INSTALL}")
    parts = [
        Part(database, kind, share, options.processes, options.every)
        for database in databases
        for kind in options.kind
        for share in range(options.processes)
    ]
    began = time.monotonic()
    done: list[Done] = []
    with ProcessPoolExecutor(options.processes) as pool:
        for future in as_completed([pool.submit(do, part) for part in parts]):
            done.append(future.result())
            if done[-1].broken:
                print(f"BROKEN: {done[-1].part}: {done[-1].broken}", flush=True)
    for database in databases:
        for kind in options.kind:
            mine = [one for one in done if (one.part.database, one.part.name) == (database, kind)]
            points = [point for one in mine for point in one.points]
            print(f"{len(points)} crash points on {database}: {kind}\n{table(points)}")
    violations = sum(one.broken is not None for one in done)
    found = {
        name: sum(len(one.points) for one in done if one.part.database == name)
        for name in databases
    }
    total = ", ".join(f"{number} crash points on {name}" for name, number in found.items())
    print(f"{total}: {violations} violations, {time.monotonic() - began:.0f} s")
    return 1 if violations else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--database", action="append", choices=DATABASES)
    parser.add_argument("--kind", action="append", choices=list(_KINDS))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--every", type=int, default=20, help="of the first kills every how many are killed again"
    )
    options = parser.parse_args()
    options.database = options.database or list(DATABASES)
    options.kind = options.kind or list(_KINDS)
    return options


if __name__ == "__main__":
    sys.exit(main())
