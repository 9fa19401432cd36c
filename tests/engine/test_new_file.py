"""A file for a secret: new, of one account alone, and there whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from reconciler.engine import output_file
from reconciler.engine.output_file import NewFile, OutputFailed
from tests.engine.test_output_file import failing


@pytest.fixture(params=["nameless", "named"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, on a file system with files that have no name, and on one without."""
    if request.param == "named":
        monkeypatch.setattr(output_file, "_NAMELESS", None)
    return tmp_path


def test_nothing_is_there_before_it_is_written(folder: Path) -> None:
    NewFile(folder / "link")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_its_owner_alone_can_read_it_whatever_the_umask(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        NewFile(folder / "link").write(b"secret")
    finally:
        os.umask(before)
    assert (folder / "link").read_bytes() == b"secret"
    assert stat.S_IMODE((folder / "link").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["link"]


def test_it_takes_the_place_of_nothing(folder: Path) -> None:
    (folder / "file").write_bytes(b"kept")
    (folder / "folder").mkdir()
    (folder / "dangling").symlink_to("nowhere")
    (folder / "leading").symlink_to("file")
    for name in ("file", "folder", "dangling", "leading"):
        with pytest.raises(OutputFailed, match="never replaces anything"):
            NewFile(folder / name)
    assert (folder / "file").read_bytes() == b"kept"


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_appears_before_it_is_written_stays(folder: Path, kind: str) -> None:
    file = NewFile(folder / "link")
    if kind == "file":
        (folder / "link").write_bytes(b"of another")
    else:
        (folder / "link").symlink_to("nowhere")
    with pytest.raises(OutputFailed, match="never replaces anything"):
        file.write(b"secret")
    assert not (folder / "nowhere").exists()
    assert [path.name for path in folder.iterdir()] == ["link"]


def test_a_full_disk_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = NewFile(folder / "link")
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(OutputFailed, match="No space left"):
        file.write(b"secret")
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there_is_named_before_anything_is_done(folder: Path) -> None:
    with pytest.raises(OutputFailed, match="No such file or directory"):
        NewFile(folder / "none" / "link")
