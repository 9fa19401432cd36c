"""What ^C, SIGTERM and a lost terminal (SIGHUP) do.

Before a run acts they end the command at once. From then on the first one stops the run gracefully
(nothing new is started, what was sent is read back, everything is reported) and the second one
ends the process.
"""

import os
import signal
from types import FrameType
from typing import Self

from reconciler.recall import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signalled(BaseException):
    """The command was told to end before it acted. No ``Exception``: nothing may swallow it."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class Signals:
    """The signals of one command, handled for as long as the context lasts."""

    def __init__(self) -> None:
        self._stop: Stop | None = None
        self._before: dict[signal.Signals, signal._HANDLER] = {}

    def stop_gracefully(self, stop: Stop) -> None:
        """From now on, and to the end of the command, a signal requests ``stop``."""
        self._stop = stop

    def __enter__(self) -> Self:
        # What is ignored stays ignored: that is how `nohup` asks for it.
        heard = [signum for signum in _SIGNALS if signal.getsignal(signum) is not signal.SIG_IGN]
        self._before = {signum: signal.signal(signum, self._handle) for signum in heard}
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        if self._stop is None:
            raise Signalled(signum)
        if self._stop.requested_at is not None:
            os._exit(128 + signum)
        self._stop.request(signum)
