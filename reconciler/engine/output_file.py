"""The files that both fronts write: checked before anything is done, there whole or not at all.

Nothing of a file is seen before it is whole, and a process that is killed leaves no draft behind:
the file has no name while it is written. Only on file systems that have no files without a name,
a process that is killed in the moment of writing leaves one called ``.reconciler-…``.
"""

import contextlib
import errno
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

_NAMELESS: Final = getattr(os, "O_TMPFILE", None) if Path("/proc/self/fd").is_dir() else None
"""How a file without a name is made, where it can also be given one."""

_PRIVATE: Final = 0o600
_KEPT: Final = frozenset({errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EACCES, errno.ETXTBSY})
"""Errors by which a file that is there cannot be replaced by another, though perhaps be written."""

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class OutputFailed(Exception):
    """A file cannot be written, for ``reason``."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot write {path}: {reason}")
        self.path = path
        self.reason = reason


class OutputFile:
    """A file to be written at the end of a command.

    Making one proves, as far as that can be found out, that it can be written. It leaves nothing
    there. ``mode`` says who may read the file: its owner alone, unless it is given. Raises
    :class:`OutputFailed`.
    """

    def __init__(self, path: Path, mode: int = _PRIVATE) -> None:
        self._mode = mode
        try:
            # Where a link leads, so that the link stays.
            self.path = path.resolve()
            exists = self.path.exists()
            if exists and not self.path.is_file():
                raise OutputFailed(path, "it is no regular file")
            self._in_place = exists and _is_kept(self.path)
            try:
                _try_out(self.path.parent)
            except OSError:
                if not exists:
                    raise
                self._in_place = True
            if self._in_place:
                os.close(os.open(self.path, os.O_WRONLY))
        except (OSError, ValueError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            raise OutputFailed(path, reason or str(error)) from None

    def write(self, data: bytes) -> None:
        """Put ``data`` in place of whatever was there.

        A file that cannot be replaced (it is mounted there, or its folder takes no other) is
        written in place. Raises :class:`OutputFailed`, and leaves what was there, when the disk
        does not take it.
        """
        try:
            if self._in_place or not self._replaced(data):
                self._overwrite(data)
        except OSError as error:
            raise OutputFailed(self.path, error.strerror or str(error)) from None

    def _replaced(self, data: bytes) -> bool:
        """Write another file and put it there; False where the one that is there stays."""
        with _draft(self.path.parent, data) as draft:
            try:
                draft.chmod(self._mode)
                draft.replace(self.path)
            except OSError as error:
                if error.errno in _KEPT and self.path.is_file():
                    return False
                raise
        return True

    def _overwrite(self, data: bytes) -> None:
        descriptor = os.open(self.path, os.O_WRONLY)
        with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor has no path)
            with contextlib.suppress(OSError):  # it may be another's
                os.fchmod(descriptor, self._mode)
            _reserve(descriptor, len(data))
            file.write(data)
            file.flush()
            os.ftruncate(descriptor, len(data))
            os.fsync(descriptor)


class NewFile:
    """A file that is not there yet, for a secret: readable by this account alone.

    It never takes the place of anything, not even of a link that leads nowhere. Making one proves,
    as far as that can be found out, that it can be written, and leaves nothing there. Raises
    :class:`OutputFailed`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if os.path.lexists(path):
                raise FileExistsError
            _try_out(path.parent)
        except (OSError, ValueError) as error:
            raise OutputFailed(path, _reason(error)) from None

    def write(self, data: bytes) -> None:
        """Make the file with ``data`` in it, whole or not at all. Raises :class:`OutputFailed`."""
        try:
            descriptor = _nameless(self.path.parent)
            if descriptor is None:
                self._make(data)
            else:
                with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor has no path)
                    _fill(file, data)
                    # With a folder for the source, which is not used, links are followed; the
                    # target is never replaced.
                    os.link(f"/proc/self/fd/{descriptor}", self.path, src_dir_fd=descriptor)
        except OSError as error:
            raise OutputFailed(self.path, _reason(error)) from None

    def _make(self, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, _PRIVATE)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor has no path)
                _fill(file, data)
        except OSError:
            self.path.unlink(missing_ok=True)
            raise


def _fill(file: BinaryIO, data: bytes) -> None:
    os.fchmod(file.fileno(), _PRIVATE)  # whatever the folder gives its files
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileExistsError):
        return "there is something already, and a secret never replaces anything: name a new file"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _is_kept(path: Path) -> bool:
    """Whether the file at ``path`` cannot be replaced: something is mounted there, or the folder
    lets nobody replace the files of others."""
    folder = path.parent.stat()
    restricted = bool(folder.st_mode & stat.S_ISVTX)
    may = os.geteuid() in (0, folder.st_uid, path.stat().st_uid)
    return (restricted and not may) or _mount(path) != _mount(path.parent)


def _mount(path: Path) -> str | None:
    """What is mounted at or above ``path``; None if the system does not say."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            facts = Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii").splitlines()
        finally:
            os.close(descriptor)
    except (OSError, AttributeError):
        return None
    return next((fact for fact in facts if fact.startswith("mnt_id:")), None)


def _try_out(folder: Path) -> None:
    """Raise what the making of a file in ``folder`` raises; none stays there."""
    descriptor = _nameless(folder)
    if descriptor is None:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".reconciler-")
        Path(name).unlink()
    os.close(descriptor)


def _nameless(folder: Path) -> int | None:
    """A new file in ``folder`` without a name; None where it has no such files."""
    if _NAMELESS is None:
        return None
    try:
        return os.open(folder, _NAMELESS | os.O_WRONLY | os.O_CLOEXEC, _PRIVATE)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            return None
        raise


@contextmanager
def _draft(folder: Path, data: bytes) -> Iterator[Path]:
    """A file in ``folder`` that holds ``data``, safely on the disk; removed if it is not taken."""
    descriptor = _nameless(folder)
    name: Path | None = None
    if descriptor is None:
        descriptor, made = tempfile.mkstemp(dir=folder, prefix=".reconciler-")
        name = Path(made)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor has no path)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            if name is None:
                named = folder / f".reconciler-{secrets.token_hex(8)}"
                # With a folder for the source, which is not used, links are followed.
                os.link(f"/proc/self/fd/{descriptor}", named, src_dir_fd=descriptor)
                name = named
        yield name
    finally:
        if name is not None:
            name.unlink(missing_ok=True)


def _reserve(descriptor: int, size: int) -> None:
    """Have room for ``size`` bytes before what is there is written over.

    Raises :class:`OSError` where the disk has none, and leaves the file as it was.
    """
    before = os.fstat(descriptor).st_size
    try:
        os.posix_fallocate(descriptor, 0, max(size, 1))
    except OSError as error:
        if error.errno in _FULL:
            os.ftruncate(descriptor, before)
            raise
