"""The list that a run acts by, never older than it may be.

Minting a token for an id that Recall does not know *creates* that user, so a token is minted only
for a user whom a recent list shows. A user who is deleted or renamed between that list and the
token call is created anew all the same: the list has to be as young as the API allows.
"""

import threading
from dataclasses import dataclass
from typing import Final

from reconciler.applying.settings import LIST_MAX_AGE_EVER
from reconciler.domain import CalendarUser, Clock, Deadline, ObservedState
from reconciler.planning import Action, PreconditionResult, Protection, UserIndex, listed_standing
from reconciler.recall import CalendarReader

_TIMES_AS_LONG: Final = 5
"""How many times as long as a list took it stays recent: so that lists that take long take at most
a fifth of the time."""


class UserNotListed(Exception):
    """The list does not show the action's user as planned."""

    def __init__(self, standing: PreconditionResult) -> None:
        super().__init__(standing)
        self.standing = standing


class ListIncomplete(Exception):
    """A newer list was needed, and the one that came was not complete."""


@dataclass(frozen=True)
class _List:
    """A complete list, asked for at ``taken_at``; a token may be minted on it until
    ``good_until`` (both monotonic)."""

    roster: UserIndex
    taken_at: float
    good_until: float


class UserList:
    """The newest complete list, taken again when it is older than ``max_age`` seconds.

    A list that takes long may be older, up to ``LIST_MAX_AGE_EVER``; where it takes even longer,
    no token is minted. The first list counts from when it was asked for, however long it took.
    """

    def __init__(
        self,
        observed: ObservedState,
        taken_at: float,
        *,
        reader: CalendarReader,
        clock: Clock,
        max_age: float,
    ) -> None:
        self._lock = threading.Lock()
        self._taking = False
        self._queue: list[threading.Event] = []
        self._newest = _List(UserIndex(observed), taken_at, taken_at + max_age)
        self._reader = reader
        self._clock = clock
        self._max_age = max_age

    def user(
        self, action: Action, protection: Protection, patience: Deadline, *, not_before: float
    ) -> tuple[CalendarUser, float]:
        """The one calendar user that ``action`` is about, from a recent list; and until when that
        list is recent (monotonic).

        The list is one that was asked for after ``not_before`` (monotonic).

        Raises :class:`UserNotListed` when the user is not there, not alone, replaced or protected
        now, :class:`ListIncomplete`, and whatever the reader raises.
        """
        newest = self._young_enough(patience, not_before)
        rows = newest.roster.rows(action.user)
        standing = listed_standing(action, rows, protection)
        if standing in _NOT_THE_SAME_USER:
            raise UserNotListed(standing)
        return rows[0], newest.good_until

    def _young_enough(self, patience: Deadline, not_before: float) -> _List:
        """The newest list; one thread at a time takes another."""
        turn = threading.Event()
        while True:
            with self._lock:
                newest = self._newest
                young = self._clock.monotonic() < newest.good_until
                if young and newest.taken_at > not_before:
                    return newest
                taking = not self._taking
                if taking:
                    self._taking = True
                else:
                    turn.clear()
                    self._queue.append(turn)
            if taking:
                return self._take(patience)
            patience.wait_for(turn)

    def _take(self, patience: Deadline) -> _List:
        try:
            asked_at = self._clock.monotonic()
            observed = self._reader.list_users(patience)
            if not observed.complete:
                raise ListIncomplete("; ".join(observed.problems))
            now = self._clock.monotonic()
            may_be_old = max(self._max_age, _TIMES_AS_LONG * (now - asked_at))
            good_until = asked_at + min(may_be_old, LIST_MAX_AGE_EVER)
            if now >= good_until:
                raise ListIncomplete("it takes longer than it may be old")
            newest = _List(UserIndex(observed), asked_at, good_until)
            with self._lock:
                self._newest = newest
            return newest
        finally:
            with self._lock:
                self._taking = False
                for turn in self._queue:
                    turn.set()
                self._queue.clear()


_NOT_THE_SAME_USER = frozenset(
    {
        PreconditionResult.USER_GONE,
        PreconditionResult.USER_REPLACED,
        PreconditionResult.AMBIGUOUS_IDENTITY,
        PreconditionResult.PROTECTED,
        PreconditionResult.EMAIL_NOT_KNOWN,
    }
)
