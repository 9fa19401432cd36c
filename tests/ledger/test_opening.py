"""Opening a ledger: found, made, missing, and at what cost."""

import subprocess
import sys

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from reconciler.domain import LedgerPlace, SqliteFile
from reconciler.ledger import LedgerError, LedgerMissing, open_ledger, read_ledger
from reconciler.ledger.schema import about, used_plans
from tests.ledger.databases import reading, seals, write_seal, writing
from tests.ledger.openers import open_together


def test_a_missing_ledger_is_not_an_empty_one(place: LedgerPlace) -> None:
    with pytest.raises(LedgerMissing) as raised, read_ledger(place):
        pass
    assert str(place) in str(raised.value)
    assert raised.value.hint


def test_an_opening_that_may_not_make_a_ledger_makes_none(place: LedgerPlace) -> None:
    with pytest.raises(LedgerMissing) as raised, open_ledger(place, create=False):
        pass
    assert str(place) in str(raised.value)
    with pytest.raises(LedgerMissing), read_ledger(place):
        pass
    if isinstance(place, SqliteFile):
        assert not place.path.parent.exists()


def test_the_first_opening_makes_the_ledger_and_says_so(place: LedgerPlace) -> None:
    made = []
    for create in (True, True, False):
        with open_ledger(place, create=create) as ledger:
            made.append(ledger.made)
    assert made == [True, False, False]


def test_a_made_ledger_can_be_read(place: LedgerPlace) -> None:
    with open_ledger(place, create=True):
        pass
    with read_ledger(place) as ledger:
        assert ledger.runs(None, 10) == ()


def test_of_processes_that_make_a_ledger_at_once_one_makes_it(place: LedgerPlace) -> None:
    assert sorted(open_together(place, 3)) == ["made=False"] * 2 + ["made=True"]
    with reading(place) as database, database.read() as connection:
        assert len(connection.execute(select(about)).all()) == 1


def test_what_was_written_is_read_by_another(place: LedgerPlace) -> None:
    with writing(place) as database:
        write_seal(database, "one")
        assert seals(database) == ["one"]
        with reading(place) as other:
            assert seals(other) == ["one"]


def test_an_exception_rolls_back_and_passes_unchanged(place: LedgerPlace) -> None:
    with writing(place) as database:
        mine = KeyError("mine")
        with pytest.raises(KeyError) as raised, database.write() as connection:  # noqa: PT012
            connection.execute(insert(used_plans).values(seal="one", run="r", at="t"))
            raise mine
        assert raised.value is mine
        assert seals(database) == []


def test_a_violated_constraint_is_reported_as_such_and_undone(place: LedgerPlace) -> None:
    with writing(place) as database:
        write_seal(database, "one")
        rows = [{"seal": seal, "run": "r", "at": "t"} for seal in ("two", "one")]
        with pytest.raises(IntegrityError), database.write() as connection:
            connection.execute(insert(used_plans), rows)
        assert seals(database) == ["one"]


def test_a_reading_transaction_cannot_write(place: LedgerPlace) -> None:
    with writing(place) as database:
        with pytest.raises(LedgerError), database.read() as connection:
            connection.execute(insert(used_plans).values(seal="one", run="r", at="t"))
        assert seals(database) == []
        write_seal(database, "two")
        assert seals(database) == ["two"]


def test_a_ledger_opened_to_be_read_cannot_be_written(place: LedgerPlace) -> None:
    with open_ledger(place, create=True):
        pass
    with reading(place) as database, pytest.raises(TypeError), database.write():
        pass


def test_a_reading_transaction_sees_one_state(place: LedgerPlace) -> None:
    with writing(place) as database, database.read() as connection:
        assert connection.execute(select(used_plans.c.seal)).all() == []
        with reading(place) as other:
            assert seals(other) == []
        write_seal(database, "one")
        assert connection.execute(select(used_plans.c.seal)).all() == []
    with reading(place) as database:
        assert seals(database) == ["one"]


def test_a_lost_table_is_no_empty_one(place: LedgerPlace) -> None:
    with writing(place) as database, database.write() as connection:
        connection.exec_driver_sql("DROP TABLE used_plans")
    with reading(place) as database, pytest.raises(LedgerError) as raised:
        seals(database)
    assert "used_plans" in str(raised.value)


def test_the_clock_is_reported_in_seconds_and_does_not_stand_still(place: LedgerPlace) -> None:
    with writing(place) as database, database.write() as connection:
        first = database.now(connection)
        connection.execute(update(about).values(tool_version="x"))
        assert 1.7e9 < first <= database.now(connection)


HEAVY = {"sqlalchemy", "alembic", "psycopg", "psutil"}


def loaded_by(program: str) -> set[str]:
    """Which heavy packages a process has loaded after ``program``."""
    program += f"\nimport sys; print(*({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_door_of_the_ledger_is_light() -> None:
    assert loaded_by("import reconciler.ledger, reconciler.ledger.opening") == set()


def test_a_ledger_that_is_up_to_date_is_opened_without_alembic(sqlite: SqliteFile) -> None:
    with open_ledger(sqlite, create=True):
        pass
    opening = f"""
from pathlib import Path
from reconciler.domain import SqliteFile
from reconciler.ledger import open_ledger, read_ledger
place = SqliteFile(Path({str(sqlite)!r}))
with open_ledger(place, create=False), read_ledger(place):
    pass
"""
    assert loaded_by(opening) == {"sqlalchemy", "psutil"}
