"""What ^C and SIGTERM do.

Before a run acts they end the command at once. While it acts the first one stops it gracefully
(nothing new is started, what was sent is read back) and the second one ends the process.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from reconciler.recall import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signalled(BaseException):
    """The command was told to end before it acted. No ``Exception``: nothing may swallow it."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


@contextmanager
def ending_at_once() -> Iterator[None]:
    """A signal raises :class:`Signalled` in the main thread."""

    def end(signum: int, _frame: FrameType | None) -> None:
        raise Signalled(signum)

    with _handled_by(end):
        yield


@contextmanager
def stopping_gracefully(stop: Stop) -> Iterator[None]:
    """The first signal requests ``stop``; a second one leaves what a crash leaves."""

    def end(signum: int, _frame: FrameType | None) -> None:
        if stop.requested_at is not None:
            os._exit(128 + signum)
        stop.request(signum)

    with _handled_by(end):
        yield


@contextmanager
def _handled_by(handler: "signal._HANDLER") -> Iterator[None]:
    before = {signum: signal.signal(signum, handler) for signum in _SIGNALS}
    try:
        yield
    finally:
        for signum, previous in before.items():
            signal.signal(signum, previous)
