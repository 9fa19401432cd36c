"""The heartbeat of an acting run: a thread that keeps its lock from looking abandoned."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from reconciler.ledger.errors import LedgerError, LockLost
from reconciler.ledger.lock import LockTimes

log = logging.getLogger(__name__)

_LAST_BEAT: Final = 5.0
"""Seconds to wait at the end for a beat that is on its way."""


class Heartbeat:
    """Calls ``beat`` every few seconds; that says whether the lock is still ours.

    ``beat`` may raise :class:`LedgerError`: it is tried again, and when a lease has passed since
    the last one that succeeded, the lock counts as lost until one does. Time is ``monotonic``.
    """

    def __init__(
        self,
        beat: Callable[[], bool],
        *,
        workspace: str,
        monotonic: Callable[[], float],
        times: LockTimes,
    ) -> None:
        self._beat = beat
        self._workspace = workspace
        self._monotonic = monotonic
        self._times = times
        self._stop = threading.Event()
        self._lost: str | None = None
        self._last = monotonic()
        self._thread = threading.Thread(target=self._work, name="ledger-heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No beat begins after this; one that is on its way is waited for, but not long."""
        self._stop.set()
        self._thread.join(_LAST_BEAT)

    def check(self) -> None:
        """Raise :class:`LockLost` if the lock is lost, or counts as lost."""
        lost = self._lost
        if lost is not None:
            raise LockLost(lost)

    def _work(self) -> None:
        while not self._stop.wait(self._times.beat):
            try:
                ours = self._beat()
            except LedgerError as error:
                self._missed(error)
                continue
            if not ours:
                self._lose(f"the lock of workspace {self._workspace} was taken from this run")
                return
            self._last = self._monotonic()
            self._lost = None

    def _missed(self, error: LedgerError) -> None:
        silent = self._monotonic() - self._last
        log.info("a heartbeat could not be written: %s", error)
        if silent > self._times.lease:
            self._lose(
                f"the lock of workspace {self._workspace} could not be kept for {silent:.0f} s:"
                f" {error}"
            )

    def _lose(self, why: str) -> None:
        if self._lost is None:
            log.warning("%s; nothing more is sent", why)
        self._lost = why
