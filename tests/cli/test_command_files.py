"""What one command reads and writes is kept apart, whichever of both it names first."""

from pathlib import Path

import pytest

from reconciler.cli.command_files import CommandFiles
from reconciler.cli.errors import OutputConflict

CONFLICTS = (
    ("users.yaml", "users.yaml"),
    ("manifests", "manifests/plan.yaml"),
    ("manifests", "manifests/below/plan.yml"),
    ("ledger.db", "link-to-ledger.db"),
)
APART = (
    ("manifests", "manifests/acme.plan"),
    ("manifests", "manifests.yaml"),
    ("manifests/acme.yaml", "manifests/globex.yaml"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "link-to-ledger.db").symlink_to("ledger.db")
    return tmp_path


@pytest.mark.parametrize(("read", "written"), CONFLICTS)
def test_what_is_read_cannot_be_written_later(folder: Path, read: str, written: str) -> None:
    files = CommandFiles()
    files.read(folder / "other.yaml", folder / read)
    with pytest.raises(OutputConflict, match="this command reads"):
        files.write(folder / written)


@pytest.mark.parametrize(("read", "written"), CONFLICTS)
def test_what_is_written_cannot_be_read_later(folder: Path, read: str, written: str) -> None:
    files = CommandFiles()
    files.write(folder / "other.yaml")
    files.write(folder / written)
    with pytest.raises(OutputConflict, match="this command reads"):
        files.read(folder / read)


@pytest.mark.parametrize(("read", "written"), APART)
def test_other_files_can_be_read_and_written(folder: Path, read: str, written: str) -> None:
    files = CommandFiles()
    files.read(folder / read)
    files.write(folder / written)
    files.read(folder / read)


def test_a_file_is_written_once(folder: Path) -> None:
    files = CommandFiles()
    files.write(folder / "acme.plan")
    files.write(folder / "globex.plan")
    with pytest.raises(OutputConflict, match=r"acme\.plan is named twice"):
        files.write(folder / "acme.plan")
