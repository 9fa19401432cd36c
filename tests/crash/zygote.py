"""A process that has loaded everything and has one thread, and forks the processes that are killed.

Run as ``python -m tests.crash.zygote``. Each line of standard input is an order (see
``children.Order``); each line of standard output tells what became of it. A child runs the real
command line, from its arguments to its exit status.
"""

import gc
import os
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import msgspec

from reconciler.applying import ApplySettings
from reconciler.cli import main
from reconciler.engine import session
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.lock import LockTimes
from tests.crash.children import Order, Reached, Told
from tests.crash.points import POINTS, expect_together, install


class _Steady(random.Random):
    """Jitter that is always the same, and short: waiting for it proves nothing."""

    def random(self) -> float:
        return 0.02


def serve() -> None:
    """Do one order after the other, until there are no more."""
    replies = os.fdopen(os.dup(1), "wb", buffering=0)

    def tell(shown: Told) -> None:
        replies.write(msgspec.json.encode(shown) + b"\n")

    install()
    setattr(session, "random", SimpleNamespace(Random=_Steady))  # noqa: B010
    # The sandbox works on no call for longer than that, so nothing has to be waited for a minute.
    setattr(ApplySettings, "under_way", property(lambda settings: settings.read_back))  # noqa: B010
    tell(Told(ready=True))
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        if order.learn:
            tell(Told(pid=os.getpid()))
            tell(Told(status=_do(order)))
            continue
        # A fork copies the thread that makes it and no other.
        assert threading.active_count() == 1, threading.enumerate()
        gc.freeze()
        child = os.fork()
        if child == 0:
            _be(order)
        tell(Told(pid=child))
        tell(Told(status=_follow(child, tell)))


def _follow(child: int, tell: Callable[[Told], None]) -> int:
    """The exit status; below zero for a signal. Tells when it stops on the way."""
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        tell(Told(stopped=True))


def _be(order: Order) -> NoReturn:
    """Be the process that was ordered."""
    status = 1
    try:
        if order.times is not None:
            _keep_time(LockTimes(*order.times))
        expect_together(order.together)
        POINTS.watch(
            order.at,
            lambda number, label: _report(order, Reached(number, label)),
            stop=order.stop,
            finely=order.finely,
        )
        status = _do(order)
        _report(order, Reached(POINTS.number, None))
    except BaseException:  # noqa: BLE001 - told, and the end of the process
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(status)


def _do(order: Order) -> int:
    """Run the command line; its exit status."""
    os.chdir(order.folder)
    os.environ.update(order.environ)
    sys.argv[1:] = order.arguments
    for stream, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order.err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        if stream or not order.learn:
            opened = os.open(path, flags, 0o600)
            os.dup2(opened, stream)
            os.close(opened)
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _keep_time(times: LockTimes) -> None:
    """Let locks go by these times, which a ledger takes when it is opened."""
    begin = Ledger.__init__

    def begun(self: Ledger, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **{**options, "times": times})

    setattr(Ledger, "__init__", begun)  # noqa: B010


def _report(order: Order, reached: Reached) -> None:
    Path(order.report).write_bytes(msgspec.json.encode(reached))


if __name__ == "__main__":
    serve()
