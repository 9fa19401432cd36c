"""Time in which only waiting takes time, for several threads at once.

Calls to the sandbox are real and take none. When every thread of a run waits, the clock jumps to
the first moment at which one of them goes on; so a run is as exact as one on a single thread.
"""

import heapq
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
_POLL = 0.0005
_WAKING_TAKES_AT_MOST = 5.0
_WORK_TAKES_AT_MOST = 20.0


class _Sleeper:
    def __init__(self, until: float, wake: threading.Event) -> None:
        self.until = until
        self.wake = wake


class VirtualClock:
    """Implements the domain's Clock. ``threads`` is how many threads a run has.

    ``slept_through`` counts the alarms that did not wake whom they should have, ``stuck`` how
    often threads were waited for that neither worked nor waited here: both are to be 0.
    """

    def __init__(self) -> None:
        self.threads = 0
        self.slept_through = 0
        self.stuck = 0
        self._time = 1000.0
        self._lock = threading.RLock()
        self._sleepers: list[_Sleeper] = []
        self._alarms: list[tuple[float, int, Callable[[], None], bool]] = []
        self._to_wake: list[_Sleeper] = []
        self._patience = 0.0
        self._moved_at = time.monotonic()

    def now(self) -> datetime:
        return START + timedelta(seconds=self._time - 1000.0)

    def monotonic(self) -> float:
        return self._time

    def advance(self, seconds: float) -> None:
        """Time passes, whoever waits."""
        with self._lock:
            self._time += seconds

    def at(self, seconds: float, alarm: Callable[[], None], *, wakes_all: bool = False) -> None:
        """Call ``alarm`` so many seconds from now; nothing moves before all it wakes is awake."""
        entry = (self._time + seconds, len(self._alarms), alarm, wakes_all)
        heapq.heappush(self._alarms, entry)

    def forget_alarms(self) -> None:
        """Let what has not been called yet never be called."""
        self._alarms.clear()

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        if wake.is_set():
            return True
        if not threading.current_thread().name.startswith("reconciler-"):
            self.advance(seconds)
            return False
        sleeper = _Sleeper(self._time + seconds, wake)
        with self._lock:
            self._moved_at = time.monotonic()
            self._sleepers.append(sleeper)
        while not self._awake(sleeper):
            wake.wait(_POLL)
        return wake.is_set()

    def _awake(self, sleeper: _Sleeper) -> bool:
        with self._lock:
            self._jump()
            if not sleeper.wake.is_set() and self._time < sleeper.until:
                return False
            self._moved_at = time.monotonic()
            self._sleepers.remove(sleeper)
            return True

    def _jump(self) -> None:
        if any(sleeper.wake.is_set() for sleeper in self._sleepers):
            return
        if len(self._sleepers) < self.threads:
            if time.monotonic() < self._moved_at + _WORK_TAKES_AT_MOST:
                return
            self.stuck += 1
            self._moved_at = time.monotonic()
        if any(sleeper in self._sleepers for sleeper in self._to_wake):
            if time.monotonic() < self._patience:
                return
            self.slept_through += 1
        self._to_wake = []
        first = min(sleeper.until for sleeper in self._sleepers)
        if not self._alarms or self._alarms[0][0] > first:
            self._time = max(self._time, first)
            return
        at, _, alarm, wakes_all = heapq.heappop(self._alarms)
        self._time = max(self._time, at)
        if wakes_all:
            self._to_wake = list(self._sleepers)
            self._patience = time.monotonic() + _WAKING_TAKES_AT_MOST
        alarm()
