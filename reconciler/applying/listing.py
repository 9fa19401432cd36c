"""The list that a run acts by, never older than it may be.

Minting a token for an id that Recall does not know *creates* that user, so a token is minted only
for whom a recent list shows.
"""

import threading

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
        self._roster = Roster(observed)
        self._taken_at = taken_at
        self._reader = reader
        self._clock = clock
        self._max_age = max_age

    def user(self, action: Action, protection: Protection, patience: Patience) -> CalendarUser:
        """The one calendar user that ``action`` is about, from a list young enough.

        Raises :class:`NotListed` when he is not there, not alone, replaced or protected now,
        :class:`ListIncomplete`, and whatever the reader raises.
        """
        rows = self._young_enough(patience).rows(action.user)
        standing = listed_standing(action, rows, protection)
        if standing in _NOT_THE_SAME_USER:
            raise NotListed(standing)
        return rows[0]

    def _young_enough(self, patience: Patience) -> Roster:
        with self._lock:
            if self._clock.monotonic() - self._taken_at > self._max_age:
                asked_at = self._clock.monotonic()
                observed = self._reader.list_users(patience)
                if not observed.complete:
                    raise ListIncomplete("; ".join(observed.problems))
                self._roster, self._taken_at = Roster(observed), asked_at
            return self._roster


_NOT_THE_SAME_USER = frozenset(
    {
        Standing.USER_GONE,
        Standing.USER_REPLACED,
        Standing.AMBIGUOUS_IDENTITY,
        Standing.PROTECTED,
    }
)
