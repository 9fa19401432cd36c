"""Runs many users' work on few threads: who waits holds his place, not a worker.

A piece of work is an iterator that yields a :class:`Pause` whenever it has to wait. Two lanes,
each with threads of its own: ``ACT`` starts work and may block on a rate budget, ``SETTLE`` reads
back what was sent, which must not queue behind those who wait to start.
"""

import heapq
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from reconciler.domain import Clock
from reconciler.recall import Stop

_LONG = 3600.0


class Lane(StrEnum):
    """Which threads carry a piece of work on."""

    ACT = "act"
    SETTLE = "settle"


class Pause(Struct, frozen=True):
    """Carry this work on in ``lane``, after ``seconds`` or when hurried."""

    lane: Lane
    seconds: float


Work = Iterator[Pause]


class Lanes:
    """A schedule of work: first come, first served among those that are due."""

    def __init__(self, clock: Clock, threads: Mapping[Lane, int]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[Lane, list[tuple[float, int, Work]]] = {lane: [] for lane in Lane}
        self._workers = [
            (lane, threading.Event()) for lane, number in threads.items() for _ in range(number)
        ]
        self._unfinished = 0
        self._ticket = 0
        self._all_done = threading.Event()
        self._defect: Exception | None = None

    def run(self, work: Sequence[Work], stop: Stop, on_stop: Callable[[], None]) -> None:
        """Carry every piece of ``work`` to its end; ``on_stop`` is called when told to stop.

        An exception out of a piece is a defect: the other pieces go on, and it is raised at the
        end.
        """
        with self._lock:
            self._unfinished = len(work)
            for piece in work:
                self._queue(piece, Pause(Lane.ACT, 0))
        threads = [
            threading.Thread(target=self._serve, args=worker, name=f"reconciler-{worker[0]}")
            for worker in self._workers
        ]
        for thread in threads:
            thread.start()
        with stop.waking(self._all_done):
            self._all_done.wait()
        if stop.requested_at is not None:
            on_stop()
            self.hurry(*Lane)
        for thread in threads:
            thread.join()
        if self._defect is not None:
            raise self._defect

    def hurry(self, *lanes: Lane) -> None:
        """Let everyone who waits in ``lanes`` look again now."""
        with self._lock:
            for lane in lanes:
                self._waiting[lane] = [
                    (0.0, ticket, work) for _, ticket, work in self._waiting[lane]
                ]
                heapq.heapify(self._waiting[lane])
                self._wake(lane)

    def _serve(self, lane: Lane, wake: threading.Event) -> None:
        while True:
            with self._lock:
                if not self._unfinished:
                    self._all_done.set()
                    return
                wake.clear()
                work, seconds = self._next(lane)
            if work is None:
                self._clock.wait(seconds, wake)
            else:
                self._carry_on(work)

    def _next(self, lane: Lane) -> tuple[Work | None, float]:
        """The piece that is due in ``lane``, or how long until the first is."""
        waiting = self._waiting[lane]
        if not waiting:
            return None, _LONG
        seconds = waiting[0][0] - self._clock.monotonic()
        if seconds > 0:
            return None, seconds
        return heapq.heappop(waiting)[2], 0

    def _carry_on(self, work: Work) -> None:
        try:
            pause = next(work, None)
        except Exception as defect:  # noqa: BLE001 - kept, and raised when the others are done
            pause = None
            self._defect = self._defect or defect
        with self._lock:
            if pause is None:
                self._unfinished -= 1
                if not self._unfinished:
                    self._wake(*Lane)
            else:
                self._queue(work, pause)

    def _queue(self, work: Work, pause: Pause) -> None:
        self._ticket += 1
        due = self._clock.monotonic() + pause.seconds
        heapq.heappush(self._waiting[pause.lane], (due, self._ticket, work))
        self._wake(pause.lane)

    def _wake(self, *lanes: Lane) -> None:
        for lane, wake in self._workers:
            if lane in lanes:
                wake.set()
