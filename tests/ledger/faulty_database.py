"""A database that goes away: before a transaction, within it, or just when it was committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from sqlalchemy import Connection

from reconciler.ledger import LedgerUnreachable
from reconciler.ledger.database import Database
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.lock import LockTimes
from tests.ledger.samples import STILL, database_of

HINT = "see that the server runs"


class Away(Enum):
    """When it goes."""

    BEFORE = "before"
    AT_COMMIT = "at commit"  # nothing was committed
    AFTER_COMMIT = "after commit"  # and the answer was lost

    @property
    def written(self) -> bool:
        return self is Away.AFTER_COMMIT


class FaultyDatabase(Database):
    """Passes everything on, until it is ``away``; with ``times`` so often, then it is back.

    ``missed`` counts the transactions that were asked for in vain.
    """

    def __init__(self, inner: Database) -> None:
        self.dialect = inner.dialect
        self._inner = inner
        self._away: Away | None = None
        self._times: int | None = None
        self.missed = 0

    def go(self, away: Away, times: int | None = None) -> None:
        self._away, self._times = away, times

    def come_back(self) -> None:
        self._away = None

    def _gone(self) -> Away | None:
        if self._times is not None:
            self._times -= 1
            if self._times < 0:
                self.come_back()
        self.missed += self._away is not None
        return self._away

    @contextmanager
    def read(self) -> Iterator[Connection]:
        if self._gone():
            raise unreachable()
        with self._inner.read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        away = self._gone()
        if away is Away.BEFORE:
            raise unreachable()
        with self._inner.write() as connection:
            yield connection
            if away is Away.AT_COMMIT:
                raise unreachable()
        if away is Away.AFTER_COMMIT:
            raise unreachable()

    def now(self, connection: Connection) -> float:
        return self._inner.now(connection)


def unreachable() -> LedgerUnreachable:
    return LedgerUnreachable("the ledger is not reached", HINT)


def on_faulty(ledger: Ledger, times: LockTimes = STILL) -> tuple[Ledger, FaultyDatabase]:
    """The same ledger over a database that can go away, and that database."""
    database = FaultyDatabase(database_of(ledger))
    return Ledger(database, ledger.place, made=False, times=times), database
