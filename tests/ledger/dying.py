"""A process that is killed at one moment of making or migrating a ledger; every moment in turn.

``python -m tests.ledger.dying PLACE [migrating]`` prints one line for each moment. A moment is
just after a statement to SQLite or an exchange with the server of PostgreSQL, hence before the
next one, too.
"""

import os
import signal
import sqlite3
import sys
from contextlib import nullcontext
from itertools import count
from typing import Any, Self, TypeVar

import alembic.command  # noqa: F401 - loaded once, before the processes that are killed
import msgspec
import psycopg
from psycopg.abc import PQGen
from sqlalchemy import inspect, select

from reconciler.domain import LedgerPlace, PostgresqlDatabase, SqliteFile
from reconciler.ledger import open_ledger, postgresql, sqlite
from reconciler.ledger.schema import about, metadata
from reconciler.ledger.server_connection import ServerConnection
from reconciler.ledger.versions import VERSION_TABLE
from tests.ledger.databases import reading, seals, write_seal, writing
from tests.ledger.later import later_tool
from tests.ledger.openers import as_place

_Result = TypeVar("_Result")

TABLES = {*metadata.tables, VERSION_TABLE}


class Moment(msgspec.Struct):
    """What was found after a death, and what the next opening made of it."""

    killed: bool
    tables: str  # "none", "all" or "some"
    version: str | None
    made: bool
    kept: bool  # what was in it before


class Death:
    """Kills this process at one of its moments."""

    at: int | None = None
    passed = 0

    @classmethod
    def after(cls, result: _Result) -> _Result:
        cls.passed += 1
        if cls.passed == cls.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


class DyingCursor(sqlite3.Cursor):
    def execute(self, *arguments: Any) -> Self:
        return Death.after(super().execute(*arguments))


class DyingFile(sqlite3.Connection):
    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        return Death.after(super().execute(*arguments))

    def commit(self) -> None:
        Death.after(super().commit())

    def cursor(self, *_: Any) -> sqlite3.Cursor:  # type: ignore[override]
        return super().cursor(DyingCursor)


class DyingConnection(ServerConnection):
    def wait(self, gen: PQGen[_Result], *arguments: Any, **options: Any) -> _Result:
        return Death.after(super().wait(gen, *arguments, **options))


def with_death(place: LedgerPlace, at: int, *, migrating: bool) -> bool:
    """Open the ledger in a process that dies there. Whether it did, or was done before that."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
            raise RuntimeError("it failed instead of dying")
        return os.WIFSIGNALED(status)
    status = 1
    try:
        connect = sqlite3.connect
        sqlite3.connect = lambda *a, **o: connect(*a, factory=DyingFile, **o)  # type: ignore[assignment]
        import reconciler.ledger.server_connection as module

        module.ServerConnection = DyingConnection  # type: ignore[misc]
        Death.at = at
        with later_tool() if migrating else nullcontext(), open_ledger(place, create=True):
            pass
        status = 0
    finally:
        os._exit(status)


def fresh(base: LedgerPlace, number: int) -> LedgerPlace:
    if isinstance(base, SqliteFile):
        return SqliteFile(base.path.with_name(f"{number}.db"))
    with psycopg.connect(base.url.replace("+psycopg", "")) as connection:
        connection.execute(f"CREATE SCHEMA s{number}")
    return PostgresqlDatabase(f"{base.url}?options=-csearch_path%3Ds{number}")


def found(place: LedgerPlace) -> tuple[str, str | None]:
    """Which tables there are, and of which version."""
    if isinstance(place, SqliteFile):
        if not place.path.exists():
            return "none", None
        database = sqlite.open_for_writing(place, create=True)
    else:
        database = postgresql.open_for_writing(place)
    try:
        with database.read() as connection:
            tables = set(inspect(connection).get_table_names()) - {"sqlite_sequence"}
            if not tables:
                return "none", None
            version = connection.exec_driver_sql(f"SELECT * FROM {VERSION_TABLE}").scalar_one()
            columns = {column["name"] for column in inspect(connection).get_columns("about")}
            indexes = {index["name"] for index in inspect(connection).get_indexes("runs")}
            later = {"motto" in columns, "runs_of_commit" in indexes}
        whole = tables == TABLES and later == {version == "0008"}
        return "all" if whole else "some", version
    finally:
        database.close()


def main() -> None:
    base = as_place(sys.argv[1])
    migrating = "migrating" in sys.argv
    for number in count(1):
        place = fresh(base, number)
        if migrating:
            with writing(place) as database:
                write_seal(database, "one")
        killed = with_death(place, number, migrating=migrating)
        tables, version = found(place)
        with later_tool() if migrating else nullcontext():
            with open_ledger(place, create=True) as ledger:
                made = ledger.made
            with reading(place) as database, database.read() as connection:
                assert len(connection.execute(select(about)).all()) == 1
                kept = not migrating or seals(database) == ["one"]
        assert found(place) == ("all", "0008" if migrating else "0007")
        print(msgspec.json.encode(Moment(killed, tables, version, made, kept)).decode(), flush=True)
        if not killed:
            return


if __name__ == "__main__":
    main()
