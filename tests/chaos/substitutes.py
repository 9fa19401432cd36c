"""Puts the harness under the tool: its clocks, its network, its processes, its ledger's seams.

Everything of the tool runs as it is; replaced is only what touches the machine.
"""

import importlib
import logging
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType, SimpleNamespace
from typing import Any
from unittest import mock

import httpcore
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

import reconciler.cli.context as cli_context
import reconciler.cli.run_command as cli_run_command
import reconciler.engine.session as engine_session
import reconciler.ledger.lock as ledger_lock
import reconciler.ledger.postgresql as ledger_postgresql
import reconciler.ledger.sqlite as ledger_sqlite
import reconciler.recall.channel
import reconciler.recall.retries
import reconciler.recall.transport as recall_transport
from reconciler.cli.error_report import report_of
from reconciler.cli.exits import Signals
from reconciler.engine import carry_out
from reconciler.engine.commit import Commit
from reconciler.ledger.database import Database
from reconciler.ledger.open_run import OpenRun
from reconciler.reporting import Report
from reconciler.runs import Who
from tests.chaos.cooperative import conducting, cooperating, stage
from tests.chaos.files import KEY, KEY_VARIABLE
from tests.chaos.process import MachineClock, of_task
from tests.chaos.world import Acting, World

# The function of this name hides the module.
engine_acting_run = importlib.import_module("reconciler.engine.acting_run")

_IMPORTED_LATE = (reconciler.recall.channel, reconciler.recall.retries, OpenRun)

_RECORDS = frozenset(
    {"begin_run", "run_opened", "intent", "answer", "read_back", "outcome", "run_closed", "_beat"}
)
"""Who writes: the functions of the ledger that a write is called after."""

# What the tool logs is not looked at here.
logging.getLogger("reconciler").addHandler(logging.NullHandler())

_real_write = Database.write
_real_now = Database.now


def here() -> Acting:
    process = of_task()
    assert isinstance(process, Acting)
    return process


def _writer() -> str:
    """What is being written, by who writes it."""
    frame: FrameType | None = sys._getframe(2)
    for _ in range(12):
        if frame is None:
            break
        if frame.f_code.co_name in _RECORDS:
            return frame.f_code.co_name.strip("_")
        frame = frame.f_back
    return "other"


def _write(world: World) -> Callable[[Database], Any]:
    @contextmanager
    def write(self: Database) -> Iterator[Connection]:
        process, what = here(), _writer()
        process.seam(f"write:{what}")
        process.fail_to_write(what, after=False)
        with _real_write(self) as connection:
            yield connection
        process.writes += 1
        world.watch.written(process, what)
        process.seam(f"written:{what}")
        process.fail_to_write(what, after=True)

    return write


def _database_now(world: World) -> Callable[[Database, Connection], float]:
    def now(self: Database, connection: Connection) -> float:
        _real_now(self, connection)
        return world.times.machine() if self.dialect == "sqlite" else world.times.server()

    return now


def _carry_out(world: World) -> Callable[..., Any]:
    def carrying(session: Any, run: str, approved: Any, *others: Any) -> Any:
        process = here()
        process.approved = approved
        world.watch.approves(process)
        return carry_out(session, run, approved, *others)

    return carrying


class _Engines:
    """Makes engines that share what is costly to make: the statements that were compiled."""

    def __init__(self) -> None:
        self._first: Engine | None = None

    def __call__(self, *args: Any, **options: Any) -> Engine:
        engine = create_engine(*args, **options)
        if self._first is None:
            self._first = engine
        else:
            engine.dialect = engine.pool._dialect = self._first.dialect
            engine._compiled_cache = self._first._compiled_cache
        return engine


class _SameDialect(PGDialect_psycopg):
    """Equal to all others, so that a statement that was compiled for one is found for all."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameDialect)

    def __hash__(self) -> int:
        return hash(_SameDialect)


class _ServerEngines:
    """As :class:`_Engines`, for PostgreSQL: there each dialect has its own way to connect."""

    def __init__(self) -> None:
        self._first: Engine | None = None

    def __call__(self, *args: Any, **options: Any) -> Engine:
        engine = create_engine(*args, **options)
        engine.dialect.__class__ = _SameDialect
        if self._first is None:
            self._first = engine
        engine._compiled_cache = self._first._compiled_cache
        return engine


_engines = _Engines()
_server_engines = _ServerEngines()


def _clock() -> MachineClock:
    return of_task().clock


def _who() -> Who:
    return of_task().who


def _enter(self: Signals) -> Signals:
    of_task().signals = self
    return self


def _exit(self: Signals, *_: object) -> None:
    of_task().signals = None


def _nothing(*_: object, **__: object) -> None:
    """Nobody is there to read it, and nothing is in git."""


def _render(report: Report, *_: object, **__: object) -> str:
    of_task().reports.append(report)
    return ""


def _report_of(error: BaseException, where: str | None = None) -> Report:
    here().error = error
    return report_of(error, where)


def _connect(world: World) -> Callable[..., httpcore.NetworkStream]:
    def connect(_: httpcore.SyncBackend, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return world.network().connect_tcp(*args, **options)

    return connect


@contextmanager
def substituted(world: World) -> Iterator[None]:
    """While this lasts, the tool lives in ``world``."""
    before = random.getstate()
    random.seed(world.schedule.seed)
    chance = SimpleNamespace(Random=lambda: random.Random(world.schedule.seed))
    time = SimpleNamespace(monotonic=lambda: stage().time)
    patches: list[Any] = [
        mock.patch.dict("os.environ", {KEY_VARIABLE: KEY}),
        mock.patch.object(httpcore.SyncBackend, "connect_tcp", _connect(world)),
        mock.patch.object(recall_transport, "time", time),
        mock.patch.object(cli_context, "SystemClock", _clock),
        mock.patch.object(cli_context, "render", _render),
        mock.patch.object(cli_context, "report_of", _report_of),
        mock.patch.object(cli_context, "print_out", _nothing),
        mock.patch.object(cli_context, "set_up_logging", _nothing),
        mock.patch.object(cli_run_command, "carry_out", _carry_out(world)),
        mock.patch.object(Signals, "__enter__", _enter),
        mock.patch.object(Signals, "__exit__", _exit),
        mock.patch.object(engine_session, "random", chance),
        mock.patch.object(engine_acting_run, "current_process", _who),
        mock.patch.object(engine_session, "commit_of", return_value=Commit(None)),
        mock.patch.object(ledger_lock, "is_alive", world.alive),
        mock.patch.object(ledger_sqlite, "create_engine", _engines),
        mock.patch.object(ledger_postgresql, "create_engine", _server_engines),
        mock.patch.object(Database, "write", _write(world)),
        mock.patch.object(Database, "now", _database_now(world)),
    ]
    try:
        with ExitStack() as stack:
            stack.enter_context(cooperating())
            stack.enter_context(conducting(world.scheduler))
            for patch in patches:
                stack.enter_context(patch)
            yield
    finally:
        random.setstate(before)
