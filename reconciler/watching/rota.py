"""Whose cycle is next: each workspace has its own distance, and never two cycles at once.

One thread decides, and waits; the cycles are made in others.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from typing import Final

from reconciler.domain import Clock

_AFTER_A_DEFECT: Final = 60.0
"""Seconds until the next cycle of one that ended in no way that it should."""

Spawn = Callable[[Callable[[], None]], None]


def in_a_thread(work: Callable[[], None]) -> None:
    """Do ``work`` in a thread that keeps no process alive."""
    threading.Thread(target=work, name="cycle", daemon=True).start()


class Rota:
    """Has ``cycle`` made for each name when it is due, no more than ``at_once`` at a time.

    ``cycle`` returns the seconds until the next one of that name. A new name is due at once.
    """

    def __init__(
        self,
        at_once: int,
        clock: Clock,
        cycle: Callable[[str], float],
        spawn: Spawn = in_a_thread,
    ) -> None:
        self._at_once = at_once
        self._clock = clock
        self._cycle = cycle
        self._spawn = spawn
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._due: dict[str, float] = {}
        self._under_way: set[str] = set()

    def keep(self, names: Collection[str]) -> None:
        """Have cycles of ``names`` and no others from now on. One that is under way still ends."""
        now = self._clock.monotonic()
        with self._lock:
            self._due = {name: self._due.get(name, now) for name in names}

    def start_due(self) -> None:
        """Begin the cycles that are due, those that have waited longest first."""
        for name in self._startable():
            self._spawn(lambda name=name: self._make(name))  # type: ignore[misc]

    def wait(self, most: float) -> None:
        """Until the next cycle may begin, and at most so many seconds."""
        with self._lock:
            now = self._clock.monotonic()
            free = len(self._under_way) < self._at_once
            waiting = [at - now for name, at in self._due.items() if name not in self._under_way]
        soonest = min(waiting, default=most) if free else most
        self._clock.wait(max(0.0, min(soonest, most)), self._ended)
        self._ended.clear()

    def wait_for_ends(self, seconds: float) -> None:
        """Until no cycle is under way, and at most so many seconds."""
        until = self._clock.monotonic() + seconds
        while self._under_way and (left := until - self._clock.monotonic()) > 0:
            self._ended.clear()
            if self._under_way:
                self._clock.wait(left, self._ended)

    def _startable(self) -> Sequence[str]:
        with self._lock:
            now = self._clock.monotonic()
            due = [
                name
                for name, at in sorted(self._due.items(), key=lambda item: item[1])
                if at <= now and name not in self._under_way
            ]
            chosen = due[: self._at_once - len(self._under_way)]
            self._under_way.update(chosen)
        return chosen

    def _make(self, name: str) -> None:
        pause = _AFTER_A_DEFECT
        try:
            pause = self._cycle(name)
        finally:
            with self._lock:
                self._under_way.discard(name)
                if name in self._due:
                    self._due[name] = self._clock.monotonic() + pause
            self._ended.set()
