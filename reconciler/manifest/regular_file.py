"""Reading a file that somebody else may have put there: never one that has no end, or no bytes."""

import os
import stat
from pathlib import Path


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
