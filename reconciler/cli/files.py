"""The files that a command writes: checked before anything is done, there whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from reconciler.cli.errors import UsageError


class OutputFile:
    """A file to be written at the end of a command.

    Making one proves that its folder can be written to. Raises :class:`UsageError`.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Where a link leads, so that the link stays.
            self.path = path.resolve()
            if self.path.exists() and not self.path.is_file():
                raise UsageError(f"cannot write {path}: it is no regular file")
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".reconciler-")
        except (OSError, ValueError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(f"cannot write {path}: {reason}") from None
        os.close(descriptor)
        self._draft = Path(name)

    def write(self, data: bytes) -> None:
        """Put ``data`` in place of whatever was there; readable by its owner alone.

        Raises :class:`UsageError`, and leaves what was there, when the disk does not take it.
        """
        try:
            with self._draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._draft.replace(self.path)
        except OSError as error:
            raise UsageError(f"cannot write {self.path}: {error.strerror}") from None

    def discard(self) -> None:
        """Forget a file that was not written."""
        with contextlib.suppress(FileNotFoundError):
            self._draft.unlink()
