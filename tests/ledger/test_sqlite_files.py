"""The file of an SQLite ledger: whose it is, where it may be, and what is no ledger at all."""

import os
import socket
import sqlite3
import stat
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from reconciler.domain import SqliteFile
from reconciler.ledger import (
    LedgerError,
    LedgerMissing,
    LedgerUnreachable,
    LedgerUnusable,
    open_ledger,
    read_ledger,
)
from reconciler.ledger import sqlite as sqlite_module
from tests.ledger.databases import seals, write_seal, writing
from tests.ledger.privileges import no_privileges


def modes(folder: Path) -> dict[str, str]:
    return {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in folder.iterdir()}


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def refusal(place: SqliteFile) -> tuple[LedgerError, LedgerError]:
    """How reading and opening refuse ``place``."""
    with pytest.raises(LedgerError) as reading, read_ledger(place):
        pass
    with pytest.raises(LedgerError) as opening, open_ledger(place, create=True):
        pass
    return reading.value, opening.value


# Whose it is.


def test_all_its_files_are_the_owners_alone_whatever_the_umask(
    sqlite: SqliteFile, no_umask: None
) -> None:
    with writing(sqlite) as database:
        write_seal(database, "one")
        assert modes(sqlite.path.parent) == {
            "ledger.db": "0o600",
            "ledger.db-wal": "0o600",
            "ledger.db-shm": "0o600",
        }
    assert stat.S_IMODE(sqlite.path.parent.stat().st_mode) == 0o700


def test_the_file_is_private_before_anything_is_in_it(
    sqlite: SqliteFile, no_umask: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    connect = sqlite3.connect

    def watched(*arguments: object, **options: object) -> sqlite3.Connection:
        seen.append((sqlite.path.stat().st_size, modes(sqlite.path.parent)))
        return connect(*arguments, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", watched)
    with open_ledger(sqlite, create=True):
        pass
    assert seen[0] == (0, {"ledger.db": "0o600"})


def test_what_others_could_use_is_closed_to_them_by_the_next_acting_run(sqlite: SqliteFile) -> None:
    with writing(sqlite) as database:
        write_seal(database, "one")
        for file in sqlite.path.parent.iterdir():
            file.chmod(0o666)
        with open_ledger(sqlite, create=False):
            assert set(modes(sqlite.path.parent).values()) == {"0o600"}
        assert seals(database) == ["one"]


def test_what_cannot_be_closed_to_others_is_not_used(
    sqlite: SqliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_ledger(sqlite, create=True):
        pass
    sqlite.path.chmod(0o660)

    def refused(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refused)
    with pytest.raises(LedgerUnusable) as raised, open_ledger(sqlite, create=False):
        pass
    assert "other accounts" in str(raised.value)
    assert "PostgreSQL" in str(raised.value.hint)


def test_reading_leaves_the_mode_as_it_is(sqlite: SqliteFile) -> None:
    with open_ledger(sqlite, create=True):
        pass
    sqlite.path.chmod(0o640)
    with read_ledger(sqlite):
        pass
    assert modes(sqlite.path.parent)["ledger.db"] == "0o640"


def test_an_awkward_name_is_a_name(tmp_path: Path) -> None:
    place = SqliteFile(tmp_path / "a b%20?mode=memory#x" / "lédger&.db")
    with open_ledger(place, create=True) as ledger:
        assert ledger.made
    assert place.path.stat().st_size > 0
    with read_ledger(place) as reader:
        assert reader.runs(None, 1) == ()


def test_a_link_to_a_ledger_is_the_ledger(tmp_path: Path, sqlite: SqliteFile) -> None:
    with writing(sqlite) as database:
        write_seal(database, "one")
    link = SqliteFile(tmp_path / "link.db")
    link.path.symlink_to(sqlite.path)
    with writing(link) as database:
        assert seals(database) == ["one"]
        write_seal(database, "two")
    with writing(sqlite) as database:
        assert seals(database) == ["one", "two"]


# Where it may be.

Mounted = namedtuple("Mounted", "mountpoint fstype")


@pytest.fixture
def mounts(monkeypatch: pytest.MonkeyPatch) -> list[Mounted]:
    """What is mounted, to be filled."""
    mounts = [Mounted("/", "ext4")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounts)
    return mounts


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "lustre", "fuse.rclone"]
)
def test_a_network_filesystem_is_refused(
    sqlite: SqliteFile, mounts: list[Mounted], kind: str
) -> None:
    mounts.append(Mounted(str(sqlite.path.parents[1]), kind))
    with pytest.raises(LedgerUnusable) as raised, open_ledger(sqlite, create=True):
        pass
    assert kind in str(raised.value)
    assert "PostgreSQL" in str(raised.value.hint)
    assert not sqlite.path.parent.exists()


def test_a_ledger_that_got_onto_a_network_filesystem_is_not_read(
    sqlite: SqliteFile, mounts: list[Mounted]
) -> None:
    with open_ledger(sqlite, create=True):
        pass
    mounts[0] = Mounted("/", "nfs")
    assert {type(error) for error in refusal(sqlite)} == {LedgerUnusable}


def test_the_mount_that_is_seen_decides(sqlite: SqliteFile, mounts: list[Mounted]) -> None:
    folder = sqlite.path.parents[1]
    mounts += [
        Mounted(str(folder), "nfs"),
        Mounted(str(folder), "ext4"),  # over it
        Mounted(str(folder.parent), "nfs"),
        Mounted(f"{folder}-of-others", "nfs"),
    ]
    with open_ledger(sqlite, create=True) as ledger:
        assert ledger.made


def test_a_link_onto_a_network_filesystem_is_seen_through(
    tmp_path: Path, mounts: list[Mounted]
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "link").symlink_to("share")
    mounts.append(Mounted(str(tmp_path / "share"), "nfs"))
    place = SqliteFile(tmp_path / "link" / "ledger.db")
    with pytest.raises(LedgerUnusable), open_ledger(place, create=True):
        pass


def test_without_a_write_ahead_log_it_is_refused(
    sqlite: SqliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This way of locking, for filesystems that can no better, has no shared memory.
    monkeypatch.setattr(sqlite_module, "_WRITTEN", "mode=rw&vfs=unix-dotfile")
    with pytest.raises(LedgerUnusable) as raised, open_ledger(sqlite, create=True):
        pass
    assert "write-ahead log" in str(raised.value)
    assert "PostgreSQL" in str(raised.value.hint)


# What is no ledger.


def database_of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE about (id)")
        connection.execute("INSERT INTO about VALUES (1)")
        connection.commit()


def marked_database_of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 77")
        connection.execute("PRAGMA journal_mode = WAL")


def text_file(path: Path) -> None:
    path.write_text("users: []\n" * 1000)


def short_text_file(path: Path) -> None:
    path.write_text("users: []")


def one_byte(path: Path) -> None:
    path.write_text("x")


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/null")


def dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "gone")


def contents(folder: Path) -> dict[str, bytes | None]:
    return {f.name: f.read_bytes() if f.is_file() else None for f in folder.iterdir()}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (database_of_another_program, "another program"),
        (marked_database_of_another_program, "another program"),
        (text_file, "not an SQLite database"),
        (short_text_file, "not an SQLite database"),
        (one_byte, "another program"),
        (folder, "folder"),
        (pipe, "pipe"),
        (device, "device"),
        (dangling_link, "symbolic link to nothing"),
    ],
)
def test_what_is_no_ledger_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    place = SqliteFile(tmp_path / "thing")
    make(place.path)
    before = contents(tmp_path), modes_of_links(tmp_path)
    for error in refusal(place):
        assert type(error) is LedgerUnusable
        assert words in str(error)
        assert str(place) in str(error)
        assert error.hint
    assert (contents(tmp_path), modes_of_links(tmp_path)) == before


