"""One number of runs at one pace, directly or through a pooler: what it costs, how long they wait.

Server and clients share this machine, so what the clients take the server does not have.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
import psutil
from msgspec import Struct

from bench.runs_at_once.acting_runs import Acted, Load, Record
from reconciler.domain import PostgresqlDatabase
from reconciler.ledger import open_ledger
from tests.postgresql import ROLE

PACE: Final = 2.5
"""Users a second: what a run's budget allows at the default share."""

_PROCESSES: Final = 4
_SAMPLES: Final = 3


class Server(Struct, frozen=True):
    """The port that runs connect to, and the processes that serve them: their parents' ids."""

    port: int
    database: int
    pooler: int | None


class LoadFigures(Struct, frozen=True):
    """What one load took. ``connections`` are the most that the runs held together, ``backends``
    the most that PostgreSQL served; processor times are those while the runs acted."""

    runs: int
    pace: float | None
    pooled: bool
    seconds: float
    planned: int
    actions: int
    failed: int
    p50: dict[Record, float]
    p99: dict[Record, float]
    worst: float
    connections: int
    backends: int
    database_cpu: float
    pooler_cpu: float
    client_cpu: float

    @property
    def actions_a_second(self) -> float:
        """How many actions were recorded a second, by all runs."""
        return self.actions / self.seconds

    @property
    def commits_a_second(self) -> float:
        """Those of records; heartbeats are a fifth of a commit a second and run more."""
        return 4 * self.actions_a_second

    @property
    def kept_pace(self) -> float:
        """The part of the planned actions that was begun in time."""
        return self.actions / self.planned

    def cpu_an_action(self, cpu: float) -> float:
        """Milliseconds of ``cpu`` for each action."""
        return cpu / self.actions * 1000


def measure_load(
    place: PostgresqlDatabase, server: Server, runs: int, pace: float | None, seconds: float
) -> LoadFigures:
    """Let so many runs act on a fresh ledger at ``place``."""
    with open_ledger(place, create=True):
        pass
    # Enough for those who act as fast as they can.
    actions = round(seconds * pace) if pace else max(40, round(4_000 * seconds / runs))
    shares = [runs // _PROCESSES + (number < runs % _PROCESSES) for number in range(_PROCESSES)]
    loads = [
        Load(place.url, sum(shares[:number]), share, actions, pace, seconds)
        for number, share in enumerate(shares)
    ]
    with _clients(loads) as clients:
        before = _cpu(server.database), _cpu(server.pooler)
        for client in clients:
            _write(client)
        held, backends = _sample(clients, server, seconds)
        acted = [msgspec.json.decode(_line(client), type=Acted) for client in clients]
        after = _cpu(server.database), _cpu(server.pooler)
    took: dict[Record, list[float]] = {}
    for one in acted:
        for record, times in one.took.items():
            took.setdefault(record, []).extend(times)
    return LoadFigures(
        runs=runs,
        pace=pace,
        pooled=server.pooler is not None,
        seconds=max(one.seconds for one in acted),
        planned=runs * actions,
        actions=len(took["outcome"]),
        failed=sum(one.failed for one in acted),
        p50={record: statistics.median(times) for record, times in took.items()},
        p99={record: statistics.quantiles(times, n=100)[98] for record, times in took.items()},
        worst=max(max(times) for times in took.values()),
        connections=held,
        backends=backends,
        database_cpu=after[0] - before[0],
        pooler_cpu=after[1] - before[1],
        client_cpu=sum(one.cpu for one in acted),
    )


@contextmanager
def _clients(loads: Sequence[Load]) -> Iterator[list["subprocess.Popen[bytes]"]]:
    clients = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "bench.runs_at_once.acting_runs"),
                msgspec.json.encode(load).decode(),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for load in loads
        if load.runs
    ]
    try:
        for client in clients:
            if _line(client) != b"ready\n":
                raise RuntimeError("a process with runs that act could not begin them")
        yield clients
    finally:
        for client in clients:
            client.communicate()


def _line(client: "subprocess.Popen[bytes]") -> bytes:
    assert client.stdout is not None
    return client.stdout.readline()


def _write(client: "subprocess.Popen[bytes]") -> None:
    assert client.stdin is not None
    client.stdin.write(b"go\n")
    client.stdin.flush()


def _sample(
    clients: Sequence["subprocess.Popen[bytes]"], server: Server, seconds: float
) -> tuple[int, int]:
    """The most connections that the runs held, and processes of the server, some times looked."""
    held = backends = 0
    for _ in range(_SAMPLES):
        time.sleep(seconds / (_SAMPLES + 1))
        held = max(
            held,
            sum(
                connection.status == psutil.CONN_ESTABLISHED
                and connection.raddr.port == server.port
                for client in clients
                for connection in psutil.Process(client.pid).net_connections("tcp4")
            ),
        )
        serving = psutil.Process(server.database).children(recursive=True)
        backends = max(backends, sum(_serves(one) for one in serving))
    return held, backends


def _serves(process: psutil.Process) -> bool:
    return " ".join(process.cmdline()).startswith(f"postgres: {ROLE}")


def _cpu(parent: int | None) -> float:
    """Processor time of a process and all below it, those that have ended too."""
    if parent is None:
        return 0.0
    root = psutil.Process(parent)
    return sum(sum(one.cpu_times()[:4]) for one in [root, *root.children(recursive=True)])
