"""What a preview showed, for the update of the same command: it does nothing beyond that.

A file, since the two are different processes; found by the Pulumi command above both. It can only
narrow what an update does, so a wrong one does no harm.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from reconciler.manifest.source import read_regular
from reconciler.planning import Action, Target, canonical_json
from reconciler.planning.staleness import identity
from reconciler.pulumi_provider.cli_process import CliProcess

_SUFFIX: Final = ".previewed"
_LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a note: a hundred for each action of a fleet that is larger than any."""


class Note(Struct, frozen=True):
    """The command that it is of, and a digest of each action that was shown."""

    command: CliProcess
    shown: frozenset[str]

    def holds(self, action: Action) -> bool:
        """Whether ``action`` was shown."""
        return _digest(action) in self.shown


class Notes:
    """The notes of this user of this machine, which are kept in ``folder``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        parent = _runtime_folder(environ) or _temporary_folder()
        self.folder = parent / f"reconciler-{os.getuid()}"

    def write(
        self, command: CliProcess, stack: str, target: Target, actions: Iterable[Action]
    ) -> bool:
        """Write down what is shown; False where that cannot be done."""
        note = Note(command, frozenset(_digest(action) for action in actions))
        path = self._path(command, stack, target)
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if not self._ours():
                return False
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(note))
        except OSError:
            return False
        return True

    def take(self, command: CliProcess, stack: str, target: Target) -> Note | None:
        """The note of this command, which is removed; None where there is none that can be."""
        path = self._path(command, stack, target)
        if not self._ours():
            return None
        note = _read(path)
        if not _removed(path):
            return None
        return note if note is not None and note.command == command else None

    def sweep(self) -> None:
        """Remove the notes of commands that are gone, as far as can be told from here."""
        if not self._ours():
            return
        for path in self.folder.glob(f"*{_SUFFIX}"):
            note = _read(path)
            if note is None or note.command.gone():
                _removed(path)

    def _ours(self) -> bool:
        """Whether the folder is ours alone: others may write where temporary things are kept."""
        try:
            found = self.folder.lstat()
        except OSError:
            return False
        private = not stat.S_IMODE(found.st_mode) & 0o077
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and private

    def _path(self, command: CliProcess, stack: str, target: Target) -> Path:
        key = canonical_json([command, stack, target])
        return self.folder / f"{hashlib.sha256(key).hexdigest()[:32]}{_SUFFIX}"


def _runtime_folder(environ: Mapping[str, str]) -> Path | None:
    """The folder that ``XDG_RUNTIME_DIR`` names, if it is one of ours that can be written to.

    ``su`` and containers leave one that is somebody else's, or that is not there.
    """
    folder = Path(environ.get("XDG_RUNTIME_DIR", ""))
    try:
        usable = folder.is_absolute() and folder.is_dir() and folder.stat().st_uid == os.getuid()
        return folder if usable and os.access(folder, os.W_OK | os.X_OK) else None
    except (OSError, ValueError):
        return None


def _temporary_folder() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except OSError:  # there is none that can be written to; writing will fail, and be reported
        return Path("/tmp")  # noqa: S108 - what is not ours alone is not used


def _read(path: Path) -> Note | None:
    """The note at ``path``; None for whatever else is there."""
    try:
        data = read_regular(path, _LARGEST)
        return msgspec.json.decode(data, type=Note)
    except (OSError, ValueError, RecursionError):
        return None


def _removed(path: Path) -> bool:
    """Remove what is there; whether nothing is there any more."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _digest(action: Action) -> str:
    return hashlib.sha256(canonical_json(identity(action))).hexdigest()