def modes_of_links(folder: Path) -> dict[str, int]:
    return {file.name: file.lstat().st_mode for file in folder.iterdir()}


def test_a_socket_is_no_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
        for error in refusal(SqliteFile(tmp_path / "socket")):
            assert type(error) is LedgerUnusable
            assert "a socket" in str(error)


def test_an_empty_file_is_no_ledger_yet(tmp_path: Path) -> None:
    place = SqliteFile(tmp_path / "ledger.db")
    place.path.touch()
    with pytest.raises(LedgerMissing), read_ledger(place):
        pass
    with pytest.raises(LedgerMissing), open_ledger(place, create=False):
        pass
    assert contents(tmp_path) == {"ledger.db": b""}
    with open_ledger(place, create=True) as ledger:
        assert ledger.made
    assert modes(tmp_path)["ledger.db"] == "0o600"


def test_a_folder_that_may_not_be_looked_into_is_no_missing_ledger(sqlite: SqliteFile) -> None:
    with open_ledger(sqlite, create=True):
        pass
    sqlite.path.parent.chmod(0)
    with no_privileges():
        errors = refusal(sqlite)
    assert {type(error) for error in errors} == {LedgerUnreachable}
    sqlite.path.parent.chmod(0o700)


def test_a_file_where_a_folder_should_be_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for error in refusal(SqliteFile(tmp_path / "file" / "ledger.db")):
        assert type(error) is LedgerUnreachable
        assert "Not a directory" in str(error)


def filled(place: SqliteFile) -> None:
    """A ledger of several pages, all of them in the file."""
    with writing(place) as database:
        for number in range(200):
            write_seal(database, f"{number:03}" * 50)


@pytest.mark.parametrize("damage", ["cut to a page", "cut in a page", "beginning", "tables"])
def test_a_damaged_ledger_is_refused_and_not_begun_anew(sqlite: SqliteFile, damage: str) -> None:
    filled(sqlite)
    whole = sqlite.path.read_bytes()
    broken = {
        "cut to a page": whole[:4096],
        "cut in a page": whole[: len(whole) - 3000],
        "beginning": bytes(100) + whole[100:],
        "tables": whole[:100] + b"\xff" * 20_000 + whole[20_100:],
    }[damage]
    sqlite.path.write_bytes(broken)
    for error in refusal(sqlite):
        assert type(error) is LedgerUnusable
        assert "backup" in str(error.hint)
    assert sqlite.path.read_bytes() == broken


def test_damage_deeper_in_a_ledger_is_reported_when_it_is_met(sqlite: SqliteFile) -> None:
    filled(sqlite)
    whole = sqlite.path.read_bytes()
    with writing(sqlite) as database, database.read() as connection:
        pages = connection.exec_driver_sql(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'used_plans'"
        )
        roots = list(pages.scalars())
    for root in roots:
        whole = whole[: (root - 1) * 4096] + b"\xff" * 4096 + whole[root * 4096 :]
    sqlite.path.write_bytes(whole)
    with writing(sqlite) as database:
        with pytest.raises(LedgerUnusable):
            seals(database)
        with pytest.raises(LedgerUnusable):
            write_seal(database, "one")
