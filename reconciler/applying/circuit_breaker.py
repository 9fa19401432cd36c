"""Stops a run from starting anything new.

It does not stop a read-back: a call that was sent is followed to its end.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.domain import Cancellation, Clock
from reconciler.planning import Action
from reconciler.recall import CredentialsRefused, OutOfCredit, RecallError, ThrottledBeyondCap
from reconciler.runs.journal import ActionResult, HaltCause, Outcome

_HALTING: tuple[tuple[type[RecallError], HaltCause], ...] = (
    (OutOfCredit, HaltCause.OUT_OF_CREDIT),
    (CredentialsRefused, HaltCause.CREDENTIALS_REFUSED),
    (ThrottledBeyondCap, HaltCause.RETRY_AFTER_BEYOND_CAP),
)


class Halted(Exception):
    """The run starts nothing new."""


class CircuitBreaker:
    """Opens once, for the first cause, and wakes everything that waits to start. Thread-safe.

    ``cancellation`` is the operator's. ``starting`` is the one that every wait before a call
    listens to. The breaker opens above ``max_failures`` failed or unknown outcomes, and when the
    API asks to wait longer than ``retry_after_cap`` seconds.
    """

    def __init__(
        self,
        cancellation: Cancellation,
        clock: Clock,
        *,
        max_failures: int,
        retry_after_cap: float,
    ) -> None:
        self.starting = Cancellation(clock.monotonic)
        self._cancellation = cancellation
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._failures = 0
        self._in_doubt: set[str] = set()
        self._max_failures = max_failures
        self._retry_after_cap = retry_after_cap
        self._cause: HaltCause | None = None
        self._detail: str | None = None

    @property
    def cause(self) -> HaltCause | None:
        """Why nothing new is started; None while the breaker is closed."""
        return self._cause

    @property
    def detail(self) -> str | None:
        return self._detail

    @contextmanager
    def calling(self, listener: Callable[[], None]) -> Iterator[None]:
        """While this lasts, the breaker calls ``listener`` when it opens."""
        with self._lock:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)

    def halt(self, cause: HaltCause, detail: str | None = None) -> None:
        """Start nothing new from now on. Only the first cause is kept."""
        with self._lock:
            if self._cause is not None:
                return
            self._cause, self._detail = cause, detail
            listeners = tuple(self._listeners)
        self.starting.request(0)
        for listener in listeners:
            listener()

    def check(self) -> None:
        """Raise :class:`Halted` once the run is halted or cancelled."""
        if self._cancellation.requested_at is not None:
            self.halt(HaltCause.INTERRUPTED)
        if self._cause is not None:
            raise Halted(self._cause)

    def note_error(self, error: RecallError) -> bool:
        """Halt if ``error`` concerns the whole run, not one user. Returns whether it does."""
        for kind, cause in _HALTING:
            if isinstance(error, kind):
                self.halt(cause, str(error))
                return True
        if self.beyond_cap(error):
            self.halt(HaltCause.RETRY_AFTER_BEYOND_CAP, str(error))
            return True
        return False

    def beyond_cap(self, error: RecallError) -> bool:
        """Whether the API asks for a longer wait than the run accepts."""
        return error.retry_after is not None and error.retry_after > self._retry_after_cap

    def note_doubt(self, action: Action) -> None:
        """The call for ``action`` may have gone wrong; its outcome is not known yet."""
        with self._lock:
            self._in_doubt.add(action.key)

    def holding_back(self, action: Action) -> bool:
        """Whether so much has failed or is in doubt that no other user starts for now.

        What ``action`` itself left in doubt does not count. A halted run holds nobody back.
        """
        with self._lock:
            doubts = len(self._in_doubt - {action.key})
            return self._cause is None and self._failures + doubts > self._max_failures

    def note_result(self, result: ActionResult) -> None:
        """Count what went wrong; halt above ``max_failures``."""
        with self._lock:
            self._in_doubt.discard(result.action.key)
            if result.outcome not in (Outcome.FAILED, Outcome.UNKNOWN):
                return
            self._failures += 1
            beyond = self._failures > self._max_failures
        if beyond:
            self.halt(HaltCause.MAX_FAILURES, f"more than {self._max_failures} failed or unknown")
