"""How text that somebody else wrote is put into an error: bounded, and all of it visible.

Used by every error of manifests and configuration, so that a file can neither flood a terminal
nor steer it.

Reading a file that somebody else may have put there: never one that has no end, or no bytes.

Files as bytes that are known to be UTF-8 text, with the name that errors call them by.

Manifests and the configuration are read through here, so that both survive the same hostile
files: devices, symlink loops, other encodings, sizes that no fleet has.
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
from reconciler.domain.emoji import EMOJI_SEQUENCE

_LIMIT = 60


def visible(text: str) -> str:
    """``text`` with every character that does not print written as its escape, but in emoji."""
    if text.isprintable():
        return text
    made, at = "", 0
    for emoji in EMOJI_SEQUENCE.finditer(text):
        made += _escaped(text[at : emoji.start()]) + emoji[0]
        at = emoji.end()
    return made + _escaped(text[at:])


def _escaped(text: str) -> str:
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def shown(text: str) -> str:
    """``text`` between backticks, visible, and cut after some 60 characters."""
    cut = text if len(text) <= _LIMIT else f"{text[:_LIMIT]}…"
    return f"`{visible(cut)}`"


def near_miss(word: str, known: Iterable[str]) -> str | None:
    """The hint ``did you mean `x`?`` when one of ``known`` looks like ``word``."""
    by_folded = {name.casefold(): name for name in sorted(known, reverse=True)}
    close = difflib.get_close_matches(word[:_LIMIT].casefold(), by_folded, n=1)
    return f"did you mean {shown(by_folded[close[0]])}?" if close else None


class NotRegular(OSError):
    """What is there is a folder, a pipe, a device."""

    def __init__(self) -> None:
        super().__init__(0, "it is no regular file")


def read_regular(path: Path, most: int) -> bytes:
    """The bytes of ``path``, and one more than ``most`` of a larger file.

    Raises :class:`NotRegular`, and :class:`OSError` for what cannot be read.
    """
    # Without O_NONBLOCK the opening of a named pipe would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:  # noqa: PTH123 (a descriptor has no path)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotRegular
        return stream.read(most + 1)


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
