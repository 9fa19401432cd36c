"""The moments at which a process can be killed: before and after every write to the ledger and
every call over HTTP, and between the sending of a call and the reading of its answer.

Installed in the process that all others are forked from. Nothing of what the program does is
altered; it is only watched, at doors that do not depend on how it does it.
"""

import os
import select
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpcore
from sqlalchemy import Connection

from reconciler.ledger import database, server_connection
from reconciler.recall import channel
from reconciler.recall.endpoint import HttpAnswer, HttpCall
from reconciler.recall.errors import RecallError
from tests.crash.children import PATIENCE

LEAVING: Final = "the first byte of a call is about to be written"
"""Between the last check and the sending: where a pause lets a call leave late."""

_FILE_MARKS: Final = ("PRAGMA application_id =", "PRAGMA journal_mode =")
_PASSED_OVER: Final = {"__enter__", "__exit__", "write", "_writing", "inner", "helper", "next"}


class Points:
    """Counts the points that this process comes by, and ends or stops it at one of them."""

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Lock()
        self._writes = threading.RLock()
        self._passed: dict[str, int] = {}
        self._watch: _Watch | None = None

    def watch(
        self,
        wanted: tuple[str, int] | int | None,
        report: Callable[[int, str], None],
        *,
        stop: bool,
        finely: bool,
    ) -> None:
        """From now on count. At the point ``wanted`` (its number from 1, or a label and which of
        those that are called so) ``report`` its number and label, and be killed or stopped.

        ``finely`` also has the points in the midst of a sending and of a commit.
        """
        self._watch = _Watch(wanted, report, stop, finely)

    def reach(self, label: str, *, fine: bool = False) -> None:
        """Another point; the other threads wait at theirs while this one dies."""
        watch = self._watch
        if watch is None or (fine and not watch.finely):
            return
        # Whoever stands still in the midst of writing holds up everybody else who writes.
        with self.writing(), self._lock:
            self.number += 1
            self._passed[label] = self._passed.get(label, 0) + 1
            if watch.wanted in (self.number, (label, self._passed[label])):
                watch.report(self.number, label)
                # To this very thread, which so does not take another step.
                signum = signal.SIGSTOP if watch.stop else signal.SIGKILL
                signal.pthread_kill(threading.get_ident(), signum)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around a transaction that writes: one at a time where the process is to be stopped."""
        if self._watch is not None and self._watch.stop:
            with self._writes:
                yield
        else:
            yield


class _Watch(NamedTuple):
    """What is to happen, and where: the arguments of :meth:`Points.watch`."""

    wanted: tuple[str, int] | int | None
    report: Callable[[int, str], None]
    stop: bool
    finely: bool


POINTS: Final = Points()
_this = threading.local()


def install() -> None:
    """Watch the ledger's transactions and files, and the client's exchanges."""
    _watch_writes()
    _watch_statements()
    sys.addaudithook(_watch_files)
    _watch_exchanges()


# The ledger.


def _watch_writes() -> None:
    write = database.Database.write
    commit = server_connection.ServerConnection.commit
    wait = server_connection.ServerConnection.wait

    @contextmanager
    def watched_write(self: database.Database) -> Iterator[Connection]:
        what = _writer()
        POINTS.reach(f"before the ledger's {what}")
        with POINTS.writing(), write(self) as connection:
            yield connection
            _this.writing = what
            POINTS.reach(f"before the commit of the ledger's {what}")
        _this.writing = None
        POINTS.reach(f"after the ledger's {what}")

    def watched_commit(self: server_connection.ServerConnection) -> None:
        _this.committing = getattr(_this, "writing", None)
        try:
            commit(self)
        finally:
            _this.committing = None

    def watched_wait(self: Any, gen: Any, *arguments: Any, **options: Any) -> Any:
        what = getattr(_this, "committing", None)
        return wait(self, _sent(gen, what) if what else gen, *arguments, **options)

    setattr(database.Database, "write", watched_write)  # noqa: B010
    setattr(server_connection.ServerConnection, "commit", watched_commit)  # noqa: B010
    setattr(server_connection.ServerConnection, "wait", watched_wait)  # noqa: B010


def _sent(gen: Generator[Any, Any, Any], what: str) -> Generator[Any, Any, Any]:
    """A statement to PostgreSQL, with a point when it was sent and before its answer is read."""
    try:
        wanted = next(gen)
        POINTS.reach(f"the commit of the ledger's {what} is sent", fine=True)
        while True:
            wanted = gen.send((yield wanted))
    except StopIteration as end:
        return end.value


def _writer() -> str:
    """The name of the function that writes."""
    frame = sys._getframe(2)
    while frame.f_code.co_name in _PASSED_OVER and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_name.strip("_")


def _watch_files(event: str, arguments: tuple[Any, ...]) -> None:
    """The making of an SQLite ledger's file: what is done to it outside of transactions."""
    if event in ("os.mkdir", "os.chmod"):
        POINTS.reach(f"before {event} of {Path(os.fsdecode(arguments[0])).name}")
    elif event == "open" and arguments[2] & os.O_CREAT and str(arguments[0]).endswith(".db"):
        POINTS.reach("before the ledger's file is made")


