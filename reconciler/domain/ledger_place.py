"""Where the ledger is: a file of this machine, or a PostgreSQL database."""

from pathlib import Path
from typing import TypeAlias

from msgspec import Struct


class SqliteFile(Struct, frozen=True):
    """An SQLite file; ``path`` is absolute."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


class PostgresqlDatabase(Struct, frozen=True):
    """A PostgreSQL database by its URL, which holds no password: libpq's environment does."""

    url: str

    def __str__(self) -> str:
        return self.url


LedgerPlace: TypeAlias = SqliteFile | PostgresqlDatabase
