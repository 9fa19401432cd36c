"""A rate budget: how many calls one limit of the API allows in a minute, shared fairly by threads.

A sliding window, not a token bucket (a full bucket lets almost twice the limit through in one
minute). A call counts while it is in flight and until a minute after its answer: the server saw
it some time between, so that no clock of the server's can count more than the limit.
"""

import math
import threading
from collections import deque
from types import TracebackType
from typing import Self

from reconciler.domain import Clock
from reconciler.recall.patience import Patience

WINDOW = 60.0


class Permit:
    """Leave to send one call. Ends with the first of ``answered`` and ``release``.

    As a context manager it is released at the end unless the call was answered before: the
    clients say so themselves for whatever they sent.
    """

    __slots__ = ("_budget", "_open")

    def __init__(self, budget: "Budget") -> None:
        self._budget = budget
        self._open = True

    def answered(self) -> None:
        """The call was sent, and has its answer or will not get one: it counts a minute more."""
        if self._open:
            self._open = False
            self._budget._settle(answered=True)  # noqa: SLF001 two halves of one thing

    def release(self) -> None:
        """The call was never sent: the slot is free again."""
        if self._open:
            self._open = False
            self._budget._settle(answered=False)  # noqa: SLF001 two halves of one thing

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


class Budget:
    """At most ``limit`` calls among those in flight and those answered in the last minute.

    Thread-safe; whoever asks first is served first.
    """

    def __init__(self, limit: int, clock: Clock) -> None:
        if limit < 1:
            raise ValueError(f"a budget of {limit} calls would wait for ever")
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._in_flight = 0
        self._expiries: deque[float] = deque()
        self._queue: deque[threading.Event] = deque()

    @property
    def limit(self) -> int:
        """Calls a minute."""
        return self._limit

    def take(self, patience: Patience) -> Permit:
        """Wait for a slot; raises Interrupted or DeadlinePassed as ``patience`` has it."""
        patience.check()
        turn = threading.Event()
        with self._lock:
            self._queue.append(turn)
        try:
            while (delay := self._claim(turn)) is not None:
                patience.wait_for(turn, delay)
        except BaseException:
            self._leave(turn)
            raise
        return Permit(self)

    def idle(self) -> bool:
        """Whether it holds nothing worth remembering: a new budget would behave the same."""
        with self._lock:
            self._forget_expired()
            return not (self._in_flight or self._expiries or self._queue)

    def _claim(self, turn: threading.Event) -> float | None:
        """Take the slot if it is this turn's; otherwise the seconds until it may be."""
        with self._lock:
            turn.clear()
            if self._queue[0] is not turn:
                return math.inf
            self._forget_expired()
            if self._in_flight + len(self._expiries) < self._limit:
                self._in_flight += 1
                self._queue.popleft()
                self._wake_first()
                return None
            if not self._expiries:
                return math.inf
            return self._expiries[0] - self._clock.monotonic()

    def _leave(self, turn: threading.Event) -> None:
        with self._lock:
            self._queue.remove(turn)
            self._wake_first()

    def _settle(self, *, answered: bool) -> None:
        with self._lock:
            self._in_flight -= 1
            if answered:
                self._expiries.append(self._clock.monotonic() + WINDOW)
            self._wake_first()

    def _wake_first(self) -> None:
        if self._queue:
            self._queue[0].set()

    def _forget_expired(self) -> None:
        now = self._clock.monotonic()
        while self._expiries and self._expiries[0] <= now:
            self._expiries.popleft()
