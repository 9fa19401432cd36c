"""The note of a preview: for the update of the same command alone, private, and never left."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from reconciler.domain import Platform
from reconciler.planning import ActionReason, Disconnect, Target
from reconciler.pulumi_provider import cli_process
from reconciler.pulumi_provider.cli_process import CliProcess, space
from reconciler.pulumi_provider.note import Notes

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
    """A command that runs, as its note has it."""
    started = cli_process._started(os.getpid())
    assert started is not None
    return CliProcess(os.getpid(), started, space())


GONE = CliProcess(os.getpid(), "some other time", space())


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes({"XDG_RUNTIME_DIR": str(tmp_path)})


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_note_holds_what_was_shown_and_nothing_else(notes: Notes) -> None:
    notes.write(this_process(), STACK, TARGET, [MOVER])
    note = notes.take(this_process(), STACK, TARGET)
    assert note is not None
    assert note.holds(MOVER)
    assert not note.holds(LEAVER)
    assert not note.holds(disconnect(MOVER.user, connection="c-2"))


def test_a_note_is_readable_by_its_owner_alone(notes: Notes, tmp_path: Path) -> None:
    notes.write(this_process(), STACK, TARGET, [MOVER])
    (file,) = files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_note_names_nobody(notes: Notes, tmp_path: Path) -> None:
    notes.write(this_process(), STACK, TARGET, [MOVER])
    (file,) = files(tmp_path)
    assert b"mover" not in file.read_bytes()


def test_a_note_is_removed_when_it_is_taken(notes: Notes, tmp_path: Path) -> None:
    notes.write(this_process(), STACK, TARGET, [MOVER])
    notes.take(this_process(), STACK, TARGET)
    assert files(tmp_path) == []
    assert notes.take(this_process(), STACK, TARGET) is None


@pytest.mark.parametrize(
    ("command", "stack", "target"),
    [
        (GONE, STACK, TARGET),
        (this_process(), "organization/trial/prod", TARGET),
        (this_process(), STACK, Target("other", "sandbox:1")),
        (this_process(), STACK, Target("trial", "sandbox:2")),
    ],
)
def test_a_note_is_for_its_command_stack_and_workspace(
    notes: Notes, command: CliProcess, stack: str, target: Target
) -> None:
    notes.write(this_process(), STACK, TARGET, [MOVER])
    assert notes.take(command, stack, target) is None
    assert notes.take(this_process(), STACK, TARGET) is not None


def test_the_notes_of_commands_that_are_gone_are_swept_away(notes: Notes, tmp_path: Path) -> None:
    notes.write(GONE, STACK, TARGET, [MOVER])
    notes.write(this_process(), STACK, TARGET, [MOVER])
    notes.sweep()
    assert len(files(tmp_path)) == 1
    assert notes.take(this_process(), STACK, TARGET) is not None


def test_what_is_no_note_is_swept_away_too(notes: Notes, tmp_path: Path) -> None:
    notes.write(this_process(), STACK, TARGET, [MOVER])
    (file,) = files(tmp_path)
    file.write_bytes(b"not a note")
    assert notes.take(this_process(), STACK, TARGET) is None
    notes.sweep()
    assert files(tmp_path) == []


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_folder_that_others_can_look_into_is_not_used(
    notes: Notes, tmp_path: Path, mode: int
) -> None:
    notes.write(this_process(), STACK, TARGET, [MOVER])
    (file,) = files(tmp_path)
    file.parent.chmod(mode)
    assert notes.take(this_process(), STACK, TARGET) is None
    assert not notes.write(this_process(), STACK, TARGET, [LEAVER])


def test_a_link_in_place_of_the_folder_is_not_followed(notes: Notes, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / f"reconciler-{os.getuid()}").symlink_to(elsewhere)
    assert not notes.write(this_process(), STACK, TARGET, [MOVER])
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
    notes = Notes({"XDG_RUNTIME_DIR": runtime})
    assert notes.folder.parent == tmp_path
    assert notes.write(this_process(), STACK, TARGET, [MOVER])
    assert notes.take(this_process(), STACK, TARGET) is not None


def test_the_runtime_folder_of_somebody_else_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    (tmp_path / "theirs").mkdir()
    assert Notes({"XDG_RUNTIME_DIR": str(tmp_path / "theirs")}).folder.parent == tmp_path


def test_where_no_note_can_be_kept_nothing_else_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    notes = Notes({})
    assert not notes.write(this_process(), STACK, TARGET, [MOVER])
    assert notes.take(this_process(), STACK, TARGET) is None


@pytest.mark.parametrize(
    "foreign",
    [b"\xff", b"[" * 200_000, b'{"command":{"pid":-1,"started":"x","space":"y"},"shown":[]}'],
    ids=["no text", "too deep", "no process"],
)
def test_what_is_no_note_is_passed_over(notes: Notes, tmp_path: Path, foreign: bytes) -> None:
    notes.write(this_process(), STACK, TARGET, [MOVER])
    (path,) = files(tmp_path)
    path.write_bytes(foreign)
    notes.sweep()
    assert notes.take(this_process(), STACK, TARGET) is None


def test_a_fifo_and_a_folder_in_the_place_of_a_note_are_passed_over(
    notes: Notes, tmp_path: Path
) -> None:
    notes.write(this_process(), STACK, TARGET, [MOVER])
    (path,) = files(tmp_path)
    (path.parent / "folder.previewed").mkdir()
    path.unlink()
    os.mkfifo(path)
    assert notes.take(this_process(), STACK, TARGET) is None
    notes.sweep()


def test_the_note_of_another_containers_command_is_left(notes: Notes, tmp_path: Path) -> None:
    notes.write(CliProcess(GONE.pid, "then", "of another container"), STACK, TARGET, [MOVER])
    notes.sweep()
    assert len(files(tmp_path)) == 1
