"""The versions of a ledger's tables: made, brought up to date, refused when unknown."""

import re
import subprocess
import sys

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

from reconciler.domain import LedgerPlace, PostgresqlDatabase, SqliteFile
from reconciler.ledger import (
    LedgerError,
    LedgerMissing,
    LedgerOutdated,
    LedgerUnusable,
    open_ledger,
    read_ledger,
)
from reconciler.ledger.schema import about, metadata
from reconciler.ledger.versions import MIGRATIONS, VERSION_TABLE, known_versions
from tests.ledger.databases import reading, seals, write_seal, writing
from tests.ledger.dying import Moment
from tests.ledger.later import later_tool
from tests.ledger.openers import ROOT, open_together


def test_the_scripts_make_the_tables_that_the_tool_knows(place: LedgerPlace) -> None:
    with writing(place) as database, database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_the_names_of_the_scripts_are_their_versions_in_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == known_versions()
    assert [script.down_revision for script in scripts] == [*known_versions()[-2::-1], None]


def test_a_made_ledger_says_who_made_it(place: LedgerPlace) -> None:
    with writing(place) as database, database.read() as connection:
        row = connection.execute(select(about)).one()
    assert row.id == 1
    assert re.fullmatch(r"[0-9a-f-]{36}", row.ledger)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row.made_at)
    assert row.tool_version


@pytest.fixture
def older(place: LedgerPlace) -> LedgerPlace:
    """A ledger of this version, which is an older one for the later tool."""
    with writing(place) as database:
        write_seal(database, "one")
    return place


def test_an_older_ledger_is_not_migrated_by_who_reads(older: LedgerPlace) -> None:
    with later_tool(), pytest.raises(LedgerOutdated) as raised, read_ledger(older):
        pass
    assert "the next run" in str(raised.value.hint)
    with reading(older) as database:
        assert seals(database) == ["one"]


def test_an_older_ledger_is_brought_up_to_date_by_who_acts(older: LedgerPlace) -> None:
    with later_tool():
        with open_ledger(older, create=False) as ledger:
            assert not ledger.made
        with reading(older) as database, database.read() as connection:
            assert connection.exec_driver_sql("SELECT motto FROM about").scalar_one() == "later"
            assert seals(database) == ["one"]


def test_a_new_ledger_goes_through_all_versions(place: LedgerPlace) -> None:
    with later_tool(), open_ledger(place, create=True) as ledger:
        assert ledger.made
        assert ledger.runs(None, 1) == ()


def test_a_newer_ledger_is_refused_and_left_as_it_is(older: LedgerPlace) -> None:
    with later_tool(), open_ledger(older, create=False):
        pass
    for door in (read_ledger(older), open_ledger(older, create=True)):
        with pytest.raises(LedgerUnusable) as raised, door:
            pass
        assert not isinstance(raised.value, LedgerOutdated)
        assert "0008" in str(raised.value)
        assert "version of the tool" in str(raised.value.hint)
    with later_tool(), reading(older) as database:
        assert seals(database) == ["one"]


def test_of_processes_that_migrate_at_once_one_does(older: LedgerPlace) -> None:
    assert open_together(older, 3, "later") == ["made=False"] * 3
    with later_tool(), reading(older) as database:
        assert seals(database) == ["one"]


SQLITE_FIRST = pytest.mark.parametrize(
    "place",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.exhaustive)],
    indirect=True,
)


def deaths(place: LedgerPlace, *options: str) -> list[Moment]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.ledger.dying", str(place), *options],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    return [msgspec.json.decode(line, type=Moment) for line in done.stdout.splitlines()]


@SQLITE_FIRST
def test_killed_at_any_moment_of_making_there_is_a_whole_ledger_or_none(place: LedgerPlace) -> None:
    if isinstance(place, SqliteFile):
        place.path.parent.mkdir()
    *killed, last = deaths(place)
    assert len(killed) > 20
    assert all(moment.killed for moment in killed)
    assert not last.killed
    assert {(moment.tables, moment.version) for moment in killed} == {
        ("none", None),
        ("all", "0007"),
    }
    assert all(moment.made == (moment.tables == "none") for moment in killed)


@SQLITE_FIRST
def test_killed_at_any_moment_of_migrating_it_is_the_old_version_or_the_new(
    place: LedgerPlace,
) -> None:
    if isinstance(place, SqliteFile):
        place.path.parent.mkdir()
    *killed, last = deaths(place, "migrating")
    assert len(killed) > 20
    assert not last.killed
    assert {(moment.tables, moment.version) for moment in killed} == {
        ("all", "0007"),
        ("all", "0008"),
    }
    assert all(moment.kept and not moment.made for moment in [*killed, last])


# PostgreSQL databases that are used for something else.


def test_a_database_of_another_program_is_no_ledger_and_can_become_one(
    postgresql: PostgresqlDatabase, cluster: object
) -> None:
    run_sql(postgresql, "CREATE TABLE customers (id int); CREATE TABLE alembic_version (v text)")
    with pytest.raises(LedgerMissing), read_ledger(postgresql):
        pass
    with open_ledger(postgresql, create=True) as ledger:
        assert ledger.made
    assert run_sql(postgresql, "SELECT count(*) FROM customers, alembic_version") == 0


def test_a_table_about_of_another_program_is_refused(postgresql: PostgresqlDatabase) -> None:
    run_sql(postgresql, "CREATE TABLE about (id int, text text); INSERT INTO about VALUES (1, 'x')")
    for door in (read_ledger(postgresql), open_ledger(postgresql, create=True)):
        with pytest.raises(LedgerUnusable) as raised, door:
            pass
        assert "of another program" in str(raised.value)
        assert "of its own" in str(raised.value.hint)
    assert run_sql(postgresql, "SELECT text FROM about") == "x"


def test_another_table_of_another_program_is_refused(postgresql: PostgresqlDatabase) -> None:
    run_sql(postgresql, "CREATE TABLE runs (distance int); INSERT INTO runs VALUES (42)")
    with pytest.raises(LedgerUnusable) as raised, open_ledger(postgresql, create=True):
        pass
    assert '"runs" already exists' in str(raised.value)
    assert "of its own" in str(raised.value.hint)
    assert run_sql(postgresql, "SELECT distance FROM runs") == 42
    assert run_sql(postgresql, "SELECT to_regclass('about')") is None


def test_a_ledger_that_lost_its_version_is_refused(place: LedgerPlace) -> None:
    with writing(place) as database, database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM {VERSION_TABLE}")
    for door in (read_ledger(place), open_ledger(place, create=True)):
        with pytest.raises(LedgerError) as raised, door:
            pass
        assert type(raised.value) is LedgerUnusable


def run_sql(place: PostgresqlDatabase, statement: str) -> object:
    import psycopg

    with psycopg.connect(place.url.replace("+psycopg", "")) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall()[0][0] if cursor.description else None
