"""What ends the provider's work early: the engine's cancel, a command that died, a process told
to end.

The engine asks for an end by a call that the SDK's provider process ignores, sends that process
no signal, and leaves it behind when it is killed itself; and a cancel by another command tells
nobody, but for a lock that is gone.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from reconciler.domain import Cancellation, SystemClock
from reconciler.pulumi_provider.cli_process import cli_of
from reconciler.pulumi_provider.stack_lock import stack_lock

CLOCK = SystemClock()
STOP = Cancellation(CLOCK.monotonic)
"""Requested once nothing new may be started in this process."""

_SERVICER: Final = "DynamicResourceProviderServicer"
_CALLS: Final = 256
"""Calls of the engine that are answered at once: more than it ever makes at a time."""


_LOOK: Final = 0.5
"""Seconds after which one who waits looks whether there was a stop."""

_GLANCE: Final = 0.1
"""Seconds between two looks at what tells nobody that it is gone."""

_AT_ONCE: Final = 4
"""Resources that are acted on at once; the others wait for their turn."""

_changing: Final = threading.Condition()
_pieces: Final[set[object]] = set()


@contextmanager
def at_work() -> Iterator[None]:
    """A turn to act; no more of them are waited for once nothing new may be started.

    What goes on in it is ended in order before this process leaves a command that died.
    """
    piece = object()
    with _changing:
        while len(_pieces) >= _AT_ONCE and STOP.requested_at is None:
            _changing.wait(_LOOK)
        _pieces.add(piece)
    try:
        yield
    finally:
        with _changing:
            _pieces.discard(piece)
            _changing.notify_all()


@cache
def heed_the_engine() -> None:
    """From now on an end of the command, or of this process, stops the work of this process."""
    servicer = getattr(sys.modules["__main__"], _SERVICER, None)
    if servicer is None:
        return  # not in a provider process
    # Bound when the server was started: only its code can still be replaced.
    servicer.Cancel.__code__ = _cancel.__code__
    # The SDK has 4 threads for all calls, and a cancel would wait until those are done that came
    # before it: as many again as are being done, or all of them.
    pool = _server()._state.thread_pool  # noqa: SLF001
    pool._max_workers = _CALLS  # noqa: SLF001
    for watch in (_watch_input, _watch_main_thread, _watch_stack_lock):
        threading.Thread(target=watch, name=watch.__name__.strip("_"), daemon=True).start()


def _server() -> Any:
    """The gRPC server of this process: a local variable of the SDK's ``main``, which waits."""
    frame = sys._current_frames()[threading.main_thread().ident or 0]  # noqa: SLF001
    while frame.f_code.co_name != "main":
        if frame.f_back is None:
            raise LookupError("the SDK's provider process has no function `main` any more")
        frame = frame.f_back
    return frame.f_locals["server"]


def cancelled() -> None:
    """The engine asked for an end."""
    STOP.request(signal.SIGINT)


def _cancel(self: object, request: object, context: object) -> object:  # noqa: ARG001
    # Runs with the names of the SDK's module, not with ours.
    from reconciler.pulumi_provider.stopping import cancelled  # noqa: PLC0415

    cancelled()
    return request  # the answer is an empty message, too


def _watch_input() -> None:
    """The command holds the other end: when it dies, however, it closes."""
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    STOP.request(signal.SIGHUP)
    with _changing:
        _changing.wait_for(lambda: not _pieces)
    os._exit(128 + signal.SIGHUP)  # nobody else would end this process


def _watch_stack_lock() -> None:
    """Whoever cancels the command takes its lock away, where nothing else tells it."""
    command = cli_of()
    lock = None if command is None else stack_lock(os.environ, command.pid)
    if lock is None:
        return
    while lock.exists():
        STOP.event.wait(_GLANCE)
    cancelled()


def _watch_main_thread() -> None:
    """The server's threads outlive the main thread, which ends by an interrupt."""
    threading.main_thread().join()
    STOP.request(signal.SIGTERM)
