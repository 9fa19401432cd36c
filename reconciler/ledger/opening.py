"""Opening a ledger: the light door of this room, which loads SQLAlchemy when it is used."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.domain import LedgerPlace, SqliteFile
from reconciler.ledger.errors import missing
from reconciler.ledger.files import exists

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.reader import LedgerReader

# ruff: noqa: PLC0415


@contextmanager
def read_ledger(place: LedgerPlace) -> "Iterator[LedgerReader]":
    """The ledger, to be read only: nothing is made, migrated or written. Raises LedgerError."""
    # Before SQLAlchemy is loaded, which takes longer than everything else of a small first plan.
    if isinstance(place, SqliteFile) and not exists(place):
        raise missing(place)
    from reconciler.ledger import postgresql, sqlite
    from reconciler.ledger.reader import LedgerReader
    from reconciler.ledger.versions import check_current

    if isinstance(place, SqliteFile):
        database = sqlite.open_for_reading(place)
    else:
        database = postgresql.open_for_reading(place)
    try:
        check_current(database, place)
        yield LedgerReader(database, place)
    finally:
        database.close()


@contextmanager
def open_ledger(place: LedgerPlace, *, create: bool) -> "Iterator[Ledger]":
    """The ledger, to be written; brought up to date, and made where there is none and ``create``.

    Raises :class:`LedgerMissing` where there is none, and otherwise :class:`LedgerError`.
    """
    from reconciler.ledger import postgresql, sqlite
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.versions import bring_up_to_date

    if isinstance(place, SqliteFile):
        database = sqlite.open_for_writing(place, create=create)
    else:
        database = postgresql.open_for_writing(place)
    try:
        made = bring_up_to_date(database, place, create=create)
        yield Ledger(database, place, made=made)
    finally:
        database.close()
