"""What a ledger holds, read as what this tool writes; anything else is told as that."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import MultipleResultsFound, NoResultFound

from reconciler.ledger.errors import LedgerUnusable

HINT: Final = "if another program altered the ledger, restore a backup"

_LONGEST: Final = 200

# What decoding raises for a value of another kind, out of its range, or that is not there.
_NOT_OURS: Final = (
    ArithmeticError,
    LookupError,
    MultipleResultsFound,
    NoResultFound,
    TypeError,
    ValueError,
)


@contextmanager
def refuse_foreign_rows() -> Iterator[None]:
    """For code that does nothing but make nouns of rows, as a decorator too.

    A row that somebody else wrote ends in :class:`LedgerUnusable`, whatever is wrong with it.
    """
    try:
        yield
    except _NOT_OURS as error:
        said = str(error)[:_LONGEST]
        raise LedgerUnusable(
            f"the ledger holds what this tool does not write ({type(error).__name__}: {said})", HINT
        ) from None
