"""A rate budget: how many calls one limit of the API allows in a minute, shared fairly by threads.

A sliding window, not a token bucket (a full bucket lets almost twice the limit through in one
minute). A call counts while it is in flight and until a minute after its answer: the server saw
it some time between, so that no clock of the server's can count more than the limit.

All rate budgets of one workspace, by endpoint and subject; reader and writer share them.
"""

import math
import threading
from collections import deque
from enum import Enum
from types import TracebackType
from typing import Self

from msgspec import Struct

from reconciler.domain import Clock
from reconciler.domain.time import Deadline

WINDOW = 60.0


class Permit:
    """Leave to send one call. Ends with the first of ``answered`` and ``release``.

    As a context manager it is released at the end unless the call was answered before: the
    clients say so themselves for whatever they sent.
    """

    __slots__ = ("_budget", "_open")

    def __init__(self, budget: "RateWindow") -> None:
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


class RateWindow:
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

    def take(self, patience: Deadline) -> Permit:
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


# Idle budgets of single users are looked for when there are this many, and twice what was left.
SWEEP_FROM = 1024


class RequestRates(Struct, frozen=True):
    """The API's limits in calls a minute, and the share of the workspace's own that a run may use.

    ``list`` and ``authenticate`` are limits of the workspace, used up by the customer's product
    too: a run takes ``share`` of them (0 to 1), rounded down, at least one call. ``user``
    is the limit of each call on each calendar user, taken whole.
    """

    share: float = 0.5
    list: int = 60
    authenticate: int = 300
    user: int = 120

    def shared(self, limit: int) -> int:
        """The run's part of a workspace limit."""
        # The epsilon: 0.29 of 100 are 29, not the 28.999… that the product is.
        return max(1, int(limit * self.share + 1e-9))


class UserCall(Enum):
    """The calls that the API limits by calendar user, each on its own."""

    GET = "get"
    UPDATE = "update"
    DISCONNECT = "disconnect"


class RateLimiter:
    """The budgets of one workspace. A calendar user's are made on demand and dropped when idle."""

    def __init__(self, limits: RequestRates, clock: Clock) -> None:
        self.list_users = RateWindow(limits.shared(limits.list), clock)
        self.authenticate = RateWindow(limits.shared(limits.authenticate), clock)
        self._user_limit = limits.user
        self._clock = clock
        self._lock = threading.Lock()
        self._users: dict[tuple[UserCall, str], _Entry] = {}
        self._sweep_at = SWEEP_FROM

    def take_user(self, call: UserCall, subject: str, patience: Deadline) -> Permit:
        """A permit for ``call`` on the calendar user whom ``subject`` identifies.

        Raises Interrupted or DeadlinePassed as ``patience`` has it.
        """
        entry = self._borrow((call, subject))
        try:
            return entry.budget.take(patience)
        finally:
            with self._lock:
                entry.borrowed -= 1

    def __len__(self) -> int:
        """How many budgets of single users are remembered."""
        return len(self._users)

    def _borrow(self, key: tuple[UserCall, str]) -> "_Entry":
        with self._lock:
            entry = self._users.get(key)
            if entry is None:
                self._sweep()
                entry = self._users[key] = _Entry(RateWindow(self._user_limit, self._clock))
            entry.borrowed += 1
            return entry

    def _sweep(self) -> None:
        if len(self._users) < self._sweep_at:
            return
        self._users = {
            key: entry
            for key, entry in self._users.items()
            if entry.borrowed or not entry.budget.idle()
        }
        self._sweep_at = max(SWEEP_FROM, 2 * len(self._users))


class _Entry:
    """A user's budget, and how many threads are about to take from it: those keep it alive."""

    __slots__ = ("borrowed", "budget")

    def __init__(self, budget: RateWindow) -> None:
        self.budget = budget
        self.borrowed = 0
