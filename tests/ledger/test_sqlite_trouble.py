"""SQLite that cannot write: the disk is full, somebody else writes; and what is lost by it."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert

from reconciler.domain import SqliteFile
from reconciler.ledger import LedgerUnreachable, open_ledger
from reconciler.ledger import database as database_module
from reconciler.ledger import sqlite as sqlite_module
from reconciler.ledger.schema import used_plans
from tests.ledger.databases import reading, seals, write_seal, writing
from tests.ledger.openers import ROOT

LONG = "x" * 10_000


def test_on_a_full_disk_nothing_is_lost_and_nothing_half_written(sqlite: SqliteFile) -> None:
    with writing(sqlite) as database:
        write_seal(database, "one")
        with database.read() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        with pytest.raises(LedgerUnreachable) as raised, database.write() as connection:  # noqa: PT012
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.execute(insert(used_plans).values(seal="two", run="r", at="t"))
            connection.execute(insert(used_plans).values(seal=LONG, run="r", at="t"))
        assert "no space left" in str(raised.value)
        assert raised.value.hint
        assert seals(database) == ["one"]
        with database.write() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 100}")
        write_seal(database, LONG)
        assert seals(database) == ["one", LONG]


BOUNDED = """
import resource, signal, sys
from pathlib import Path
from reconciler.ledger import LedgerUnreachable
from tests.ledger.databases import reading, seals, write_seal, writing
from tests.ledger.openers import as_place
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
place = as_place(sys.argv[1])
with writing(place) as database:
    write_seal(database, "one")
    log = place.path.with_name(place.path.name + "-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (log + 5000, resource.RLIM_INFINITY))
    try:
        write_seal(database, "x" * 100_000)
    except LedgerUnreachable as error:
        print(error)
    print(seals(database))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    write_seal(database, "two")
    print(seals(database))
"""


def test_a_file_that_may_not_grow_is_reported_and_loses_nothing(sqlite: SqliteFile) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(sqlite)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    shown, during, after = done.stdout.splitlines()
    assert "could not be read or written" in shown
    assert during == "['one']"
    assert after == "['one', 'two']"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("only the superuser may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full_is_reported_and_loses_nothing(small_disk: Path) -> None:
    place = SqliteFile(small_disk / "ledger.db")
    written = []
    with writing(place) as database:
        with pytest.raises(LedgerUnreachable) as raised:  # noqa: PT012
            for number in range(100):
                write_seal(database, f"{number:03} {LONG}")
                written.append(f"{number:03} {LONG}")
        assert str(place) in str(raised.value)
        assert written
        assert seals(database) == written
    with writing(place) as database:
        assert seals(database) == written


def test_on_a_full_disk_no_ledger_is_begun(small_disk: Path) -> None:
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(bytes(1_000_000))
    place = SqliteFile(small_disk / "ledger.db")
    with pytest.raises(LedgerUnreachable), open_ledger(place, create=True):
        pass
    filler.unlink()
    with open_ledger(place, create=True) as ledger:
        assert ledger.made


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sqlite_module, database_module):
        monkeypatch.setattr(module, "BUSY_TIMEOUT", 0.01)


def test_what_another_process_locks_is_waited_for_and_then_told(
    sqlite: SqliteFile, no_patience: None
) -> None:
    with writing(sqlite) as database:
        write_seal(database, "one")
        with closing(sqlite_module._connect(sqlite.path, "mode=rw")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerUnreachable) as raised:
                write_seal(database, "two")
            assert "locked by another process" in str(raised.value)
            assert seals(database) == ["one"]
            other.execute("ROLLBACK")
        write_seal(database, "two")
        assert seals(database) == ["one", "two"]


def test_what_another_thread_writes_is_waited_for_and_then_told(
    sqlite: SqliteFile, no_patience: None
) -> None:
    with writing(sqlite) as database:
        with database.write():
            shown: list[BaseException] = []

            def write() -> None:
                try:
                    write_seal(database, "two")
                except LedgerUnreachable as error:
                    shown.append(error)

            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
        assert "this process" in str(shown[0])
        write_seal(database, "three")
        assert seals(database) == ["three"]


def test_many_threads_write_and_nothing_is_lost(sqlite: SqliteFile) -> None:
    with writing(sqlite) as database:

        def write(part: int) -> None:
            for number in range(10):
                write_seal(database, f"{part} {number}")

        threads = [threading.Thread(target=write, args=(part,)) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seals(database)) == 80


def test_reading_does_not_let_go_of_the_locks_of_its_own_process(sqlite: SqliteFile) -> None:
    """Closing a file lets go of all locks that the process has on it, unless SQLite closes it."""
    with writing(sqlite) as database, database.write() as connection:
        connection.execute(insert(used_plans).values(seal="one", run="r", at="t"))
        with reading(sqlite) as other_database:
            assert seals(other_database) == []
        other = subprocess.run(
            [sys.executable, "-c", INTRUDER, str(sqlite)],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
    assert other.stdout == "locked\n"


INTRUDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print("locked")
"""
