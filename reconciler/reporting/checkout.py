"""The repository that a command works in: places of files as code review names them.

A place in a report is a file as one would type it in the working folder. Services that review code
know files by their path in the repository, wherever the command was started.
"""

import posixpath

from msgspec import Struct

INPUT = "input "
"""Before the name of an input, in the place of one of its rows: what a command wrote is no file."""


class Checkout(Struct, frozen=True):
    """The repository at ``top``, seen from the working ``folder``; both are absolute paths.

    ``url`` is where the repository can be read, where that is known. ``configuration`` is the file
    in force, as a place: what has no place of its own is shown there.
    """

    top: str = "/"
    folder: str = "/"
    url: str | None = None
    configuration: str | None = None

    def inside(self, file: str) -> str | None:
        """The path of ``file`` in the repository; None for what is not in it."""
        path = posixpath.normpath(posixpath.join(self.folder, file))
        top = self.top.rstrip("/") + "/"
        if file.startswith(INPUT) or not path.startswith(top):
            return None
        return path.removeprefix(top)
