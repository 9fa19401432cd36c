"""Checks the version of a ledger's tables, makes them, and migrates them.

Every opening checks the version, so it uses plain SQL. Alembic is loaded only for a migration.
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
from reconciler.ledger.postgresql import without_timeouts
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
    """The versions that this tool knows, oldest first; it uses the last one."""
    scripts = (
        script
        for folder in script_folders()
        for script in folder.glob("v[0-9][0-9][0-9][0-9]_*.py")
    )
    return tuple(sorted(script.name[1:5] for script in scripts))


def stored_version(database: Database, connection: Connection, place: LedgerPlace) -> str | None:
    """The version of the ledger's tables; None if there is no ledger.

    Raises :class:`LedgerUnusable` for tables of another program, or of a newer version.
    """
    columns = set(connection.execute(_COLUMNS[database.dialect]).scalars())
    if not columns:
        return None
    if not columns >= _ABOUT:
        raise LedgerUnusable(
            f"{place} has a table 'about' of another program, so it is not a ledger",
            "give the ledger a database of its own",
        )
    found = connection.execute(_VERSION).scalars().all()
    if len(found) != 1:
        raise LedgerUnusable(
            f"the ledger {place} has no version any more", "restore a backup of the ledger"
        )
    (version,) = found
    if version not in known_versions():
        raise LedgerUnusable(
            f"the ledger {place} has version {version}, which this tool does not know:"
            f" a newer tool made or migrated it",
            "use that version of the tool, or a later one",
        )
    return str(version)


_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(5927406230414711885)")


def check_current(database: Database, place: LedgerPlace) -> None:
    """Raise :class:`LedgerMissing` or :class:`LedgerOutdated` unless we can read it as it is."""
    with database.read() as connection:
        version = stored_version(database, connection, place)
    if version is None:
        raise missing(place)
    newest = known_versions()[-1]
    if version != newest:
        raise LedgerOutdated(
            f"the ledger {place} has version {version}, this tool reads version {newest}",
            "the next run migrates it",
        )


def bring_up_to_date(database: Database, place: LedgerPlace, *, create: bool) -> bool:
    """Migrate the tables, or make them if there are none and ``create``. Returns whether it made
    them.

    It is one transaction: if it is killed, the ledger stays as it was.
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
        with without_timeouts(connection) if database.dialect == "postgresql" else nullcontext():
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
