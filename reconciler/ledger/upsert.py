"""Rows that may be there already, and rows by the thousand."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, func, insert, select

_COUNTING: Final = {"preserve_rowcount": True}

_MANY: Final = 10_000
"""Rows that are handed to the database at once."""


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless one with its key is there; whether it was inserted."""
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
    """Insert ``rows``, of which none is there; their values are those of ``columns``."""
    for some in _portions(rows):
        if connection.dialect.name == "postgresql":
            _insert_as_arrays(connection, table, columns, some)
        else:
            named = [dict(zip(columns, row, strict=True)) for row in some]
            connection.execute(insert(table), named)


def _insert_as_arrays(
    connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """In one statement: a server is far quicker with one than with one for each row."""
    from sqlalchemy.dialects.postgresql import ARRAY  # noqa: PLC0415

    arrays = [bindparam(name, type_=ARRAY(table.c[name].type)) for name in columns]
    unpacked = select(*(func.unnest(array) for array in arrays))
    values = {name: list(of) for name, of in zip(columns, zip(*rows, strict=True), strict=True)}
    connection.execute(insert(table).from_select(columns, unpacked), values)


def _portions(rows: Sequence[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    left = iter(rows)
    while some := list(islice(left, _MANY)):
        yield some
