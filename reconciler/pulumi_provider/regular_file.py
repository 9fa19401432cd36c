"""Reading a file that somebody else may have put there: never one that has no end, or no bytes."""

import os
import stat
from pathlib import Path


def read_regular(path: Path, most: int) -> bytes:
    """The bytes of ``path``, and one more than ``most`` of a larger file.

    Raises :class:`OSError`, also for what is no regular file.
    """
    # Not to wait for somebody to write into a FIFO.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no regular file")
        return file.read(most + 1)
