"""The database of a ledger: transactions that succeed or raise errors of this tool."""

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
            with engine.connect() as connection:
                transaction = connection.begin()
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
