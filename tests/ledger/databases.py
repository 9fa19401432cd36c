"""The database behind a ledger, for tests that look below its doors."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import insert, select

from reconciler.domain import LedgerPlace, SqliteFile
from reconciler.ledger import postgresql, sqlite
from reconciler.ledger.database import Database
from reconciler.ledger.schema import used_plans
from reconciler.ledger.versions import bring_up_to_date, check_current


@contextmanager
def writing(place: LedgerPlace) -> Iterator[Database]:
    """As ``open_ledger`` opens it, made where there is none."""
    if isinstance(place, SqliteFile):
        database = sqlite.open_for_writing(place, create=True)
    else:
        database = postgresql.open_for_writing(place)
    try:
        bring_up_to_date(database, place, create=True)
        yield database
    finally:
        database.close()


@contextmanager
def reading(place: LedgerPlace) -> Iterator[Database]:
    """As ``read_ledger`` opens it."""
    if isinstance(place, SqliteFile):
        database = sqlite.open_for_reading(place)
    else:
        database = postgresql.open_for_reading(place)
    try:
        check_current(database, place)
        yield database
    finally:
        database.close()


def write_seal(database: Database, seal: str) -> None:
    """Write something small."""
    with database.write() as connection:
        connection.execute(insert(used_plans).values(seal=seal, run="r", at="t"))


def seals(database: Database) -> list[str]:
    """What :func:`write_seal` wrote."""
    with database.read() as connection:
        return sorted(connection.execute(select(used_plans.c.seal)).scalars())
