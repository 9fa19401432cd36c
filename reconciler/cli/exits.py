"""How a command ends: the signals that interrupt it, and its exit status."""

import _thread
import contextlib
import os
import signal
import time
from collections.abc import Callable, Set
from types import FrameType
from typing import Final, Self

from reconciler.cli.command_limit import CommandLimitReached
from reconciler.cli.errors import NotApproved, UsageError
from reconciler.domain import Cancellation, Exit, of_signal
from reconciler.engine import FAILING, PlanState
from reconciler.engine import exit_status as engine_status
from reconciler.engine.output_file import OutputFailed
from reconciler.planning import Plan
from reconciler.runs import RunResult

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

ONE_REQUEST: Final = 1.0
"""Seconds within which signals are one request: GNU ``timeout`` signals its child and then the
child's process group, and a service manager sends two different ones."""

_LONGEST_REMARK: Final = 2.0
"""Seconds that the report waits for what is said about the request to be written."""


class Signalled(BaseException):
    """A signal before the command acted. No ``Exception``, so that nothing swallows it."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class Signals:
    """The signals of one command, handled for as long as the context lasts."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        end: Callable[[int], None] = os._exit,
    ) -> None:
        self._monotonic = monotonic
        self._end = end
        self._requested_at: float | None = None
        self._cancellation: Cancellation | None = None
        self._remark: Callable[[], None] = _nothing
        self._farewell = ""
        self._remarking: _thread.LockType | None = None
        self._before: dict[signal.Signals, signal._HANDLER] = {}

    def stop_gracefully(
        self, cancellation: Cancellation, remark: Callable[[], None], farewell: str
    ) -> None:
        """From now on, until this is called again, a signal requests ``cancellation``.

        ``remark`` says at once what happens then, in a thread of its own; ``farewell`` is the line
        that is written when a later signal ends the process.
        """
        self._cancellation, self._remark, self._farewell = cancellation, remark, farewell
        # The remark on an earlier request comes before whatever is said next.
        if self._remarking is not None:
            self._remarking.acquire(timeout=_LONGEST_REMARK)

    def __enter__(self) -> Self:
        # What is ignored stays ignored: that is how `nohup` and `trap ''` ask for it.
        heard = [signum for signum in SIGNALS if signal.getsignal(signum) is not signal.SIG_IGN]
        self._before = {signum: signal.signal(signum, self.handle) for signum in heard}
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def handle(self, signum: int, _frame: FrameType | None = None) -> None:
        """The handler of all signals."""
        now = self._monotonic()
        if self._requested_at is None:
            self._requested_at = now
            if self._cancellation is None:
                raise Signalled(signum)
            self._cancellation.request(signum)
            # In a thread: this one may have been interrupted while it was writing.
            self._remarking = _thread.allocate_lock()
            self._remarking.acquire()
            _thread.start_new_thread(self._say, (self._remark, self._remarking))
        elif now - self._requested_at >= ONE_REQUEST:
            _write_now(self._farewell)
            self._end(of_signal(signum))

    def _say(self, remark: Callable[[], None], remarking: "_thread.LockType") -> None:
        try:
            remark()
        finally:
            remarking.release()


def _write_now(line: str) -> None:
    """Write to standard error past all buffers, from a signal handler; failures are ignored."""
    with contextlib.suppress(OSError):
        # A progress bar hides the cursor.
        shown = "\x1b[?25h\n" if os.isatty(2) else ""
        os.write(2, f"{shown}{line}\n".encode(errors="backslashreplace") if line else b"")


def _nothing() -> None:
    return


def exit_status(
    event: Plan | RunResult | BaseException, *, failing: Set[PlanState] = FAILING
) -> Exit:
    """The status of a command that ended with ``event``; ``failing`` as for the engine's."""
    match event:
        case UsageError() | OutputFailed():
            return Exit.USAGE
        case CommandLimitReached():
            return Exit.REFUSED
        case Signalled(signum=signum):
            return of_signal(signum)
        case NotApproved():
            return Exit.INTERRUPTED
        case _:
            return engine_status(event, failing=failing)
