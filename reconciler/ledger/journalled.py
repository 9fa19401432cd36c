"""Failures of the ledger, as who writes a journal is told of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from reconciler.applying import JournalFailed
from reconciler.ledger.errors import LedgerError


@contextmanager
def journalled() -> Iterator[None]:
    """Raise what the ledger raises as :class:`JournalFailed`, with the hint in its text."""
    try:
        yield
    except LedgerError as error:
        raise JournalFailed(f"{error} ({error.hint})" if error.hint else str(error)) from error
    except IntegrityError:
        # Not chained: its text quotes the row.
        raise JournalFailed("the ledger holds something else in the place of a record") from None
