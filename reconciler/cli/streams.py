"""Standard output and error in any state: closed, full, narrow, or in another encoding."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO, cast

from reconciler.cli.errors import UsageError


class Output:
    """A stream that never fails: ``failure`` says from then on why it could not be written.

    Everything that any library prints goes through it. A reader who goes away is no failure: a
    closed pipe changes no status.
    """

    def __init__(self, stream: TextIO) -> None:
        self.failure: str | None = None
        self._stream = stream

    def write(self, text: str) -> int:
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Write ``data`` as it is, whatever the encoding."""
        self._attempt(self._stream.flush)
        self._attempt(lambda: self._stream.buffer.write(data))
        self._attempt(self._stream.buffer.flush)

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.failure = self.failure or error.strerror or str(error)
            # What is still buffered must not fail again when the interpreter ends.
            with contextlib.suppress(OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


def make_writable() -> None:
    """Make both streams exist and accept every character, before anything is printed."""
    sys.stdout = _writable(sys.stdout)
    sys.stderr = _writable(sys.stderr)


def _writable(stream: Any) -> TextIO:
    if isinstance(stream, Output):  # of an earlier command in this process
        return cast("TextIO", stream)
    if stream is None:  # the caller closed it
        stream = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - to the end
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return cast("TextIO", Output(stream))


def coloured(stream: TextIO) -> bool:
    """Whether ``stream`` shows colour and its reader wants it."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def width(stream: TextIO) -> int:
    """Columns to wrap at: a terminal's own; in a pipe nothing is wrapped, for others to grep."""
    return shutil.get_terminal_size().columns if stream.isatty() else 0


def print_out(text: str, *, on_stderr: bool) -> str | None:
    """Print ``text``; why that, or anything before it, could not be written to the stream."""
    stream = sys.stderr if on_stderr else sys.stdout
    stream.write(text if text.endswith("\n") or not text else text + "\n")
    stream.flush()
    return failure_of(stream)


def failure_of(stream: TextIO) -> str | None:
    """Why something could not be written to ``stream``; None where everything was."""
    failure: str | None = getattr(stream, "failure", None)
    return failure


def report_lost(reason: str) -> None:
    """Say on standard error that the result is not on standard output, or not complete."""
    print_out(f"error: the result could not be written: {reason}", on_stderr=True)


class StandardOutput:
    """Standard output in the place of a file to be written; see ``reporting.output_file``."""

    def write(self, data: bytes) -> None:
        """Write ``data`` as it is. Raises :class:`OutputFailed`."""
        stream = cast("Output", sys.stdout)
        stream.write_bytes(data)
        if stream.failure is not None:
            # Late: the version is printed without loading the rest.
            from reconciler.engine.output_file import OutputFailed  # noqa: PLC0415

            raise OutputFailed(Path("-"), stream.failure)


def read_input(most: int) -> bytes:
    """Standard input to its end, and no more than one byte beyond ``most``.

    Raises :class:`UsageError`.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("there is no standard input: name a file")
    return sys.stdin.buffer.read(most + 1)
