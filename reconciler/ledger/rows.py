"""Reads rows as this tool writes them, and inserts rows: new ones, or thousands at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, func, insert, select
from sqlalchemy.exc import MultipleResultsFound, NoResultFound

from reconciler.ledger.errors import LedgerUnusable

_COUNTING: Final = {"preserve_rowcount": True}

_MANY: Final = 10_000
"""Rows in one statement."""

HINT: Final = "if another program altered the ledger, restore a backup"

_LONGEST: Final = 200

# What decoding raises for a value of another type, out of range, or missing.
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
    """For code that only decodes rows; works as a decorator too.

    A row that this tool did not write raises :class:`LedgerUnusable`, whatever is wrong with it.
    """
    try:
        yield
    except _NOT_OURS as error:
        detail = str(error)[:_LONGEST]
        raise LedgerUnusable(
            f"the ledger holds what this tool does not write ({type(error).__name__}: {detail})",
            HINT,
        ) from None


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless there is one with its key. Returns whether it did."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - loaded by its engine alone

        there = postgresql.insert(table).values(**values).on_conflict_do_nothing()
        return connection.execute(there, execution_options=_COUNTING).rowcount == 1
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    here = sqlite.insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(here, execution_options=_COUNTING).rowcount == 1


def insert_many(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert new ``rows``; their values are in the order of ``columns``."""
    for some in _portions(rows):
        if connection.dialect.name == "postgresql":
            _insert_as_arrays(connection, table, columns, some)
        else:
            named = [dict(zip(columns, row, strict=True)) for row in some]
            connection.execute(insert(table), named)


def _insert_as_arrays(
    connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Insert in one statement, which is far faster on a server than one for each row."""
    from sqlalchemy.dialects.postgresql import ARRAY  # noqa: PLC0415

    arrays = [bindparam(name, type_=ARRAY(table.c[name].type)) for name in columns]
    unpacked = select(*(func.unnest(array) for array in arrays))
    values = {name: list(of) for name, of in zip(columns, zip(*rows, strict=True), strict=True)}
    connection.execute(insert(table).from_select(columns, unpacked), values)


def _portions(rows: Sequence[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    left = iter(rows)
    while some := list(islice(left, _MANY)):
        yield some
