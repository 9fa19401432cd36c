"""Which version of the tables a database has, asked in plain SQL: it is asked at every opening."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from reconciler.domain import LedgerPlace
from reconciler.ledger.database import Database
from reconciler.ledger.errors import LedgerUnusable

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
