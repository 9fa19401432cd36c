"""One ledger's database: transactions that either hold or fail in words of this tool."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal, TypeAlias

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError, SQLAlchemyError

from reconciler.domain import LedgerPlace
from reconciler.ledger.database_errors import failure
from reconciler.ledger.errors import LedgerUnreachable

Dialect: TypeAlias = Literal["sqlite", "postgresql"]

BUSY_TIMEOUT: Final = 10.0
"""Seconds to wait for who else writes."""

_NOW: Final = {
    "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400.0"),
    "postgresql": text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)"),
}


class Database:
    """One ledger's database, SQLite or PostgreSQL. Thread-safe.

    Every error of the database leaves :meth:`read` and :meth:`write` as a :class:`LedgerError`
    without a secret in it, except SQLAlchemy's ``IntegrityError``: a violated constraint is
    something that the caller may have counted on. What else is raised inside passes unchanged.
    """

    dialect: Dialect

    def __init__(
        self, place: LedgerPlace, dialect: Dialect, *, reading: Engine, writing: Engine | None
    ) -> None:
        self.dialect = dialect
        self._place = place
        self._reading = reading
        self._writing = writing
        # SQLite has one writer at a time. Waiting for the other threads of this process here
        # is fair and at once; SQLite's own waiting is neither.
        self._turn = threading.Lock() if dialect == "sqlite" else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger and cannot write."""
        with self._transaction(self._reading) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is durable when this has been left, and rolled back on an exception.

        On SQLite it excludes other writers from its beginning. On PostgreSQL it is READ
        COMMITTED: a row that must not change under the caller has to be locked by the caller.
        """
        if self._writing is None:
            raise TypeError("this ledger was opened to be read")
        with self._turn_to_write(), self._transaction(self._writing) as connection:
            yield connection

    def now(self, connection: Connection) -> float:
        """Seconds since 1970 by the database's clock; for SQLite that is this machine's."""
        return float(connection.execute(_NOW[self.dialect]).scalar_one())

    def close(self) -> None:
        """Close the connections that are not in use."""
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
            with engine.connect() as connection:
                transaction = connection.begin()
                try:
                    yield connection
                except BaseException:
                    # What went wrong first is what is told, also where this fails too.
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
            # Not chained: texts of drivers may quote what they were configured with.
            raise failure(self._place, error) from None
