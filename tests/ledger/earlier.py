"""A ledger as version 0001 made it, with all that this version had room for."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import MetaData

from reconciler.domain import LedgerPlace
from reconciler.ledger import versions
from reconciler.ledger.versions import VERSION_TABLE, bring_up_to_date
from tests.ledger.databases import writing

_NOT_KEPT: Final = {VERSION_TABLE, "about"}


@contextmanager
def earlier_tool() -> Iterator[None]:
    """Let this process be one that knows the first version alone."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for script in (versions.MIGRATIONS / "versions").glob("v0001_*.py"):
            shutil.copy(script, folder)
        for module in (versions, versions):
            patch.setattr(module, "script_folders", lambda: (Path(folder),))
        yield


def make_earlier(place: LedgerPlace) -> None:
    """Make the ledger at ``place`` anew, as the first version had it, with the rows that it has."""
    with writing(place) as database:
        with database.write() as connection:
            today = MetaData()
            today.reflect(connection)
            rows = {
                table.name: [dict(row._mapping) for row in connection.execute(table.select())]
                for table in today.sorted_tables
                if table.name not in _NOT_KEPT
            }
            today.drop_all(connection)
        with earlier_tool():
            assert bring_up_to_date(database, place, create=True)
        with database.write() as connection:
            then = MetaData()
            then.reflect(connection)
            for table in then.sorted_tables:
                for row in rows.get(table.name, ()):
                    kept = {name: value for name, value in row.items() if name in table.columns}
                    connection.execute(table.insert().values(kept))
            if database.dialect == "postgresql":
                for name in ("runs", "steps"):
                    connection.exec_driver_sql(
                        f"SELECT setval('{name}_number_seq', max(number)) FROM {name}"
                    )
