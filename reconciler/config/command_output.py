"""What a configured command prints: at most so much, and for at most so long. Without a shell."""

import os
import selectors
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.domain import Deadline, DeadlinePassed

_CHUNK: Final = 64 * 1024
_LAST_WORDS: Final = 4 * 1024
_LOOK_UP: Final = 0.1
"""Seconds after which we look whether the command shall end."""


_LEFT: Final[set[int]] = set()
"""Process groups of commands that have ended and left something running that is our child now."""


class CommandOutput(Struct, frozen=True):
    """What a command printed: more than was asked for if it was ended for that.

    ``status`` is its exit status, negative for a signal. ``last_words`` are the last whole lines of
    its standard error, if that was read.
    """

    data: bytes
    status: int
    last_words: bytes


class TookTooLong(Exception):
    """The command was ended at its deadline.

    ``ended``: it had ended itself, and what it started went on holding its output open.
    """

    def __init__(self, *, ended: bool) -> None:
        super().__init__("the deadline passed")
        self.ended = ended


def command_output(
    command: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    *,
    most: int,
    deadline: Deadline,
    apart: bool = False,
) -> CommandOutput:
    """Run ``command`` in ``folder`` until it ends, or prints more than ``most`` bytes.

    With ``apart`` it has no terminal, its standard error is read, and all that it started ends with
    it. Otherwise its standard error is ours: it may ask the user something.

    Raises:
        OSError: it cannot be run.
        TookTooLong: at the deadline.
        Cancelled: as ``deadline`` does.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if apart else None,
        start_new_session=apart,
    ) as process:
        try:
            data, last_words = _printed(process, most, deadline)
        except DeadlinePassed:
            _end(process, apart=apart)
            raise TookTooLong(ended=process.wait() != -signal.SIGKILL) from None
        finally:
            _end(process, apart=apart)
            if apart:
                process.wait()
                _wait_for_what_is_left(process.pid)
    return CommandOutput(data, process.returncode, last_words)


def _printed(
    process: subprocess.Popen[bytes], most: int, deadline: Deadline
) -> tuple[bytes, bytes]:
    """What ``process`` prints until it has ended, or printed too much; and its last words.

    Its standard error may stay open: what the process has left running may hold it.
    """
    chunks: list[bytes] = []
    size, last_words = 0, b""
    with selectors.DefaultSelector() as selector:
        for stream in filter(None, (process.stdout, process.stderr)):
            selector.register(stream, selectors.EVENT_READ)
        reading = True
        while reading or process.poll() is None:
            deadline.check()
            seconds = min(_LOOK_UP, deadline.remaining())
            if not selector.get_map():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
                continue
            for key, _ in selector.select(seconds):
                chunk = os.read(key.fd, _CHUNK)
                if not chunk:
                    selector.unregister(key.fileobj)
                    reading = reading and key.fileobj is not process.stdout
                elif key.fileobj is process.stdout:
                    chunks.append(chunk)
                    size += len(chunk)
                else:
                    last_words = (last_words + chunk)[-_LAST_WORDS:]
            if size > most:
                break
        for key, _ in selector.select(0) if not reading else ():
            last_words = (last_words + os.read(key.fd, _CHUNK))[-_LAST_WORDS:]
    if len(last_words) == _LAST_WORDS:  # its first line may be half of one
        last_words = last_words.partition(b"\n")[2]
    return b"".join(chunks), last_words


def _end(process: subprocess.Popen[bytes], *, apart: bool) -> None:
    """Kill ``process``; with ``apart`` also what it started. One that has been waited for is gone,
    and its id may be another's by now."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL) if apart else process.kill()


def _wait_for_what_is_left(group: int) -> None:
    """Wait, without blocking, for what the command of ``group`` and earlier ones left behind.

    The first process of a container inherits it. Whoever does not wait for it keeps its entry in
    the table of processes: one more with each command, until no process can be started.
    The id of a group is not given to another one while a process of it is not waited for.
    """
    for each in (group, *_LEFT):
        try:
            while os.waitpid(-each, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            _LEFT.discard(each)
        else:
            _LEFT.add(each)