def _watch_statements() -> None:
    connect = sqlite3.connect

    def watched_connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(_statement)
        return connection

    setattr(sqlite3, "connect", watched_connect)  # noqa: B010


def _statement(statement: str) -> None:
    if statement.startswith(_FILE_MARKS):
        POINTS.reach(f"before {statement}")


# The client.


class _Exchange:
    """One call over HTTP, as it comes by."""

    def __init__(self, call: HttpCall) -> None:
        self.name = call.name
        self.mutating = call.token is not None and call.method != "GET"
        self.writes = 0
        self.reads = 0


def _watch_exchanges() -> None:
    exchange = channel.Channel.exchange
    connect = httpcore.SyncBackend.connect_tcp

    def watched_exchange(
        self: channel.Channel, call: HttpCall, *arguments: Any, **options: Any
    ) -> HttpAnswer:
        POINTS.reach(f"before the call: {call.name}")
        _this.exchange = _Exchange(call)
        try:
            answer = exchange(self, call, *arguments, **options)
        except RecallError:
            POINTS.reach(f"after the call: {call.name}")
            raise
        finally:
            _this.exchange = None
        POINTS.reach(f"after the call: {call.name}")
        return answer

    def watched_connect(*arguments: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(connect(*arguments, **options))

    setattr(channel.Channel, "exchange", watched_exchange)  # noqa: B010
    setattr(httpcore.SyncBackend, "connect_tcp", watched_connect)  # noqa: B010


class _Stream(httpcore.NetworkStream):
    """A connection on which the bytes of a mutating call are watched as they leave."""

    def __init__(self, plain: httpcore.NetworkStream) -> None:
        self._plain = plain

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        current: _Exchange | None = getattr(_this, "exchange", None)
        if current is not None and current.mutating and buffer:
            current.writes += 1
            if current.writes == 1:
                leaving()
            else:
                POINTS.reach(f"half of the call is sent: {current.name}", fine=True)
        self._plain.write(buffer, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        current: _Exchange | None = getattr(_this, "exchange", None)
        if current is not None and current.mutating:
            current.reads += 1
            if current.reads == 1:
                POINTS.reach(f"the call is sent: {current.name}")
                select.select([self._plain.get_extra_info("socket")], [], [], timeout)
                POINTS.reach(f"the call is answered, and not read: {current.name}")
        return self._plain.read(max_bytes, timeout)

    def close(self) -> None:
        self._plain.close()

    def start_tls(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(self._plain.start_tls(*arguments, **options))

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)


def leaving() -> None:
    """A call is about to leave: when as many are as are expected, all of them go on."""
    gate: threading.Barrier | None = _gate[0]
    if gate is not None:
        gate.wait(PATIENCE)
        _gate[0] = None
    POINTS.reach(LEAVING, fine=True)


_gate: Final[list[threading.Barrier | None]] = [None]


def expect_together(calls: int) -> None:
    """Let the first calls come to :data:`LEAVING` all together before any of them goes on."""
    _gate[0] = threading.Barrier(calls) if calls > 1 else None
