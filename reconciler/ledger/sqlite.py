"""Opens a ledger in SQLite: checks the file, and sets up connections and transactions."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from msgspec import Struct
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from reconciler.domain import SqliteFile
from reconciler.ledger.database import BUSY_TIMEOUT, Database, failure, truncated
from reconciler.ledger.errors import LedgerUnreachable, LedgerUnusable, missing
from reconciler.ledger.files import (
    SameFiles,
    check_writable,
    exists,
    keep_private,
    make,
    refuse_shared,
)

_APPLICATION_ID: Final = 0x52434C47  # "RCLG": marks an SQLite file as a ledger

# Modes of the file's URI. None makes the file; the last one neither locks it nor reads its log.
_WRITTEN: Final = "mode=rw"
_READ: Final = "mode=ro"
_READ_WHOLE: Final = "mode=ro&immutable=1"

_NOT_OPENED: Final = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}


class _FileState(Struct, frozen=True):
    """What a file shows before we change anything."""

    marked: bool  # as a ledger
    blank: bool  # without any content
    whole: bool  # it does not end within a page, which SQLite would not notice
    plain: bool  # without views and triggers, which could compute for ever


def open_for_writing(place: SqliteFile, *, create: bool) -> Database:
    """The database for reading and writing. ``create`` makes a missing file, or uses a blank one.

    Raises :class:`LedgerMissing`, and other kinds of :class:`LedgerError`.
    """
    there = exists(place)
    refuse_shared(place)
    if not there:
        if not create:
            raise missing(place)
        make(place)
    _check_content(place, blank=create)
    keep_private(place)
    check_writable(place)
    _prepare(place)
    engine = _engine(lambda: _connect(place.path, _WRITTEN))
    writing = engine.execution_options(ledger_begins="IMMEDIATE")
    files = SameFiles(place)
    event.listen(writing, "begin", lambda _connection: files.check())
    return Database(place, "sqlite", reading=engine, writing=writing)


def open_for_reading(place: SqliteFile) -> Database:
    """The database for reading only; the file must exist, and not a byte of it changes.

    SQLite's usual way leaves an empty log beside a ledger that no process has open. In a read-only
    folder that is impossible. There we read a cleanly closed ledger as an unchanging file, and
    check that it did not change.
    """
    refuse_shared(place)
    _check_content(place, blank=False)
    path = place.path
    access = _READ
    try:
        with closing(_connect(path, access)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        access = _careful_access(path)
        if access == _READ or _code(error) not in _NOT_OPENED:
            raise failure(place, error) from None
    engine = _engine(lambda: _connect(path, access))
    if access == _READ_WHOLE:
        _check_unchanged(place, engine)
    return Database(place, "sqlite", reading=engine, writing=None)


def _check_content(place: SqliteFile, *, blank: bool) -> None:
    """Raise :class:`LedgerError` unless the file is a ledger or, if ``blank``, empty."""
    seen = _inspect(place)
    if seen.blank and not blank:
        raise missing(place)
    if not seen.marked and not seen.blank:
        raise LedgerUnusable(
            f"{place} is a file of another program, not a ledger",
            "name another place; the file was not changed",
        )
    if not seen.plain:
        raise LedgerUnusable(
            f"the ledger {place} has views or triggers, which this tool does not make",
            "if another program altered the ledger, restore a backup",
        )
    if not seen.whole and _careful_access(place.path) == _READ_WHOLE:
        raise truncated(place)


def _inspect(place: SqliteFile) -> _FileState:
    """What is in the file. Leaves no trace if no process has it open."""
    try:
        try:
            return _inspect_with(place.path, _careful_access(place.path))
        except sqlite3.DatabaseError:
            # Another process may have begun to write; the usual way handles that.
            return _inspect_with(place.path, _READ)
    except sqlite3.Error as error:
        raise failure(place, error) from None


def _inspect_with(path: Path, access: str) -> _FileState:
    with closing(_connect(path, access)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (page,) = connection.execute("PRAGMA page_size").fetchone()
        (programs,) = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index')"
        ).fetchone()
    size = path.stat().st_size
    return _FileState(
        marked=application == _APPLICATION_ID,
        # SQLite takes a file of one byte for an empty database too.
        blank=application == 0 and objects == 0 and size != 1,
        whole=access == _READ or size % page == 0,
        plain=not programs,
    )


def _prepare(place: SqliteFile) -> None:
    """Mark the file as a ledger, and switch it to a write-ahead log."""
    try:
        with closing(_connect(place.path, _WRITTEN)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            if application != _APPLICATION_ID:
                connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            mode = _write_ahead(connection)
    except sqlite3.Error as error:
        raise failure(place, error) from None
    if mode != "wal":
        raise LedgerUnusable(
            f"the ledger {place} cannot have a write-ahead log on its filesystem",
            "put it on a disk of this machine, or use PostgreSQL: ledger: postgresql+psycopg://…",
        )


def _write_ahead(connection: sqlite3.Connection) -> str:
    """Switch to the write-ahead log. SQLite itself does not wait if another process does that."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return str(mode)


def _check_unchanged(place: SqliteFile, engine: Engine) -> None:
    """Let reading fail if the file changes meanwhile."""

    def state() -> tuple[str, int, int, int]:
        stat = place.path.stat()
        return _careful_access(place.path), stat.st_ino, stat.st_size, stat.st_mtime_ns

    before = state()

    def check(_connection: Connection) -> None:
        if state() != before:
            raise LedgerUnreachable(f"the ledger {place} changed while it was read", "try again")

    event.listen(engine, "begin", check)
    event.listen(engine, "commit", check)


def _careful_access(path: Path) -> str:
    """How to read without leaving a trace: with no log, or an empty one, the file is complete."""
    real = path.resolve()
    try:
        size = real.with_name(f"{real.name}-wal").stat().st_size
    except FileNotFoundError:
        size = 0
    return _READ if size else _READ_WHOLE


def _connect(path: Path, access: str) -> sqlite3.Connection:
    """A connection that begins no transactions by itself, and never makes the file."""
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?{access}",
        uri=True,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _engine(connect: Callable[[], sqlite3.Connection]) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=0,  # no limit: there are as many connections as threads
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    kind = connection.get_execution_options().get("ledger_begins", "DEFERRED")
    connection.exec_driver_sql(f"PRAGMA query_only = {kind != 'IMMEDIATE'}")
    connection.exec_driver_sql(f"BEGIN {kind}")


def _code(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
