"""Runs the work of many users on few threads: a user who waits holds no thread.

A piece of work is an iterator that yields a :class:`Pause` whenever it has to wait. There are two
queues, each with its own threads. ``ACT`` starts work and may block on a rate budget. ``VERIFY``
reads back what was sent, which must not queue behind users who wait to start.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from reconciler.domain import Cancellation, Clock

_LONG = 3600.0


class Queue(StrEnum):
    """Which threads run a piece of work."""

    ACT = "act"
    VERIFY = "verify"


class Pause(Struct, frozen=True):
    """Continue this work in ``queue``, after ``seconds`` or when hurried."""

    queue: Queue
    seconds: float


Work = Iterator[Pause]

_Item = TypeVar("_Item")


def by_user(items: Iterable[_Item], user: Callable[[_Item], str]) -> list[list[_Item]]:
    """``items`` grouped by ``user``, each group in the given order: one piece of work each."""
    users: dict[str, list[_Item]] = {}
    for item in items:
        users.setdefault(user(item), []).append(item)
    return list(users.values())


class Scheduler:
    """Continues work that has begun before it starts anything new."""

    def __init__(self, clock: Clock, threads: Mapping[Queue, int]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._fresh: deque[Work] = deque()
        self._waiting: dict[Queue, list[tuple[float, int, Work]]] = {queue: [] for queue in Queue}
        self._open: set[Queue] = set()
        self._workers = [
            (queue, threading.Event()) for queue, number in threads.items() for _ in range(number)
        ]
        self._unfinished = 0
        self._ticket = 0
        self._all_done = threading.Event()
        self._defect: BaseException | None = None

    def run(
        self, work: Sequence[Work], cancellation: Cancellation, on_cancel: Callable[[], None]
    ) -> BaseException | None:
        """Run every piece of ``work`` to its end; call ``on_cancel`` when the run is cancelled.

        An exception out of a piece is a defect: the other pieces go on, and the first exception is
        returned. None of our threads is left when this ends, not even when it ends by an exception.
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
            with cancellation.waking(self._all_done):
                # A request from before we listened does not wake us.
                if cancellation.requested_at is None:
                    self._all_done.wait()
            if cancellation.requested_at is not None:
                on_cancel()
                self.hurry(Queue.VERIFY)
        except BaseException:
            # The caller is gone: nothing may go on acting unseen.
            on_cancel()
            raise
        finally:
            for thread in threads:
                thread.join()
        return self._defect

    def hurry(self, queue: Queue) -> None:
        """Continue everything that waits in ``queue`` now."""
        with self._lock:
            self._hurry(queue)

    def open(self, queue: Queue) -> None:
        """Let nothing wait in ``queue`` any more, now or later."""
        with self._lock:
            self._open.add(queue)
            self._hurry(queue)

    def _hurry(self, queue: Queue) -> None:
        self._waiting[queue] = [(0.0, ticket, work) for _, ticket, work in self._waiting[queue]]
        heapq.heapify(self._waiting[queue])
        self._wake(queue)

    def _serve(self, queue: Queue, wake: threading.Event) -> None:
        while True:
            with self._lock:
                if not self._unfinished:
                    self._all_done.set()
                    return
                wake.clear()
                work, seconds = self._next(queue)
            if work is None:
                self._clock.wait(seconds, wake)
            else:
                self._carry_on(work)

    def _next(self, queue: Queue) -> tuple[Work | None, float]:
        """The piece that is due in ``queue``, or the seconds until the first one is."""
        waiting = self._waiting[queue]
        seconds = waiting[0][0] - self._clock.monotonic() if waiting else _LONG
        if seconds <= 0:
            return heapq.heappop(waiting)[2], 0
        if queue is Queue.ACT and self._fresh:
            return self._fresh.popleft(), 0
        return None, seconds

    def _carry_on(self, work: Work) -> None:
        try:
            pause = next(work, None)
        except BaseException as defect:  # noqa: BLE001 - kept, and returned at the end
            pause = None
            self._defect = self._defect or defect
        with self._lock:
            if pause is None:
                self._unfinished -= 1
                if not self._unfinished:
                    self._wake(*Queue)
            else:
                self._queue(work, pause)

    def _queue(self, work: Work, pause: Pause) -> None:
        self._ticket += 1
        seconds = 0.0 if pause.queue in self._open else pause.seconds
        due = self._clock.monotonic() + seconds
        heapq.heappush(self._waiting[pause.queue], (due, self._ticket, work))
        self._wake(pause.queue)

    def _wake(self, *queues: Queue) -> None:
        for queue, wake in self._workers:
            if queue in queues:
                wake.set()
