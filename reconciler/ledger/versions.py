"""Which version of the tables a database has, asked in plain SQL: it is asked at every opening.

Making a ledger's tables and bringing them up to date: by one process at a time, or not at all.

Alembic is loaded where there is something to do.
"""

import uuid
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

import reconciler
from reconciler.domain import LedgerPlace, rfc3339
from reconciler.ledger.database import Database
from reconciler.ledger.errors import LedgerOutdated, LedgerUnusable, missing
from reconciler.ledger.postgresql import unhurried
from reconciler.ledger.schema import about

VERSION_TABLE: Final = "ledger_version"
MIGRATIONS: Final = Path(__file__).parent / "migrations"

_ABOUT: Final = {"id", "ledger", "made_at", "tool_version"}
_COLUMNS: Final = {
    "sqlite": text("SELECT name FROM pragma_table_info('about')"),
    "postgresql": text(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = to_regclass('about') AND attnum > 0 AND NOT attisdropped"
    ),
}
_VERSION: Final = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant


def script_folders() -> tuple[Path, ...]:
    """The folders with the scripts of the versions."""
    return (MIGRATIONS / "versions",)


def known_versions() -> tuple[str, ...]:
    """The versions that this tool knows, the oldest first; the last is the one that it uses."""
    scripts = (
        script
        for folder in script_folders()
        for script in folder.glob("v[0-9][0-9][0-9][0-9]_*.py")
    )
    return tuple(sorted(script.name[1:5] for script in scripts))


def stored_version(database: Database, connection: Connection, place: LedgerPlace) -> str | None:
    """The version of the ledger's tables, None where there is no ledger.

    Raises :class:`LedgerUnusable` when there is something else, or one of a newer version.
    """
    columns = set(connection.execute(_COLUMNS[database.dialect]).scalars())
    if not columns:
        return None
    if not columns >= _ABOUT:
        raise LedgerUnusable(
            f"in {place} there is a table 'about' of something else, hence no ledger",
            "give the ledger a place of its own",
        )
    found = connection.execute(_VERSION).scalars().all()
    if len(found) != 1:
        raise LedgerUnusable(
            f"the ledger {place} has lost its version", "restore a backup of the ledger"
        )
    (version,) = found
    if version not in known_versions():
        raise LedgerUnusable(
            f"the ledger {place} is of version {version}, which this tool does not know:"
            f" a newer one made or updated it",
            "use that version of the tool, or a later one",
        )
    return str(version)


_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(5927406230414711885)")


def check_current(database: Database, place: LedgerPlace) -> None:
    """Raise :class:`LedgerMissing` or :class:`LedgerOutdated` unless it can be read as it is."""
    with database.read() as connection:
        version = stored_version(database, connection, place)
    if version is None:
        raise missing(place)
    newest = known_versions()[-1]
    if version != newest:
        raise LedgerOutdated(
            f"the ledger {place} is of version {version}, this tool reads version {newest}",
            "the next run brings it up to date",
        )


def bring_up_to_date(database: Database, place: LedgerPlace, *, create: bool) -> bool:
    """Make the tables, if there are none and ``create``, or migrate them. Whether it made them.

    One transaction: killed in the middle it leaves what was there.
    """
    newest = known_versions()[-1]
    with database.read() as connection:
        version = stored_version(database, connection, place)
    if version == newest:
        return False
    if version is None and not create:
        raise missing(place)
    with database.write() as connection:
        if database.dialect == "postgresql":
            connection.execute(_ONE_AT_A_TIME)
        version = stored_version(database, connection, place)
        if version == newest:  # another process was faster
            return False
        with unhurried(connection) if database.dialect == "postgresql" else nullcontext():
            _upgrade(connection)
            if version is None:
                connection.execute(
                    about.insert().values(
                        id=1,
                        ledger=str(uuid.uuid4()),
                        made_at=rfc3339(datetime.now(UTC)),
                        tool_version=reconciler.__version__,
                    )
                )
    return version is None


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    for option, value in {
        "script_location": str(MIGRATIONS),
        "path_separator": "newline",
        "version_locations": "\n".join(map(str, script_folders())),
    }.items():
        config.set_main_option(option, value.replace("%", "%%"))
    command.upgrade(config, "head")
