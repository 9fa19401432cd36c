"""A process beside the benchmark: says when it is ready, and ends when it is let go."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

_Ready = TypeVar("_Ready")


@contextmanager
def companion(module: str, *arguments: str, ready: type[_Ready]) -> Iterator[_Ready]:
    """``python -m module arguments`` for as long as the context lasts; yields what it said.

    Raises ``RuntimeError`` when it ended before it was ready.
    """
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            if not said:
                raise RuntimeError(f"{module} ended before it was ready")
            yield msgspec.json.decode(said, type=ready)
        finally:
            process.stdin.close()


def stand_by(said: object, serve: Callable[[], object], stop: Callable[[], None]) -> None:
    """The other end: say ``said``, ``serve`` until standard input is closed, then ``stop``."""

    def wait() -> None:
        sys.stdin.buffer.read()
        stop()

    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.flush()
    threading.Thread(target=wait, daemon=True).start()
    serve()
