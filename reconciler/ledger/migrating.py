"""Making a ledger's tables and bringing them up to date: by one process at a time, or not at all.

Alembic is loaded where there is something to do.
"""

import uuid
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, text

import reconciler
from reconciler.domain import LedgerPlace
from reconciler.ledger.database import Database
from reconciler.ledger.errors import LedgerOutdated, missing
from reconciler.ledger.postgresql import unhurried
from reconciler.ledger.schema import about
from reconciler.ledger.versions import MIGRATIONS, known_versions, script_folders, stored_version
from reconciler.planning import rfc3339

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
            "the next acting run brings it up to date",
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
