"""Time as something that is passed in: clocks, deadlines, cancellation, RFC 3339."""

import _thread
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The two clocks of a machine and the only way to wait, so that tests can own time."""

    def now(self) -> datetime:
        """The wall clock, in UTC; for people and files, never for measuring."""

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary start; for measuring."""

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        """Sleep for ``seconds``, or less when ``wake`` is set; True when it was."""


# No thread may wait longer at once: some platforms overflow on more.
LONGEST_WAIT = 24 * 3600.0


class Cancelled(Exception):
    """The run was told to stop while something was, or was about to be, waited for."""

    def __init__(self) -> None:
        super().__init__("told to stop")


class DeadlinePassed(Exception):
    """What was waited for would come after the moment until which the caller waits."""

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

    ``requested_at`` is the moment of the first request on ``monotonic`` (the clock that the
    run's patiences use), ``signal`` its number; both are None until then.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.event = threading.Event()
        self.requested_at: float | None = None
        self.signal: int | None = None
        self._monotonic = monotonic
        self._listeners: set[threading.Event] = {self.event}

    def request(self, signum: int) -> None:
        """Tell the run to stop; the first request counts. Safe inside a signal handler."""
        if self.requested_at is not None:
            return
        self.signal = signum
        self.requested_at = self._monotonic()
        # The handler may have interrupted this very thread inside an Event's lock, and setting
        # that event here would wait for ourselves: another thread sets it, and is not awaited
        # for longer than a blink.
        done = _thread.allocate_lock()
        done.acquire()
        _thread.start_new_thread(self._wake, (done,))
        done.acquire(timeout=0.05)

    @contextmanager
    def waking(self, event: threading.Event) -> Iterator[None]:
        """While this lasts, a request sets ``event`` too; one made before does not."""
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
    """How long a caller is willing to wait; shared by threads, holds no state of its own.

    ``deadline`` is a moment on the clock's ``monotonic``, None is without end. A requested
    ``stop`` ends every wait with :class:`Cancelled`, unless ``grace`` seconds are given: then
    waiting goes on until that long after the request.
    """

    def __init__(
        self,
        clock: Clock,
        stop: Cancellation | None = None,
        *,
        deadline: float | None = None,
        grace: float | None = None,
    ) -> None:
        self._clock = clock
        self._stop = stop or Cancellation(clock.monotonic)
        self._deadline = math.inf if deadline is None else deadline
        self._grace = grace

    def check(self) -> None:
        """Raise what a wait would raise now: Interrupted or DeadlinePassed."""
        if self._grace is None and self._stop.requested_at is not None:
            raise Cancelled
        if self.remaining() <= 0:
            raise DeadlinePassed

    def remaining(self) -> float:
        """Seconds until the deadline or the end of the grace; infinite without one."""
        return self._until() - self._clock.monotonic()

    def one_call(self) -> float:
        """Seconds that one call may take: a stop that comes meanwhile is not kept waiting longer
        than the grace that it is given."""
        return self.remaining() if self._grace is None else min(self.remaining(), self._grace)

    def wait(self, seconds: float) -> None:
        """Wait for ``seconds``.

        Raises:
            Interrupted: stop was requested before or meanwhile, and no grace is given.
            DeadlinePassed: at once when the wait would end after the deadline or the grace.
        """
        end = self._clock.monotonic() + seconds
        while True:
            # Looked at once a turn: a request that comes after it wakes the wait below.
            requested = self._stop.requested_at is not None
            if requested and self._grace is None:
                raise Cancelled
            if end > self._until():
                raise DeadlinePassed
            left = end - self._clock.monotonic()
            if left <= 0:
                return
            # A set event lets nobody sleep: in the grace nothing wakes.
            self._clock.wait(left, threading.Event() if requested else self._stop.event)

    def wait_for(self, event: threading.Event, seconds: float = math.inf) -> None:
        """Wait until ``event`` is set, at most ``seconds``; the caller looks why it woke.

        Raises:
            Interrupted: stop was requested before or meanwhile, and no grace is given.
            DeadlinePassed: the deadline or the grace came first; at once when ``seconds``, which
                are not infinite, would end after it.
        """
        with self._stop.waking(event):
            # Inside: a request made before we listened is seen here, a later one wakes us.
            self.check()
            if math.inf > seconds > self.remaining():
                raise DeadlinePassed
            self._clock.wait(max(0.0, min(seconds, self.remaining(), LONGEST_WAIT)), event)
            self.check()

    def _until(self) -> float:
        requested_at = self._stop.requested_at
        if requested_at is None or self._grace is None:
            return self._deadline
        return min(self._deadline, requested_at + self._grace)


def rfc3339(moment: datetime) -> str:
    """``moment`` as the one form in which plans and reports write times: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
