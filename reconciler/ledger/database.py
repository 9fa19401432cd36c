"""The database of a ledger: transactions that succeed or raise errors of this tool.

Each error says what a database error means for the ledger, and what to do.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal, NamedTuple, TypeAlias

from sqlalchemy import Connection, Engine, RootTransaction, text
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError, SQLAlchemyError

from reconciler.domain import LedgerPlace, PostgresqlDatabase
from reconciler.ledger.errors import LedgerError, LedgerUnreachable, LedgerUnusable

Dialect: TypeAlias = Literal["sqlite", "postgresql"]

BUSY_TIMEOUT: Final = 10.0
"""Seconds to wait for other writers."""

_NOW: Final = {
    "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400.0"),
    "postgresql": text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)"),
}


class Database:
    """One ledger's database, SQLite or PostgreSQL. Thread-safe.

    :meth:`read` and :meth:`write` raise every database error as a :class:`LedgerError` without
    secrets, except SQLAlchemy's ``IntegrityError``, which a caller may expect. Other exceptions
    pass unchanged.
    """

    dialect: Dialect

    def __init__(
        self, place: LedgerPlace, dialect: Dialect, *, reading: Engine, writing: Engine | None
    ) -> None:
        self.dialect = dialect
        self._place = place
        self._reading = reading
        self._writing = writing
        # SQLite has one writer at a time. Here threads of this process wait fairly and wake at
        # once; SQLite's own waiting does neither.
        self._turn = threading.Lock() if dialect == "sqlite" else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one consistent state and cannot write."""
        with self._transaction(self._reading) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is durable after the context, and rolled back on an exception.

        On SQLite it excludes other writers from its beginning. On PostgreSQL it is READ COMMITTED:
        the caller has to lock the rows that must not change.
        """
        if self._writing is None:
            raise TypeError("this ledger is open for reading only")
        with self._turn_to_write(), self._transaction(self._writing) as connection:
            yield connection

    def now(self, connection: Connection) -> float:
        """Seconds since 1970 by the database's clock; for SQLite that is this machine's clock."""
        return float(connection.execute(_NOW[self.dialect]).scalar_one())

    def close(self) -> None:
        """Close the idle connections."""
        self._reading.dispose()
        if self._writing is not None:
            self._writing.dispose()

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_TIMEOUT):
            raise LedgerUnreachable(
                f"this process has locked the ledger {self._place} for {BUSY_TIMEOUT:.0f} s",
                "try again",
            )
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            connection, transaction = _begin(engine)
            with connection:
                try:
                    yield connection
                except BaseException:
                    # Keep the first error, even if the rollback fails too.
                    try:
                        transaction.rollback()
                    except SQLAlchemyError:
                        with suppress(SQLAlchemyError):
                            connection.invalidate()
                    raise
                transaction.commit()
        except IntegrityError:
            raise
        except (DBAPIError, PendingRollbackError) as error:
            # Not chained: a driver's text may quote its configuration.
            raise failure(self._place, error) from None


def _begin(engine: Engine) -> tuple[Connection, RootTransaction]:
    """A connection on which a transaction has begun: a new one, if the idle one has ended.

    Nothing is done yet, so it may be tried again; and no question whether the connection is alive
    has to be asked before.
    """
    try:
        return _begin_once(engine)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    return _begin_once(engine)


def _begin_once(engine: Engine) -> tuple[Connection, RootTransaction]:
    connection = engine.connect()
    try:
        return connection, connection.begin()
    except BaseException:
        connection.close()
        raise


class _Meaning(NamedTuple):
    kind: type[LedgerError]
    words: str
    hint: str


_RESTORE: Final = (
    "keep the file for examination and restore a backup; without a backup, move the file away:"
    " the next run makes a new ledger, without history"
)
_WRITABLE: Final = "let this account write the file and its folder"

_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: _Meaning(
        LedgerUnreachable, "is locked by another process", "wait for that process, then try again"
    ),
    sqlite3.SQLITE_LOCKED: _Meaning(LedgerUnreachable, "is locked by this process", "try again"),
    sqlite3.SQLITE_FULL: _Meaning(
        LedgerUnreachable, "has no space left", "make room on its filesystem, then try again"
    ),
    sqlite3.SQLITE_IOERR: _Meaning(
        LedgerUnreachable,
        "could not be read or written",
        "check the disk: its space, its quota, its health",
    ),
    sqlite3.SQLITE_READONLY: _Meaning(LedgerUnreachable, "is not writable", _WRITABLE),
    sqlite3.SQLITE_PERM: _Meaning(LedgerUnreachable, "is not accessible", _WRITABLE),
    sqlite3.SQLITE_AUTH: _Meaning(LedgerUnreachable, "is not accessible", _WRITABLE),
    sqlite3.SQLITE_CANTOPEN: _Meaning(LedgerUnreachable, "cannot be opened", _WRITABLE),
    sqlite3.SQLITE_NOMEM: _Meaning(
        LedgerUnreachable, "needs more memory", "free some, then try again"
    ),
    sqlite3.SQLITE_CORRUPT: _Meaning(LedgerUnusable, "is corrupt", _RESTORE),
    sqlite3.SQLITE_FORMAT: _Meaning(LedgerUnusable, "is corrupt", _RESTORE),
    sqlite3.SQLITE_NOTADB: _Meaning(
        LedgerUnusable,
        "is not an SQLite database, or its beginning is damaged",
        f"if it is another program's file, name another place; if it was a ledger, {_RESTORE}",
    ),
}
_SQLITE_OTHER: Final = _Meaning(
    LedgerUnusable,
    "differs from what this tool made",
    f"if another program altered it, restore a backup; otherwise {_RESTORE}",
)

_SERVER: Final = "check that the server runs and that this machine can reach it, then try again"
_GRANT: Final = (
    "let the role create tables in the first schema of its search_path, and write to them;"
    " the simplest way is a database of its own"
)

# By SQLSTATE; the longer code wins.
_POSTGRESQL: Final = {
    "28P01": _Meaning(
        LedgerUnreachable,
        "does not accept the credentials",
        "check PGUSER, PGPASSWORD and PGPASSFILE",
    ),
    "28": _Meaning(
        LedgerUnreachable,
        "does not admit this role",
        "check PGUSER, PGPASSWORD, PGSSLMODE and the server's pg_hba.conf",
    ),
    "3D000": _Meaning(
        LedgerUnreachable,
        "does not exist as a database",
        "create the database, or correct its name in the ledger's URL",
    ),
    "3F000": _Meaning(LedgerUnreachable, "has no schema for its tables", _GRANT),
    "42501": _Meaning(LedgerUnreachable, "does not grant the rights that the ledger needs", _GRANT),
    "25006": _Meaning(LedgerUnreachable, "is read-only", "name the primary server, not a standby"),
    "25P03": _Meaning(LedgerUnreachable, "ended a transaction that took too long", "try again"),
    "42": _Meaning(
        LedgerUnusable,
        "differs from what this tool made",
        "restore a backup, or give the ledger a database of its own",
    ),
    "no transactions": _Meaning(
        LedgerUnusable,
        "is behind a pooler that shares connections between statements",
        "let PgBouncer pool the ledger's database by transaction: pool_mode = transaction",
    ),
    "no options": _Meaning(
        LedgerUnusable,
        "is behind a pooler that refuses a setting in its URL",
        "remove it from the URL; set it for the role: ALTER ROLE ... SET ...",
    ),
    "40": _Meaning(LedgerUnreachable, "was changed by another process meanwhile", "try again"),
    "53100": _Meaning(
        LedgerUnreachable, "has no space left", "make room on the server, then try again"
    ),
    "53": _Meaning(LedgerUnreachable, "is overloaded", "try again later"),
    "55P03": _Meaning(
        LedgerUnreachable, "is locked by another process", "wait for that process, then try again"
    ),
    "57014": _Meaning(LedgerUnreachable, "took too long", "find out what keeps the server busy"),
    "57": _Meaning(LedgerUnreachable, "is not available now", _SERVER),
    "58": _Meaning(LedgerUnreachable, "has a problem with its disk", "see the server's log"),
    "08": _Meaning(LedgerUnreachable, "cannot be reached", _SERVER),
    "XX001": _Meaning(LedgerUnusable, "is corrupt", "see the server's log, then restore a backup"),
    "XX002": _Meaning(LedgerUnusable, "is corrupt", "see the server's log, then rebuild the index"),
}
_POSTGRESQL_OTHER: Final = _Meaning(LedgerUnreachable, "cannot be reached", _SERVER)
_POSTGRESQL_UNKNOWN: Final = _Meaning(
    LedgerUnreachable, "answered with an error", "see the server's log"
)

# libpq reports these in words alone, when a connection was never established; and PgBouncer gives
# all that it says itself one SQLSTATE.
_REFUSALS: Final = (
    ("statement pooling mode", "no transactions"),
    ("unsupported startup parameter", "no options"),
    ("query_wait_timeout", "53"),
    ("no more connections allowed", "53"),
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28"),
    ("does not exist", "3D000"),
    ("too many clients", "53"),
    ("remaining connection slots", "53"),
)


_PROTOCOL_VIOLATION: Final = "08P01"


def truncated(place: LedgerPlace) -> LedgerUnusable:
    """The error for a file whose end is missing."""
    return LedgerUnusable(f"the ledger {place} is corrupt: its end is missing", _RESTORE)


def failure(
    place: LedgerPlace, error: DBAPIError | PendingRollbackError | sqlite3.Error
) -> LedgerError:
    """``error`` as an error of this tool, which never shows a password."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(place, PostgresqlDatabase):
        meaning, detail = _of_postgresql(cause)
    else:
        meaning, detail = _of_sqlite(cause)
    cited = f": {detail}" if detail else ""
    return meaning.kind(f"the ledger {place} {meaning.words}{cited}", meaning.hint)


def _of_sqlite(cause: BaseException | None) -> tuple[_Meaning, str]:
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return _SQLITE_OTHER, str(cause)
    return _SQLITE.get(code & 0xFF, _SQLITE_OTHER), str(cause)


def _of_postgresql(cause: BaseException | None) -> tuple[_Meaning, str]:
    detail = _without_secrets(str(cause))
    state = getattr(cause, "sqlstate", None)
    if state in (None, _PROTOCOL_VIOLATION):
        state = next((state for words, state in _REFUSALS if words in detail), state)
    if state is None:
        return _POSTGRESQL_OTHER, detail
    for beginning in (state, state[:2]):
        if beginning in _POSTGRESQL:
            return _POSTGRESQL[beginning], detail
    return _POSTGRESQL_UNKNOWN, detail


def _without_secrets(text: str) -> str:
    """The first line of ``text``; empty if the text quotes the password."""
    password = os.environ.get("PGPASSWORD")
    if password and password in text:
        return ""
    return text.strip().partition("\n")[0]
