"""Reading an SQLite ledger without altering it: at rest, beside a writer, after a crash."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.domain import SqliteFile
from reconciler.ledger import LedgerUnreachable, open_ledger, read_ledger
from tests.ledger.databases import reading, seals, write_seal, writing
from tests.ledger.openers import ROOT
from tests.ledger.privileges import no_privileges


@pytest.fixture
def ledger(sqlite: SqliteFile) -> SqliteFile:
    """One that was closed in order."""
    with writing(sqlite) as database:
        write_seal(database, "one")
    assert [file.name for file in sqlite.path.parent.iterdir()] == ["ledger.db"]
    return sqlite


def crashed(place: SqliteFile, folder: Path) -> SqliteFile:
    """A copy of ``place`` as a crash leaves it: what was written last is in the log alone."""
    with writing(place) as database:
        before = place.path.read_bytes()
        write_seal(database, "two")
        shutil.copytree(place.path.parent, folder)
        assert (folder / place.path.name).read_bytes() == before
    copy = SqliteFile(folder / place.path.name)
    assert copy.path.with_name("ledger.db-wal").stat().st_size > 0
    return copy


def test_reading_alters_no_byte(ledger: SqliteFile) -> None:
    before = ledger.path.read_bytes(), ledger.path.stat().st_mtime_ns
    with reading(ledger) as database:
        assert seals(database) == ["one"]
    assert (ledger.path.read_bytes(), ledger.path.stat().st_mtime_ns) == before


def test_a_ledger_that_was_read_can_be_written(ledger: SqliteFile) -> None:
    for seal in ("two", "three"):
        with reading(ledger) as database:
            seals(database)
        with writing(ledger) as database:
            write_seal(database, seal)
    with reading(ledger) as database:
        assert seals(database) == ["one", "three", "two"]


def test_in_a_read_only_folder_a_closed_ledger_is_read(ledger: SqliteFile) -> None:
    ledger.path.parent.chmod(0o500)
    ledger.path.chmod(0o400)
    with no_privileges(), reading(ledger) as database:
        assert seals(database) == ["one"]
        assert seals(database) == ["one"]
    assert [file.name for file in ledger.path.parent.iterdir()] == ["ledger.db"]


def test_in_a_read_only_folder_a_ledger_is_not_written(ledger: SqliteFile) -> None:
    before = ledger.path.read_bytes()
    ledger.path.parent.chmod(0o500)
    with (
        no_privileges(),
        pytest.raises(LedgerUnreachable) as raised,
        open_ledger(ledger, create=True),
    ):
        pass
    assert "not writable" in str(raised.value)
    assert "write" in str(raised.value.hint)
    assert ledger.path.read_bytes() == before


def test_in_a_read_only_folder_no_ledger_is_made(sqlite: SqliteFile) -> None:
    sqlite.path.parent.mkdir(mode=0o500)
    with (
        no_privileges(),
        pytest.raises(LedgerUnreachable) as raised,
        open_ledger(sqlite, create=True),
    ):
        pass
    assert str(sqlite) in str(raised.value)
    assert list(sqlite.path.parent.iterdir()) == []


def test_a_read_only_file_is_read_and_not_written(ledger: SqliteFile) -> None:
    ledger.path.chmod(0o400)
    with no_privileges():
        with reading(ledger) as database:
            assert seals(database) == ["one"]
        with pytest.raises(LedgerUnreachable), open_ledger(ledger, create=True):
            pass


def test_beside_a_writer_its_last_commit_is_read(ledger: SqliteFile) -> None:
    with writing(ledger) as writer, reading(ledger) as reader:
        for number in range(3):
            write_seal(writer, f"two {number}")
            assert seals(reader)[-1] == f"two {number}"


def test_a_reader_does_not_keep_a_writer_waiting(ledger: SqliteFile) -> None:
    with writing(ledger) as writer, reading(ledger) as reader, reader.read():
        write_seal(writer, "two")
        assert seals(writer) == ["one", "two"]


def test_beside_a_writer_in_a_read_only_folder_its_last_commit_is_read(ledger: SqliteFile) -> None:
    with writing(ledger) as writer:
        write_seal(writer, "two")
        ledger.path.parent.chmod(0o500)
        with no_privileges(), reading(ledger) as reader:
            assert seals(reader) == ["one", "two"]
        ledger.path.parent.chmod(0o700)


def test_after_a_crash_what_was_committed_is_read(ledger: SqliteFile, tmp_path: Path) -> None:
    copy = crashed(ledger, tmp_path / "copy")
    before = copy.path.read_bytes(), copy.path.with_name("ledger.db-wal").read_bytes()
    with reading(copy) as database:
        assert seals(database) == ["one", "two"]
    assert (copy.path.read_bytes(), copy.path.with_name("ledger.db-wal").read_bytes()) == before


def test_after_a_crash_it_is_read_in_a_read_only_folder_too(
    ledger: SqliteFile, tmp_path: Path
) -> None:
    copy = crashed(ledger, tmp_path / "copy")
    copy.path.parent.chmod(0o500)
    with no_privileges(), reading(copy) as database:
        assert seals(database) == ["one", "two"]


def test_what_a_read_only_folder_makes_unreadable_is_not_read_in_part(
    ledger: SqliteFile, tmp_path: Path
) -> None:
    copy = crashed(ledger, tmp_path / "copy")
    copy.path.with_name("ledger.db-shm").unlink()
    copy.path.parent.chmod(0o500)
    with no_privileges(), pytest.raises(LedgerUnreachable), read_ledger(copy):
        pass


def test_a_writer_that_comes_while_a_read_only_folder_is_read_is_noticed(
    ledger: SqliteFile,
) -> None:
    ledger.path.parent.chmod(0o500)
    with no_privileges(), reading(ledger) as reader:
        ledger.path.parent.chmod(0o700)
        with writing(ledger) as writer:
            write_seal(writer, "two")
            with pytest.raises(LedgerUnreachable) as raised:
                seals(reader)
        with pytest.raises(LedgerUnreachable):
            seals(reader)
    assert "try again" in str(raised.value.hint)


KILLED = """
import os, signal, sys
from tests.ledger.databases import write_seal, writing
from tests.ledger.openers import as_place
with writing(as_place(sys.argv[1])) as database:
    write_seal(database, "acknowledged")
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO used_plans VALUES ('open', 'r', 't')")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writer_leaves_what_it_had_committed_and_no_more(ledger: SqliteFile) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(ledger)], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert [*ledger.path.parent.iterdir()] != [ledger.path]
    with reading(ledger) as database:
        assert seals(database) == ["acknowledged", "one"]
    with writing(ledger) as database:
        assert seals(database) == ["acknowledged", "one"]
        write_seal(database, "two")
    with reading(ledger) as database:
        assert seals(database) == ["acknowledged", "one", "two"]


PROGRAM = """
import sys
from pathlib import Path
from reconciler.domain import SqliteFile
from reconciler.ledger import LedgerMissing, read_ledger
try:
    with read_ledger(SqliteFile(Path(sys.argv[1]))):
        pass
except LedgerMissing:
    print(sorted({"sqlalchemy", "alembic"} & sys.modules.keys()))
"""


def test_that_there_is_no_ledger_is_reported_without_loading_sqlalchemy(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "ledger.db")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
