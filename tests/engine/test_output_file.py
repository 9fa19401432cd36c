"""Files that are there whole or not at all, also where they cannot be replaced."""

import errno
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.engine import output_file
from reconciler.engine.output_file import OutputFailed, OutputFile


@pytest.fixture(params=["nameless", "named"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, on a file system with files that have no name, and on one without."""
    if request.param == "named":
        monkeypatch.setattr(output_file, "_NAMELESS", None)
    return tmp_path


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_nothing_is_there_before_it_is_written(folder: Path) -> None:
    OutputFile(folder / "report.json")
    assert list(folder.iterdir()) == []


def test_a_file_is_written_for_its_owner_alone(folder: Path) -> None:
    OutputFile(folder / "report.json").write(b"whole")
    assert (folder / "report.json").read_bytes() == b"whole"
    assert stat.S_IMODE((folder / "report.json").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["report.json"]


def test_a_file_that_is_there_is_replaced_by_another(folder: Path) -> None:
    (folder / "report.json").write_bytes(b"longer than what comes")
    with (folder / "report.json").open("rb") as reader:
        OutputFile(folder / "report.json").write(b"whole")
        assert reader.read() == b"longer than what comes"
    assert (folder / "report.json").read_bytes() == b"whole"


def test_a_full_disk_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "report.json").write_bytes(b"before")
    file = OutputFile(folder / "report.json")
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(OutputFailed, match="No space left"):
        file.write(b"after")
    assert [path.read_bytes() for path in folder.iterdir()] == [b"before"]


@pytest.mark.parametrize(
    "number", [errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EACCES, errno.ETXTBSY]
)
def test_a_file_that_cannot_be_replaced_is_written_in_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (folder / "report.json").write_bytes(b"longer than what comes")
    file = OutputFile(folder / "report.json")
    before = (folder / "report.json").stat().st_ino
    monkeypatch.setattr(Path, "replace", failing(number))
    file.write(b"whole")
    assert (folder / "report.json").read_bytes() == b"whole"
    assert (folder / "report.json").stat().st_ino == before
    assert [path.name for path in folder.iterdir()] == ["report.json"]


def test_a_new_file_that_cannot_be_put_there_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = OutputFile(folder / "report.json")
    monkeypatch.setattr(Path, "replace", failing(errno.EPERM))
    with pytest.raises(OutputFailed, match="not permitted"):
        file.write(b"whole")
    assert list(folder.iterdir()) == []


def test_where_the_disk_has_no_room_a_file_written_in_place_stays_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "report.json").write_bytes(b"before")
    file = OutputFile(folder / "report.json")
    monkeypatch.setattr(Path, "replace", failing(errno.EBUSY))
    monkeypatch.setattr(os, "posix_fallocate", failing(errno.ENOSPC))
    with pytest.raises(OutputFailed, match="No space left"):
        file.write(b"after, which is longer")
    assert (folder / "report.json").read_bytes() == b"before"


def test_a_file_system_that_reserves_nothing_is_written_in_place_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "report.json").write_bytes(b"before")
    file = OutputFile(folder / "report.json")
    monkeypatch.setattr(Path, "replace", failing(errno.EBUSY))
    monkeypatch.setattr(os, "posix_fallocate", failing(errno.EOPNOTSUPP))
    file.write(b"after")
    assert (folder / "report.json").read_bytes() == b"after"


def test_a_folder_that_takes_no_new_file_is_found_out_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_file, "_try_out", failing(errno.EACCES))
    with pytest.raises(OutputFailed, match=r"new\.json: Permission denied"):
        OutputFile(folder / "new.json")


def test_a_file_in_a_folder_that_takes_no_new_one_is_written_in_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "report.json").write_bytes(b"before")
    monkeypatch.setattr(output_file, "_try_out", failing(errno.EACCES))
    OutputFile(folder / "report.json").write(b"after")
    assert (folder / "report.json").read_bytes() == b"after"


def test_a_file_that_cannot_be_written_in_such_a_folder_is_found_out_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "report.json").write_bytes(b"before")
    monkeypatch.setattr(output_file, "_try_out", failing(errno.EROFS))
    monkeypatch.setattr(os, "open", failing(errno.EROFS))
    with pytest.raises(OutputFailed, match="Read-only file system"):
        OutputFile(folder / "report.json")


def test_a_file_of_another_in_a_folder_that_keeps_it_is_written_in_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "report.json").write_bytes(b"before")
    before = (folder / "report.json").stat().st_ino
    folder.chmod(0o1777)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 12345)
    OutputFile(folder / "report.json").write(b"after")
    assert (folder / "report.json").stat().st_ino == before
    assert (folder / "report.json").read_bytes() == b"after"


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mount a file of its own over another one, as a container does."""
    done: list[Path] = []

    def mount(*options: str) -> Path:
        source, target = tmp_path / "outside.json", tmp_path / "mounted.json"
        source.write_bytes(b"before")
        target.touch()
        command = ["mount", "--bind", *options, str(source), str(target)]
        try:
            tried = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount command")
        if tried.returncode:
            pytest.skip(f"nothing can be mounted here: {tried.stderr.strip()}")
        done.append(target)
        return target

    yield mount
    for target in done:
        subprocess.run(["umount", str(target)], check=True)


def test_a_file_that_is_mounted_is_written_in_place(mounted: Callable[..., Path]) -> None:
    target = mounted()
    OutputFile(target).write(b"after, and longer")
    assert target.read_bytes() == b"after, and longer"
    assert target.with_name("outside.json").read_bytes() == b"after, and longer"
    assert len(list(target.parent.iterdir())) == 2


def test_a_file_that_is_mounted_to_be_read_only_is_found_out_before(
    mounted: Callable[..., Path],
) -> None:
    target = mounted("-o", "ro")
    with pytest.raises(OutputFailed, match=r"mounted\.json: Read-only file system"):
        OutputFile(target)


def test_where_the_system_tells_nothing_of_mounts_a_file_is_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "report.json").write_bytes(b"before")
    monkeypatch.delattr(os, "O_PATH")
    OutputFile(folder / "report.json").write(b"after")
    assert (folder / "report.json").read_bytes() == b"after"


def test_a_file_system_without_nameless_files_gets_named_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def without(path: str, flags: int, *rest: int, **more: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", without)
    OutputFile(tmp_path / "report.json").write(b"whole")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"whole"]
