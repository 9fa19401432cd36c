"""The real command in so many processes, as pods would run it, with PostgreSQL as the ledger."""

import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from msgspec import Struct

from bench.companion import companion
from bench.environment import RECONCILER, environment
from bench.measured_process import MeasuredProcess, measure
from bench.places import Kind, Places, ledger_line
from bench.simulation.sandboxes import ServedSandboxes
from reconciler.domain import PostgresqlDatabase
from reconciler.ledger import open_ledger
from reconciler.sandbox import SandboxState

_LIST, _DISCONNECT = "/api/v1/calendar/users/", "/api/v1/calendar/user/disconnect/"
_BETWEEN_LOOKS: Final = 0.2


class RealRun(Struct, frozen=True):
    """One command in ``processes``, from the start of the first to the end of the last.

    ``requests``, ``lists`` and ``disconnects`` are from the logs of the sandboxes, ``once`` says
    whether everybody who was to be was disconnected by exactly one call. ``commits`` and the most
    ``connections`` at a time are those of the ledger.
    """

    wall: float
    processes: tuple[MeasuredProcess, ...]
    requests: int
    lists: int
    disconnects: int
    once: bool
    commits: int
    connections: int

    @property
    def cpu(self) -> float:
        """Seconds of processor time of all processes."""
        return sum(process.cpu for process in self.processes)

    @property
    def peak(self) -> int:
        """Bytes of the process that took most."""
        return max(process.peak for process in self.processes)


def run_really(
    command: str, places: Places, sizes: tuple[int, int, int], pods: int, jobs: int
) -> RealRun:
    """``command`` over fresh sandboxes of these ``sizes``: workspaces, users, leavers of each."""
    workspaces, _, leavers = sizes
    with places.fresh(Kind.POSTGRESQL) as place, tempfile.TemporaryDirectory() as name:
        assert isinstance(place, PostgresqlDatabase)
        with open_ledger(place, create=True):
            pass
        arguments = (name, *map(str, sizes), ledger_line(place))
        served = companion("bench.simulation.sandboxes", *arguments, ready=ServedSandboxes)
        with served as sandboxes, _watched(place) as ledger:
            began = time.perf_counter()
            with ThreadPoolExecutor(pods) as threads:
                words = [_words(command, pod, pods, jobs) for pod in range(pods)]
                processes = tuple(
                    threads.map(lambda each: measure(each, Path(name), environment()), words)
                )
            wall = time.perf_counter() - began
            commits, connections = ledger()
            log = [entry for each in sandboxes.names for entry in _log(Path(name) / f"{each}.db")]
    paths = Counter(entry.path for entry in log)
    calls = Counter(entry.external_id for entry in log if entry.path == _DISCONNECT)
    acts = command == "apply"
    return RealRun(
        wall=wall,
        processes=processes,
        requests=len(log),
        lists=paths[_LIST],
        disconnects=paths[_DISCONNECT],
        once=len(calls) == calls.total() == (workspaces * leavers if acts else 0),
        commits=commits,
        connections=connections,
    )


def _words(command: str, pod: int, pods: int, jobs: int) -> list[str]:
    acts = ("--auto-approve", "--quiet") if command == "apply" else ()
    shard = ("--shard", f"{pod}/{pods}")
    return [RECONCILER, command, "--all-workspaces", *shard, "--jobs", str(jobs), *acts]


def _log(path: Path) -> list[Any]:
    with SandboxState.open(path, create=False) as state:
        return list(state.log())


@contextmanager
def _watched(place: PostgresqlDatabase) -> Iterator[Any]:
    """Yields a function: how many commits there were since, and the most connections at a time."""
    url = place.url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True, password=os.environ["PGPASSWORD"]) as connection:
        most = 0
        ended = threading.Event()

        def look() -> None:
            nonlocal most
            while not ended.wait(_BETWEEN_LOOKS):
                most = max(most, _number(connection, _CONNECTIONS))

        begun = _number(connection, _COMMITS)
        watching = threading.Thread(target=look)
        watching.start()

        def seen() -> tuple[int, int]:
            ended.set()
            watching.join()
            return _number(connection, _COMMITS) - begun, most

        try:
            yield seen
        finally:
            ended.set()
            watching.join()


_COMMITS: Final = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
_CONNECTIONS: Final = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _number(connection: "psycopg.Connection[Any]", statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
