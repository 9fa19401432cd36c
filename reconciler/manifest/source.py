"""Reads a file as UTF-8 text, and quotes its text in errors.

Manifests and the configuration are read through here, so that both survive hostile files: devices,
symlink loops, other encodings, huge sizes. Quoted text is bounded and visible, so that a file can
neither flood nor steer a terminal.
"""

import difflib
import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.domain.text import visible

_LIMIT = 60


def quoted(text: str) -> str:
    """``text`` between backticks, in visible characters, cut after 60 characters."""
    cut = text if len(text) <= _LIMIT else f"{text[:_LIMIT]}…"
    return f"`{visible(cut)}`"


def near_miss(word: str, known: Iterable[str]) -> str | None:
    """The hint ``did you mean `x`?`` when one of ``known`` looks like ``word``."""
    by_folded = {name.casefold(): name for name in sorted(known, reverse=True)}
    close = difflib.get_close_matches(word[:_LIMIT].casefold(), by_folded, n=1)
    return f"did you mean {quoted(by_folded[close[0]])}?" if close else None


class NotRegular(OSError):
    """The path leads to a folder, a pipe or a device."""

    def __init__(self) -> None:
        super().__init__(0, "it is not a regular file")


def read_regular(path: Path, most: int, flags: int = 0) -> bytes:
    """The bytes of ``path``, at most one more than ``most``. ``flags`` are more flags for ``open``.

    Raises :class:`NotRegular`, and :class:`OSError` when it cannot be read.
    """
    # Without O_NONBLOCK, opening a named pipe would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
    with open(descriptor, "rb") as stream:  # noqa: PTH123 (a descriptor has no path)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotRegular
        return stream.read(most + 1)


MAX_BYTES = 128 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"

BlobAlgorithm = Literal["sha1", "sha256"]
_ALGORITHMS: tuple[BlobAlgorithm, ...] = ("sha1", "sha256")


class Source(Struct, frozen=True):
    """The text of a file: ``name`` as you would type it, ``data`` UTF-8 without a BOM.

    ``blobs`` are the ids that git may have for its contents as we read them.
    """

    name: str
    data: bytes
    blobs: frozenset[str] = frozenset()


def blob_name(data: bytes, by: BlobAlgorithm) -> str:
    """The id of a git blob of ``data``."""
    digest = hashlib.new(by, b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def display_name(path: Path, base: Path) -> str:
    """``path`` as you would type it in ``base``, in visible characters."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow symlinks)
    return visible(str(absolute.relative_to(base) if absolute.is_relative_to(base) else path))


def read_source(path: Path, name: str) -> Source:
    """Read a whole file.

    Raises :class:`InvalidInput` when it cannot be opened, is not a regular file, is larger than
    ``MAX_BYTES`` or is not UTF-8 (with the place of the first wrong byte).
    """
    try:
        data = read_regular(path, MAX_BYTES)
    except NotRegular:
        raise _refused(name, "is not a regular file", "name a file or a folder") from None
    except OSError as error:
        raise cannot_read(name, error) from error
    return as_source(name, data)


def as_source(name: str, data: bytes) -> Source:
    """``data`` as the file ``name``. Raises :class:`InvalidInput`, as :func:`read_source` does."""
    if len(data) > MAX_BYTES:
        raise _refused(name, f"is larger than {MAX_BYTES >> 20} MiB", "split it into several files")
    return Source(name, utf8(name, data), _blobs(data))


def cannot_read(name: str, error: OSError) -> InvalidInput:
    """The error for a file or folder that we cannot read."""
    reason = error.strerror or type(error).__name__
    hints = {
        FileNotFoundError: "check the path; in a configuration it starts at that file's folder",
        PermissionError: "check the permissions of the file and its folders",
    }
    return _refused(name, f"cannot be read: {reason}", hints.get(type(error)))


def place_of_byte(name: str, data: bytes, offset: int) -> SourceLocation:
    """The line and column of the byte at ``offset``; the bytes before it are UTF-8."""
    line_start = data.rfind(b"\n", 0, offset) + 1
    column = len(data[line_start:offset].decode("utf-8")) + 1
    return SourceLocation(name, data.count(b"\n", 0, offset) + 1, column)


def _blobs(data: bytes) -> frozenset[str]:
    """The blob ids by both algorithms, with line ends as they are and as git stores them."""
    texts = [data, data.replace(b"\r\n", b"\n")] if b"\r\n" in data else [data]
    return frozenset(blob_name(text, by) for text in texts for by in _ALGORITHMS)


def utf8(name: str, data: bytes) -> bytes:
    """``data`` without a byte order mark. Raises :class:`InvalidInput` unless it is UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        location = place_of_byte(name, data, error.start)
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        raise InvalidInput(
            Diagnostic(
                location,
                f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
                "the file is UTF-16: save it as UTF-8" if wide else "save the file as UTF-8",
            )
        ) from error
    return data.removeprefix(_BOM)


def _refused(name: str, message: str, hint: str | None) -> InvalidInput:
    return InvalidInput(Diagnostic(SourceLocation(name), message, hint))
