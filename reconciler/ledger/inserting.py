"""A row that may be there already."""

from typing import Any, Final

from sqlalchemy import Connection, Table

_COUNTING: Final = {"preserve_rowcount": True}


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless one with its key is there; whether it was inserted."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - loaded by its engine alone

        there = postgresql.insert(table).values(**values).on_conflict_do_nothing()
        return connection.execute(there, execution_options=_COUNTING).rowcount == 1
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    here = sqlite.insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(here, execution_options=_COUNTING).rowcount == 1
