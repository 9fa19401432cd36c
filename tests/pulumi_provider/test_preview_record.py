"""The record of a preview: private, only for the update of the same command, and cleaned up."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from reconciler.domain import Platform
from reconciler.planning import ActionReason, Disconnect, Target
from reconciler.process import start_of
from reconciler.pulumi_provider.cli_process import CliProcess, namespace
from reconciler.pulumi_provider.preview_record import PreviewRecords

STACK = "organization/trial/dev"
TARGET = Target("trial", "sandbox:1")


def disconnect(user: str, connection: str = "c-1") -> Disconnect:
    return Disconnect(
        workspace="trial",
        user=user,
        recall_id="r-1",
        platform=Platform.GOOGLE,
        connection_id=connection,
        email=user,
        requires_connected=(),
        reason=ActionReason.UNWANTED_PLATFORM,
        note=None,
    )


MOVER, LEAVER = disconnect("mover@example.com"), disconnect("leaver@example.com")


def this_process() -> CliProcess:
    """A running command, as its record names it."""
    start = start_of(os.getpid())
    assert start is not None
    return CliProcess(os.getpid(), start, namespace())


GONE = CliProcess(os.getpid(), "some other time", namespace())


@pytest.fixture
def records(tmp_path: Path) -> PreviewRecords:
    return PreviewRecords({"XDG_RUNTIME_DIR": str(tmp_path)})


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_record_holds_what_was_shown_and_nothing_else(records: PreviewRecords) -> None:
    records.write(this_process(), STACK, TARGET, [MOVER])
    record = records.take(this_process(), STACK, TARGET)
    assert record is not None
    assert record.holds(MOVER)
    assert not record.holds(LEAVER)
    assert not record.holds(disconnect(MOVER.user, connection="c-2"))


def test_a_record_is_readable_by_its_owner_alone(records: PreviewRecords, tmp_path: Path) -> None:
    records.write(this_process(), STACK, TARGET, [MOVER])
    (file,) = files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_record_names_nobody(records: PreviewRecords, tmp_path: Path) -> None:
    records.write(this_process(), STACK, TARGET, [MOVER])
    (file,) = files(tmp_path)
    assert b"mover" not in file.read_bytes()


def test_a_record_is_removed_when_it_is_taken(records: PreviewRecords, tmp_path: Path) -> None:
    records.write(this_process(), STACK, TARGET, [MOVER])
    records.take(this_process(), STACK, TARGET)
    assert files(tmp_path) == []
    assert records.take(this_process(), STACK, TARGET) is None


@pytest.mark.parametrize(
    ("command", "stack", "target"),
    [
        (GONE, STACK, TARGET),
        (this_process(), "organization/trial/prod", TARGET),
        (this_process(), STACK, Target("other", "sandbox:1")),
        (this_process(), STACK, Target("trial", "sandbox:2")),
    ],
)
def test_a_record_is_for_its_command_stack_and_workspace(
    records: PreviewRecords, command: CliProcess, stack: str, target: Target
) -> None:
    records.write(this_process(), STACK, TARGET, [MOVER])
    assert records.take(command, stack, target) is None
    assert records.take(this_process(), STACK, TARGET) is not None


def test_the_records_of_commands_that_are_gone_are_swept_away(
    records: PreviewRecords, tmp_path: Path
) -> None:
    records.write(GONE, STACK, TARGET, [MOVER])
    records.write(this_process(), STACK, TARGET, [MOVER])
    records.sweep()
    assert len(files(tmp_path)) == 1
    assert records.take(this_process(), STACK, TARGET) is not None


def test_what_is_no_record_is_swept_away_too(records: PreviewRecords, tmp_path: Path) -> None:
    records.write(this_process(), STACK, TARGET, [MOVER])
    (file,) = files(tmp_path)
    file.write_bytes(b"not a record")
    assert records.take(this_process(), STACK, TARGET) is None
    records.sweep()
    assert files(tmp_path) == []


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_folder_that_others_can_look_into_is_not_used(
    records: PreviewRecords, tmp_path: Path, mode: int
) -> None:
    records.write(this_process(), STACK, TARGET, [MOVER])
    (file,) = files(tmp_path)
    file.parent.chmod(mode)
    assert records.take(this_process(), STACK, TARGET) is None
    assert not records.write(this_process(), STACK, TARGET, [LEAVER])


def test_a_link_in_place_of_the_folder_is_not_followed(
    records: PreviewRecords, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / f"reconciler-{os.getuid()}").symlink_to(elsewhere)
    assert not records.write(this_process(), STACK, TARGET, [MOVER])
    assert files(tmp_path) == []


@pytest.mark.parametrize("named", ["file", "missing", "read-only", "relative", ""])
def test_a_runtime_folder_that_is_none_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "relative").mkdir()
    (tmp_path / "read-only").mkdir()
    access = os.access

    def may(path: Path, mode: int) -> bool:
        return path.name != "read-only" and access(path, mode)

    monkeypatch.setattr(os, "access", may)  # to root everything is writable
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    runtime = named if named in {"relative", ""} else str(tmp_path / named)
    records = PreviewRecords({"XDG_RUNTIME_DIR": runtime})
    assert records.folder.parent == tmp_path
    assert records.write(this_process(), STACK, TARGET, [MOVER])
    assert records.take(this_process(), STACK, TARGET) is not None


def test_the_runtime_folder_of_somebody_else_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    (tmp_path / "theirs").mkdir()
    assert PreviewRecords({"XDG_RUNTIME_DIR": str(tmp_path / "theirs")}).folder.parent == tmp_path


def test_where_no_record_can_be_kept_nothing_else_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    records = PreviewRecords({})
    assert not records.write(this_process(), STACK, TARGET, [MOVER])
    assert records.take(this_process(), STACK, TARGET) is None


@pytest.mark.parametrize(
    "foreign",
    [b"\xff", b"[" * 200_000, b'{"command":{"pid":-1,"start":"x","namespace":"y"},"shown":[]}'],
    ids=["no text", "too deep", "no process"],
)
def test_what_is_no_record_is_passed_over(
    records: PreviewRecords, tmp_path: Path, foreign: bytes
) -> None:
    records.write(this_process(), STACK, TARGET, [MOVER])
    (path,) = files(tmp_path)
    path.write_bytes(foreign)
    records.sweep()
    assert records.take(this_process(), STACK, TARGET) is None


def test_a_fifo_and_a_folder_in_the_place_of_a_record_are_passed_over(
    records: PreviewRecords, tmp_path: Path
) -> None:
    records.write(this_process(), STACK, TARGET, [MOVER])
    (path,) = files(tmp_path)
    (path.parent / "folder.previewed").mkdir()
    path.unlink()
    os.mkfifo(path)
    assert records.take(this_process(), STACK, TARGET) is None
    records.sweep()


def test_the_record_of_another_containers_command_is_left(
    records: PreviewRecords, tmp_path: Path
) -> None:
    records.write(CliProcess(GONE.pid, "then", "of another container"), STACK, TARGET, [MOVER])
    records.sweep()
    assert len(files(tmp_path)) == 1
