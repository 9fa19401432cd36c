"""What a preview showed, kept for the update of the same command, which may do no more than that.

It is a file, because preview and update are two processes. Its name comes from the Pulumi command
above both. A record can only narrow an update, so a wrong one does no harm.
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
from reconciler.planning import Action, PlanUnusable, Target, canonical_json
from reconciler.planning.plan_diff import identity
from reconciler.pulumi_provider.cli_process import CliProcess
from reconciler.pulumi_provider.errors import invalid
from reconciler.reporting.wording import stacks

_SUFFIX: Final = ".previewed"
_LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a record: a hundred for each action of a fleet that is larger than any."""


class PreviewRecord(Struct, frozen=True):
    """The command that made the preview, and a digest of each action that it showed."""

    command: CliProcess
    shown: frozenset[str]

    def holds(self, action: Action) -> bool:
        """Whether the preview showed ``action``."""
        return _digest(action) in self.shown


class PreviewRecords:
    """The records of this account on this machine, in ``folder``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        parent = _runtime_folder(environ) or _temporary_folder()
        self.folder = parent / f"reconciler-{os.getuid()}"

    def write(
        self, command: CliProcess, stack: str, target: Target, actions: Iterable[Action]
    ) -> bool:
        """Record that ``actions`` were shown; False if that is not possible."""
        record = PreviewRecord(command, frozenset(_digest(action) for action in actions))
        path = self._path(command, stack, target)
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if not self._private():
                return False
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(record))
        except OSError:
            return False
        return True

    def take(self, command: CliProcess, stack: str, target: Target) -> PreviewRecord | None:
        """The record of this command, which is removed; None if there is none to use."""
        path = self._path(command, stack, target)
        if not self._private():
            return None
        record = _read(path)
        if not _removed(path):
            return None
        return record if record is not None and record.command == command else None

    def sweep(self) -> None:
        """Remove the records of commands that have ended, as far as can be known from here."""
        if not self._private():
            return
        for path in self.folder.glob(f"*{_SUFFIX}"):
            record = _read(path)
            if record is None or record.command.gone():
                _removed(path)

    def _private(self) -> bool:
        """Whether only this account can use the folder: it may stand where everybody can write."""
        try:
            found = self.folder.lstat()
        except OSError:
            return False
        private = not stat.S_IMODE(found.st_mode) & 0o077
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and private

    def _path(self, command: CliProcess, stack: str, target: Target) -> Path:
        key = canonical_json([command, stack, target])
        return self.folder / f"{hashlib.sha256(key).hexdigest()[:32]}{_SUFFIX}"


class CommandPreview:
    """The preview of one command: its preview phase keeps it, its update phase asks for it.

    ``required`` refuses an update without one.
    """

    def __init__(
        self, command: CliProcess | None, stack: str, environ: Mapping[str, str], *, required: bool
    ) -> None:
        self._command = command
        self._stack = stack
        self._required = required
        self._records = PreviewRecords(environ)
        self._records.sweep()

    def keep(self, target: Target, actions: Iterable[Action]) -> None:
        """Record ``actions`` as what this preview shows.

        Raises ``InvalidInput`` if that fails and the command may go on to update: nothing would
        limit that update.
        """
        if self._command is None:
            return
        kept = self._records.write(self._command, self._stack, target, actions)
        if not kept and not self._command.only_previews():
            raise invalid(stacks.preview_not_kept(target, str(self._records.folder)))

    def shown(self, target: Target) -> PreviewRecord | None:
        """What the preview showed for ``target``; None if this command makes no preview.

        Raises ``PlanUnusable`` if a preview is required, or if there was one and it is lost.
        """
        command = self._command
        record = self._records.take(command, self._stack, target) if command else None
        if record is None:
            if command is not None and not command.skips_preview():
                raise PlanUnusable(stacks.preview_lost(target))
            if self._required:
                raise PlanUnusable(stacks.no_preview_refused(target))
        return record


def _runtime_folder(environ: Mapping[str, str]) -> Path | None:
    """The folder that ``XDG_RUNTIME_DIR`` names, if it is this account's and can be written to.

    ``su`` and containers leave a value that names somebody else's folder, or none at all.
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
    except OSError:  # no temporary folder can be written to: writing will fail and be reported
        return Path("/tmp")  # noqa: S108 - used only if it is private


def _read(path: Path) -> PreviewRecord | None:
    """The record at ``path``; None for anything else."""
    try:
        data = read_regular(path, _LARGEST)
        return msgspec.json.decode(data, type=PreviewRecord)
    except (OSError, ValueError, RecursionError):
        return None


def _removed(path: Path) -> bool:
    """Remove ``path``; whether nothing is there any more."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _digest(action: Action) -> str:
    return hashlib.sha256(canonical_json(identity(action))).hexdigest()
