"""Time as an input: clocks, deadlines, cancellation, RFC 3339."""

import _thread
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The two clocks of a machine, and the only way to wait. Tests pass a clock of their own."""

    def now(self) -> datetime:
        """The wall clock in UTC, for people and files; never for measuring."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go back, for measuring."""

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        """Sleep for ``seconds``, or until ``wake`` is set. True when it was set."""


# The longest single wait: some platforms overflow on more.
LONGEST_WAIT = 24 * 3600.0


class Cancelled(Exception):
    """A cancellation was requested before or during a wait."""

    def __init__(self) -> None:
        super().__init__("cancelled")


class DeadlinePassed(Exception):
    """The wait would end after the deadline."""

    def __init__(self) -> None:
        super().__init__("the deadline passed")


class SystemClock:
    """The machine's own clocks; implements :class:`reconciler.domain.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        return wake.wait(min(seconds, LONGEST_WAIT))


class Cancellation:
    """The request to end a run, made by a signal handler and seen by every thread.

    ``requested_at`` is the moment of the first request on ``monotonic`` (the clock of the run's
    deadlines), ``signal`` its signal number; both are None until then.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.event = threading.Event()
        self.requested_at: float | None = None
        self.signal: int | None = None
        self._monotonic = monotonic
        self._listeners: set[threading.Event] = {self.event}

    def request(self, signum: int) -> None:
        """Ask the run to stop; the first request counts. Safe inside a signal handler."""
        if self.requested_at is not None:
            return
        self.signal = signum
        self.requested_at = self._monotonic()
        # The handler may have interrupted this very thread inside an Event's lock. Setting that
        # event here would be a deadlock, so another thread sets it, and we wait only briefly.
        done = _thread.allocate_lock()
        done.acquire()
        _thread.start_new_thread(self._wake, (done,))
        done.acquire(timeout=0.05)

    @contextmanager
    def waking(self, event: threading.Event) -> Iterator[None]:
        """Inside this context a request sets ``event`` too; an earlier request does not."""
        self._listeners.add(event)
        try:
            yield
        finally:
            self._listeners.discard(event)

    def _wake(self, done: "_thread.LockType") -> None:  # pragma: no cover - in a thread unseen
        for event in tuple(self._listeners):
            event.set()
        done.release()


class Deadline:
    """How long a caller waits. Threads may share it: it has no state of its own.

    ``at`` is a moment on the clock's ``monotonic``; None means no end. A requested ``cancellation``
    ends every wait with :class:`Cancelled`. With ``grace``, waits go on until that many seconds
    after the request; if the request came earlier than the deadline was made, after that.
    """

    def __init__(
        self,
        clock: Clock,
        cancellation: Cancellation | None = None,
        *,
        at: float | None = None,
        grace: float | None = None,
    ) -> None:
        self._clock = clock
        self._cancellation = cancellation or Cancellation(clock.monotonic)
        self._at = math.inf if at is None else at
        self._grace = grace
        self._made_at = clock.monotonic()

    def check(self) -> None:
        """Raise what a wait would raise now: Cancelled or DeadlinePassed."""
        if self._grace is None and self._cancellation.requested_at is not None:
            raise Cancelled
        if self.remaining() <= 0:
            raise DeadlinePassed

    def remaining(self) -> float:
        """Seconds until the deadline or the end of the grace period; infinite without either."""
        return self._until() - self._clock.monotonic()

    def call_timeout(self) -> float:
        """Seconds that one call may take: at most the grace period, so that a cancellation which
        arrives during the call takes effect in time."""
        return self.remaining() if self._grace is None else min(self.remaining(), self._grace)

    def wait(self, seconds: float) -> None:
        """Wait for ``seconds``.

        Raises:
            Cancelled: before or during the wait, when there is no grace period.
            DeadlinePassed: at once, when the wait would end after the deadline or the grace period.
        """
        end = self._clock.monotonic() + seconds
        while True:
            # Read once a turn: a later request wakes the wait below.
            requested = self._cancellation.requested_at is not None
            if requested and self._grace is None:
                raise Cancelled
            if end > self._until():
                raise DeadlinePassed
            left = end - self._clock.monotonic()
            if left <= 0:
                return
            # A set event would end every wait at once, so nothing wakes us in the grace period.
            wake = threading.Event() if requested else self._cancellation.event
            self._clock.wait(left, wake)

    def wait_for(self, event: threading.Event, seconds: float = math.inf) -> None:
        """Wait until ``event`` is set, at most ``seconds``. The caller checks why it woke.

        Raises:
            Cancelled: before or during the wait, when there is no grace period.
            DeadlinePassed: the deadline or the grace period ended first. At once, when finite
                ``seconds`` would end after it.
        """
        with self._cancellation.waking(event):
            # Checked inside: an earlier request shows here, a later one wakes us.
            self.check()
            if math.inf > seconds > self.remaining():
                raise DeadlinePassed
            self._clock.wait(max(0.0, min(seconds, self.remaining(), LONGEST_WAIT)), event)
            self.check()

    def _until(self) -> float:
        requested_at = self._cancellation.requested_at
        if requested_at is None or self._grace is None:
            return self._at
        return min(self._at, max(requested_at, self._made_at) + self._grace)


def rfc3339(moment: datetime) -> str:
    """``moment`` as plans and reports write times: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
