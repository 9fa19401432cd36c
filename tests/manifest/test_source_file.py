"""A source's file is below the folder of its manifest, and nothing else is ever read."""

import os
from pathlib import Path

import pytest

from reconciler.domain import InvalidInput, SourceLocation
from reconciler.manifest import source_file as module
from reconciler.manifest.source_file import read_source_file, source_file

PLACE = SourceLocation("m/a.yaml", 4, 11)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m/hr").mkdir(parents=True)
    (tmp_path / "m/hr/leavers.csv").write_bytes(b"id\na\n")
    (tmp_path / "secret.csv").write_bytes(b"id\nsecret\n")
    return tmp_path / "m"


def read(folder: Path, named: str) -> bytes:
    return read_source_file(source_file(folder, named, PLACE), named, PLACE)


def error(folder: Path, named: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(folder, named)
    return str(caught.value)


@pytest.mark.parametrize(
    "named", ["hr/leavers.csv", "./hr/leavers.csv", "hr/../hr/leavers.csv", "../m/hr/leavers.csv"]
)
def test_a_file_below_the_folder_is_read(folder: Path, named: str) -> None:
    assert read(folder, named) == b"id\na\n"


def test_a_symlink_that_stays_below_the_folder_is_followed(folder: Path) -> None:
    (folder / "now").symlink_to("hr")
    (folder / "x.csv").symlink_to("now/leavers.csv")
    assert read(folder, "x.csv") == b"id\na\n"


def test_a_folder_that_is_itself_a_symlink_is_the_folder(folder: Path) -> None:
    (folder.parent / "link").symlink_to("m")
    assert read(folder.parent / "link", "hr/leavers.csv") == b"id\na\n"


@pytest.mark.parametrize("named", ["../secret.csv", "hr/../../secret.csv", ".."])
def test_a_path_out_of_the_folder_is_refused(folder: Path, named: str) -> None:
    assert error(folder, named) == (
        f"m/a.yaml:4:11: `{named}` leads out of the folder of this manifest"
        " (name a file below the folder of this manifest)"
    )


@pytest.mark.parametrize("named", ["secret.csv", "out/secret.csv", "hr/twice.csv"])
def test_a_symlink_out_of_the_folder_is_refused(folder: Path, named: str) -> None:
    (folder / "secret.csv").symlink_to("../secret.csv")
    (folder / "out").symlink_to(folder.parent)
    (folder / "hr/twice.csv").symlink_to("../secret.csv")
    assert "leads out of the folder of this manifest" in error(folder, named)


@pytest.mark.parametrize("named", [".env", "hr/.git/config", "innocent.csv"])
def test_a_hidden_file_is_refused_however_it_is_named(folder: Path, named: str) -> None:
    (folder / "hr/.git").mkdir()
    (folder / "hr/.git/config").write_bytes(b"token\n")
    (folder / ".env").write_bytes(b"token\n")
    (folder / "innocent.csv").symlink_to("hr/.git/config")
    assert f"`{named}` is hidden: a name begins with a dot" in error(folder, named)


def test_a_file_that_kubernetes_mounts_is_read(folder: Path) -> None:
    (folder / "..2026_11_30").mkdir()
    (folder / "..2026_11_30/x.csv").write_bytes(b"id\na\n")
    (folder / "..data").symlink_to("..2026_11_30")
    (folder / "x.csv").symlink_to("..data/x.csv")
    assert read(folder, "x.csv") == b"id\na\n"


def test_a_path_from_the_root_is_refused(folder: Path) -> None:
    inside = str(folder / "hr/leavers.csv")
    assert "is a path from the root (name a file below the folder" in error(folder, inside)


def test_a_null_character_in_a_path_is_an_error(folder: Path) -> None:
    assert "the path holds a null character" in error(folder, "a\0b")


def test_a_file_that_is_not_there_is_an_error(folder: Path) -> None:
    assert error(folder, "gone.csv") == (
        "m/a.yaml:4:11: `gone.csv` cannot be read: No such file or directory"
        " (check the path, from the folder of this manifest on)"
    )


def test_a_symlink_to_itself_is_an_error(folder: Path) -> None:
    (folder / "loop.csv").symlink_to("loop.csv")
    assert "`loop.csv` cannot be read: " in error(folder, "loop.csv")


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ("hr", "cannot be read: Is a directory"),
        (".", "cannot be read: Is a directory"),
        ("pipe.csv", "is not a regular file (name a file)"),
    ],
)
def test_what_is_no_file_is_an_error_and_not_waited_for(
    folder: Path, named: str, reason: str
) -> None:
    os.mkfifo(folder / "pipe.csv")
    assert f"`{named}` {reason}" in error(folder, named)


def test_a_file_that_becomes_a_symlink_is_not_followed(folder: Path) -> None:
    path = source_file(folder, "hr/leavers.csv", PLACE)
    path.unlink()
    path.symlink_to("../../secret.csv")
    with pytest.raises(InvalidInput, match="cannot be read: Too many levels of symbolic links"):
        read_source_file(path, "hr/leavers.csv", PLACE)


def test_a_file_beyond_the_bound_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_EXPORT_BYTES", 1 << 20)
    with (folder / "big.csv").open("wb") as file:
        file.truncate(1 << 30)
    assert "`big.csv` is larger than 1 MiB (leave out columns" in error(folder, "big.csv")
