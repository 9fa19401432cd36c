"""Standard output and error, as they are found: closed, full, narrow, or not for our alphabet."""

import os
import shutil
import sys
from io import TextIOWrapper
from typing import TextIO


def make_writable() -> None:
    """Have both streams, and have them take every character; before anything else is printed."""
    sys.stdout = _writable(sys.stdout)
    sys.stderr = _writable(sys.stderr)


def _writable(stream: TextIO | None) -> TextIO:
    if stream is None:  # the caller closed it
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - to the end
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def coloured(stream: TextIO) -> bool:
    """Whether ``stream`` shows colour, and its reader wants it."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def width(stream: TextIO) -> int:
    """Columns to wrap at: a terminal's own; in a pipe nothing is wrapped, for others to grep."""
    return shutil.get_terminal_size().columns if stream.isatty() else 0


def print_out(text: str, *, on_stderr: bool) -> str | None:
    """Print ``text``; why that failed, or None.

    A reader who goes away is no failure: a closed pipe changes no status.
    """
    stream = sys.stderr if on_stderr else sys.stdout
    try:
        stream.write(text if text.endswith("\n") or not text else text + "\n")
        stream.flush()
    except OSError as error:
        # What is still buffered must not fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return None if isinstance(error, BrokenPipeError) else error.strerror
    return None
