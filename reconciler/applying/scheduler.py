"""Runs many users' work on few threads: who waits holds his place, not a worker.

A piece of work is an iterator that yields a :class:`Pause` whenever it has to wait. Two lanes,
each with threads of its own: ``ACT`` starts work and may block on a rate budget, ``SETTLE`` reads
back what was sent, which must not queue behind those who wait to start.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from reconciler.domain import Cancellation, Clock

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


class Scheduler:
    """A schedule of work: what was begun goes on before anything new begins."""

    def __init__(self, clock: Clock, threads: Mapping[Lane, int]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._fresh: deque[Work] = deque()
        self._waiting: dict[Lane, list[tuple[float, int, Work]]] = {lane: [] for lane in Lane}
        self._open: set[Lane] = set()
        self._workers = [
            (lane, threading.Event()) for lane, number in threads.items() for _ in range(number)
        ]
        self._unfinished = 0
        self._ticket = 0
        self._all_done = threading.Event()
        self._defect: BaseException | None = None

    def run(
        self, work: Sequence[Work], stop: Cancellation, on_stop: Callable[[], None]
    ) -> BaseException | None:
        """Carry every piece of ``work`` to its end; ``on_stop`` is called when told to stop.

        An exception out of a piece is a defect: the other pieces go on, and the first one is
        returned. No thread of ours is left when this ends, by an exception neither.
        """
        self._unfinished = len(work)
        self._fresh.extend(work)
        threads = [
            threading.Thread(target=self._serve, args=worker, name=f"reconciler-{worker[0]}")
            for worker in self._workers
        ]
        for thread in threads:
            thread.start()
        try:
            with stop.waking(self._all_done):
                # A request from before we listened does not wake us.
                if stop.requested_at is None:
                    self._all_done.wait()
            if stop.requested_at is not None:
                on_stop()
                self.hurry(Lane.SETTLE)
        except BaseException:
            # Whoever waited here is torn away: nothing may go on acting behind his back.
            on_stop()
            raise
        finally:
            for thread in threads:
                thread.join()
        return self._defect

    def hurry(self, lane: Lane) -> None:
        """Let everyone who waits in ``lane`` look again now."""
        with self._lock:
            self._hurry(lane)

    def open(self, lane: Lane) -> None:
        """Let nobody wait in ``lane`` any more, those neither who are just about to."""
        with self._lock:
            self._open.add(lane)
            self._hurry(lane)

    def _hurry(self, lane: Lane) -> None:
        self._waiting[lane] = [(0.0, ticket, work) for _, ticket, work in self._waiting[lane]]
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
        seconds = waiting[0][0] - self._clock.monotonic() if waiting else _LONG
        if seconds <= 0:
            return heapq.heappop(waiting)[2], 0
        if lane is Lane.ACT and self._fresh:
            return self._fresh.popleft(), 0
        return None, seconds

    def _carry_on(self, work: Work) -> None:
        try:
            pause = next(work, None)
        except BaseException as defect:  # noqa: BLE001 - kept, and returned when all is done
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
        seconds = 0.0 if pause.lane in self._open else pause.seconds
        due = self._clock.monotonic() + seconds
        heapq.heappush(self._waiting[pause.lane], (due, self._ticket, work))
        self._wake(pause.lane)

    def _wake(self, *lanes: Lane) -> None:
        for lane, wake in self._workers:
            if lane in lanes:
                wake.set()
