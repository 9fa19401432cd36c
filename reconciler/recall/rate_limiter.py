"""Keeps calls within the API's rate limits. Reader and writer of a workspace share one limiter.

Each limit is a sliding window, not a token bucket: a full bucket lets almost twice the limit
through in one minute. A call counts while it is in flight, and for a minute after its answer. The
server saw it some time between, so the server can never count more than the limit.
"""

import math
import threading
from collections import deque
from enum import Enum
from types import TracebackType
from typing import Self

from reconciler.domain import Clock, RateLimits
from reconciler.domain.time import Deadline

WINDOW = 60.0


class Permit:
    """Permission to send one call. It ends with the first of ``answered`` and ``release``.

    As a context manager it releases itself at the end, unless the client has reported an answer.
    """

    __slots__ = ("_open", "_window")

    def __init__(self, window: "RateWindow") -> None:
        self._window = window
        self._open = True

    def answered(self) -> None:
        """The call was sent, and its answer came or will not come: it counts for a minute more."""
        if self._open:
            self._open = False
            self._window._finish(answered=True)  # noqa: SLF001 two halves of one thing

    def release(self) -> None:
        """The call was not sent: the slot is free again."""
        if self._open:
            self._open = False
            self._window._finish(answered=False)  # noqa: SLF001 two halves of one thing

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
    """Allows ``limit`` calls, of those in flight and those answered in the last minute.

    Thread-safe; first come, first served.
    """

    def __init__(self, limit: int, clock: Clock) -> None:
        if limit < 1:
            raise ValueError(f"a limit of {limit} calls would wait for ever")
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

    def take(self, deadline: Deadline) -> Permit:
        """Wait for a slot. Raises Cancelled or DeadlinePassed, as ``deadline`` does."""
        deadline.check()
        turn = threading.Event()
        with self._lock:
            self._queue.append(turn)
        try:
            while (delay := self._claim(turn)) is not None:
                deadline.wait_for(turn, delay)
        except BaseException:
            self._leave(turn)
            raise
        return Permit(self)

    def idle(self) -> bool:
        """Whether a new window would behave the same."""
        with self._lock:
            self._forget_expired()
            return not (self._in_flight or self._expiries or self._queue)

    def _claim(self, turn: threading.Event) -> float | None:
        """Take the slot if it is this turn's; otherwise return the seconds to wait for it."""
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

    def _finish(self, *, answered: bool) -> None:
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


# We drop idle windows of users when there are this many, and again at twice the number kept.
SWEEP_FROM = 1024


class UserCall(Enum):
    """The calls that the API limits for each calendar user, each call separately."""

    GET = "get"
    UPDATE = "update"
    DISCONNECT = "disconnect"


class RateLimiter:
    """All windows of one workspace; those of a user are made on demand and dropped when idle."""

    def __init__(self, limits: RateLimits, clock: Clock) -> None:
        self.list_users = RateWindow(limits.shared(limits.list), clock)
        self.authenticate = RateWindow(limits.shared(limits.authenticate), clock)
        self._user_limit = limits.user
        self._clock = clock
        self._lock = threading.Lock()
        self._users: dict[tuple[UserCall, str], _Entry] = {}
        self._sweep_at = SWEEP_FROM

    def take_user(self, call: UserCall, subject: str, deadline: Deadline) -> Permit:
        """A permit for ``call`` on the calendar user that ``subject`` identifies.

        Raises Cancelled or DeadlinePassed, as ``deadline`` does.
        """
        entry = self._borrow((call, subject))
        try:
            return entry.window.take(deadline)
        finally:
            with self._lock:
                entry.borrowed -= 1

    def __len__(self) -> int:
        """The number of windows kept for users."""
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
            if entry.borrowed or not entry.window.idle()
        }
        self._sweep_at = max(SWEEP_FROM, 2 * len(self._users))


class _Entry:
    """A user's window, and how many threads are about to use it, which keeps it alive."""

    __slots__ = ("borrowed", "window")

    def __init__(self, window: RateWindow) -> None:
        self.window = window
        self.borrowed = 0
