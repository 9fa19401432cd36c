"""All rate budgets of one workspace, by endpoint and subject; reader and writer share them."""

import threading
from enum import Enum

from msgspec import Struct

from reconciler.domain import Clock
from reconciler.recall.budget import Budget, Permit
from reconciler.recall.patience import Patience

# Idle budgets of single users are looked for when there are this many, and twice what was left.
SWEEP_FROM = 1024


class RateLimits(Struct, frozen=True):
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


class Budgets:
    """The budgets of one workspace. A calendar user's are made on demand and dropped when idle."""

    def __init__(self, limits: RateLimits, clock: Clock) -> None:
        self.list_users = Budget(limits.shared(limits.list), clock)
        self.authenticate = Budget(limits.shared(limits.authenticate), clock)
        self._user_limit = limits.user
        self._clock = clock
        self._lock = threading.Lock()
        self._users: dict[tuple[UserCall, str], _Entry] = {}
        self._sweep_at = SWEEP_FROM

    def take_user(self, call: UserCall, subject: str, patience: Patience) -> Permit:
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
                entry = self._users[key] = _Entry(Budget(self._user_limit, self._clock))
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

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.borrowed = 0
