"""What stops a run from starting anything new.

Not what stops a read-back: a call that was sent is looked after to its end.
"""

import threading
from collections.abc import Callable

from reconciler.domain import Cancellation
from reconciler.planning import Action
from reconciler.recall import CredentialsRefused, OutOfCredit, RecallError, ThrottledBeyondCap
from reconciler.runs.outcome import ActionResult, HaltCause, Outcome

_HALTING: tuple[tuple[type[RecallError], HaltCause], ...] = (
    (OutOfCredit, HaltCause.OUT_OF_CREDIT),
    (CredentialsRefused, HaltCause.CREDENTIALS_REFUSED),
    (ThrottledBeyondCap, HaltCause.RETRY_AFTER_BEYOND_CAP),
)


class Halted(Exception):
    """The run starts nothing new."""


class CircuitBreaker:
    """Pulled once, by whatever comes first; wakes everything that waits to start.

    ``stop`` is the operator's; ``starting`` is the stop that every wait before a call listens to;
    ``on_halt`` is told too, once.
    """

    def __init__(
        self,
        stop: Cancellation,
        *,
        max_failures: int,
        retry_after_cap: float,
        monotonic: Callable[[], float],
        on_halt: Callable[[], None],
    ) -> None:
        self.starting = Cancellation(monotonic)
        self._stop = stop
        self._on_halt = on_halt
        self._lock = threading.Lock()
        self._failures = 0
        self._in_doubt: set[str] = set()
        self._max_failures = max_failures
        self._retry_after_cap = retry_after_cap
        self._cause: HaltCause | None = None
        self._detail: str | None = None

    @property
    def cause(self) -> HaltCause | None:
        return self._cause

    @property
    def detail(self) -> str | None:
        return self._detail

    def halt(self, cause: HaltCause, detail: str | None = None) -> None:
        """Start nothing new from now on. The first cause is the one that is told."""
        with self._lock:
            if self._cause is not None:
                return
            self._cause, self._detail = cause, detail
        self.starting.request(0)
        self._on_halt()

    def check(self) -> None:
        """Raise :class:`Halted` once halted or told to stop."""
        if self._stop.requested_at is not None:
            self.halt(HaltCause.INTERRUPTED)
        if self._cause is not None:
            raise Halted(self._cause)

    def note_error(self, error: RecallError) -> bool:
        """Halt when ``error`` concerns the whole run, not one user; says whether it does."""
        for kind, cause in _HALTING:
            if isinstance(error, kind):
                self.halt(cause, str(error))
                return True
        if self.beyond_cap(error):
            self.halt(HaltCause.RETRY_AFTER_BEYOND_CAP, str(error))
            return True
        return False

    def beyond_cap(self, error: RecallError) -> bool:
        """Whether the API asks for a longer wait than is waited for."""
        return error.retry_after is not None and error.retry_after > self._retry_after_cap

    def note_doubt(self, action: Action) -> None:
        """The call for ``action`` may have gone wrong; its outcome is awaited."""
        with self._lock:
            self._in_doubt.add(action.key)

    def holding_back(self, action: Action) -> bool:
        """Whether so much is failed or in doubt that nobody new is started before more is known.

        What ``action`` itself left in doubt does not count, and a halted run has no one to hold.
        """
        with self._lock:
            doubts = len(self._in_doubt - {action.key})
            return self._cause is None and self._failures + doubts > self._max_failures

    def note_result(self, result: ActionResult) -> None:
        """Count what went wrong; halt above the number of failures that is borne."""
        with self._lock:
            self._in_doubt.discard(result.action.key)
            if result.outcome not in (Outcome.FAILED, Outcome.UNKNOWN):
                return
            self._failures += 1
            beyond = self._failures > self._max_failures
        if beyond:
            self.halt(HaltCause.MAX_FAILURES, f"more than {self._max_failures} failed or unknown")
