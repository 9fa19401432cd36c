"""Where the ledger of a schedule is, and how it is read past the tool."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol
from unittest import mock

import psycopg

from reconciler.domain import PostgresqlDatabase, SqliteFile
from reconciler.ledger import open_ledger
from reconciler.ledger.schema import about, metadata
from tests.chaos.ledger_eye import Rows
from tests.postgresql import Cluster

_EMPTIED = ", ".join(name for name in metadata.tables if name != about.name)
"""The tables in which a ledger is told from an empty one."""

Ask = Callable[[str, tuple[object, ...]], Rows]


class Places(Protocol):
    """Makes a ledger for each schedule: its URL, and a way to ask its tables."""

    def lay_out(self, folder: Path, *, new: bool) -> AbstractContextManager[tuple[str, Ask]]: ...


class SqlitePlaces:
    """A file each; copied from one that was made before, unless it shall be ``new``."""

    def __init__(self, folder: Path) -> None:
        self._blank = folder / "blank.db"
        with open_ledger(SqliteFile(self._blank), create=True):
            pass

    @contextmanager
    def lay_out(self, folder: Path, *, new: bool) -> Iterator[tuple[str, Ask]]:
        path = folder / "ledger.db"
        if not new:
            shutil.copyfile(self._blank, path)
            path.chmod(0o600)
        ask = _AskSqlite(path)
        try:
            yield f"sqlite:///{path}", ask
        finally:
            ask.close()


class _AskSqlite:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def __call__(self, question: str, values: tuple[object, ...]) -> Rows:
        if self._connection is None:
            if not self._path.exists():
                return []
            self._connection = sqlite3.connect(
                f"file:{self._path}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            return self._connection.execute(question, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # not made yet
                return []
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class PostgresqlPlaces:
    """One database, emptied for each schedule. Use it as a context manager."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._database = cluster.database()
        self._password = mock.patch.dict("os.environ", {"PGPASSWORD": cluster.password})

    def __enter__(self) -> "PostgresqlPlaces":
        self._password.start()
        self._place: PostgresqlDatabase = self._database.__enter__()
        with open_ledger(self._place, create=True):
            pass
        name = self._place.url.rpartition("/")[2]
        self._connection = psycopg.connect(
            host="127.0.0.1",
            port=self._cluster.port,
            user="postgres",
            password=self._cluster.password,
            dbname=name,
            autocommit=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._database.__exit__(None, None, None)
        self._password.stop()

    def lay_out(self, folder: Path, *, new: bool) -> AbstractContextManager[tuple[str, Ask]]:
        self._connection.execute(f"TRUNCATE {_EMPTIED} RESTART IDENTITY".encode())
        return nullcontext((self._place.url, self._ask))

    def _ask(self, question: str, values: tuple[object, ...]) -> Rows:
        words = question.replace("?", "%s").encode()
        return self._connection.execute(words, values).fetchall()
