"""The list that a run acts by, never older than it may be.

Minting a token for an id that Recall does not know *creates* that user, so a token is minted only
for whom a recent list shows.
"""

import threading
from dataclasses import dataclass

from reconciler.domain import CalendarUser, Clock, ObservedState
from reconciler.planning import Action, Protection, Roster, Standing, listed_standing
from reconciler.recall import CalendarReader, Patience


class NotListed(Exception):
    """The list does not show the action's user as planned."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(standing)
        self.standing = standing


class ListIncomplete(Exception):
    """A newer list was needed, and the one that came was not complete."""


@dataclass(frozen=True)
class Listed:
    """A user as the list of ``taken_at`` shows him; ``good_until`` a token may be minted on it."""

    user: CalendarUser
    taken_at: float
    good_until: float


class Listing:
    """The newest complete list, taken again when it is older than ``max_age`` seconds."""

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
        self._roster = Roster(observed)
        self._taken_at = taken_at
        self._reader = reader
        self._clock = clock
        self._max_age = max_age

    def user(
        self, action: Action, protection: Protection, patience: Patience, *, not_before: float
    ) -> Listed:
        """The one calendar user that ``action`` is about, from a list young enough.

        The list is one that was asked for after ``not_before`` (monotonic).

        Raises :class:`NotListed` when he is not there, not alone, replaced or protected now,
        :class:`ListIncomplete`, and whatever the reader raises.
        """
        roster, taken_at = self._young_enough(patience, not_before)
        rows = roster.rows(action.user)
        standing = listed_standing(action, rows, protection)
        if standing in _NOT_THE_SAME_USER:
            raise NotListed(standing)
        return Listed(rows[0], taken_at, taken_at + self._max_age)

    def _young_enough(self, patience: Patience, not_before: float) -> tuple[Roster, float]:
        """The newest list, and when it was asked for; one at a time takes another."""
        turn = threading.Event()
        while True:
            with self._lock:
                now = self._clock.monotonic()
                if now < self._taken_at + self._max_age and self._taken_at > not_before:
                    return self._roster, self._taken_at
                taking = not self._taking
                if taking:
                    self._taking = True
                else:
                    turn.clear()
                    self._queue.append(turn)
            if taking:
                return self._take(patience)
            patience.wait_for(turn)

    def _take(self, patience: Patience) -> tuple[Roster, float]:
        try:
            asked_at = self._clock.monotonic()
            observed = self._reader.list_users(patience)
            if not observed.complete:
                raise ListIncomplete("; ".join(observed.problems))
            roster = Roster(observed)
            with self._lock:
                self._roster, self._taken_at = roster, asked_at
            return roster, asked_at
        finally:
            with self._lock:
                self._taking = False
                for turn in self._queue:
                    turn.set()
                self._queue.clear()


_NOT_THE_SAME_USER = frozenset(
    {
        Standing.USER_GONE,
        Standing.USER_REPLACED,
        Standing.AMBIGUOUS_IDENTITY,
        Standing.PROTECTED,
        Standing.EMAIL_NOT_KNOWN,
    }
)
