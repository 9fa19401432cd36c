"""Files as bytes that are known to be UTF-8 text, with the name that errors call them by.

Manifests and the configuration are read through here, so that both survive the same hostile
files: devices, symlink loops, other encodings, sizes that no fleet has.
"""

import hashlib
import os
from pathlib import Path
from typing import Literal

from msgspec import Struct

from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.manifest.regular_file import NotRegular, read_regular
from reconciler.manifest.shown import visible

MAX_BYTES = 128 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"

BlobAlgorithm = Literal["sha1", "sha256"]
_ALGORITHMS: tuple[BlobAlgorithm, ...] = ("sha1", "sha256")


class Source(Struct, frozen=True):
    """The text of a file: ``name`` as a person would type it, ``data`` UTF-8 without a BOM.

    ``blobs`` are the names that git may have for its contents as they were read.
    """

    name: str
    data: bytes
    blobs: frozenset[str] = frozenset()


def blob_name(data: bytes, by: BlobAlgorithm) -> str:
    """What git calls a blob of ``data``."""
    digest = hashlib.new(by, b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def display_name(path: Path, base: Path) -> str:
    """``path`` as somebody who stands in ``base`` would type it, in visible characters."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow symlinks)
    return visible(str(absolute.relative_to(base) if absolute.is_relative_to(base) else path))


def read_source(path: Path, name: str) -> Source:
    """Read a file whole.

    Raises :class:`InvalidInput` when it cannot be opened, is no regular file, is larger than
    ``MAX_BYTES`` or is not UTF-8 (with the place of the first byte that is not).
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
    return Source(name, _utf8(name, data), _blobs(data))


def cannot_read(name: str, error: OSError) -> InvalidInput:
    """The error for a file or folder that the operating system does not give us."""
    reason = error.strerror or type(error).__name__
    hints = {
        FileNotFoundError: "check the path; in a configuration it starts at that file's folder",
        PermissionError: "check the permissions of the file and its folders",
    }
    return _refused(name, f"cannot be read: {reason}", hints.get(type(error)))


def place_of_byte(name: str, data: bytes, offset: int) -> SourceLocation:
    """The line and column of the byte at ``offset``; what stands before it is UTF-8."""
    line_start = data.rfind(b"\n", 0, offset) + 1
    column = len(data[line_start:offset].decode("utf-8")) + 1
    return SourceLocation(name, data.count(b"\n", 0, offset) + 1, column)


def _blobs(data: bytes) -> frozenset[str]:
    """By either algorithm, with the line ends as they are and as git keeps them of a text."""
    texts = [data, data.replace(b"\r\n", b"\n")] if b"\r\n" in data else [data]
    return frozenset(blob_name(text, by) for text in texts for by in _ALGORITHMS)


def _utf8(name: str, data: bytes) -> bytes:
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
