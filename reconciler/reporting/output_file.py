"""The files that both fronts write: checked before they are, there whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path


class OutputFailed(Exception):
    """A file cannot be written, for ``reason``."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot write {path}: {reason}")
        self.path = path
        self.reason = reason


class OutputFile:
    """A file to be written at the end of a command.

    Making one proves that its folder can be written to. Raises :class:`OutputFailed`.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Where a link leads, so that the link stays.
            self.path = path.resolve()
            if self.path.exists() and not self.path.is_file():
                raise OutputFailed(path, "it is no regular file")
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".reconciler-")
        except (OSError, ValueError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            raise OutputFailed(path, reason or str(error)) from None
        os.close(descriptor)
        self._draft = Path(name)

    def write(self, data: bytes) -> None:
        """Put ``data`` in place of whatever was there; readable by its owner alone.

        Raises :class:`OutputFailed`, and leaves what was there, when the disk does not take it.
        """
        try:
            with self._draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._draft.replace(self.path)
        except OSError as error:
            raise OutputFailed(self.path, error.strerror or str(error)) from None

    def discard(self) -> None:
        """Forget a file that was not written."""
        with contextlib.suppress(FileNotFoundError):
            self._draft.unlink()
