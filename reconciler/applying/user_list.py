"""The list of users that a run acts by, refreshed when it is too old.

Minting a token for an id that Recall.ai does not know *creates* that user. So a token is minted
only for a user that a recent list shows. A user who is deleted or renamed between that list and
the token call is still created again: the list has to be as recent as the API allows.
"""

import math
import threading
from dataclasses import dataclass
from typing import Final

from reconciler.domain import CalendarUser, Clock, Deadline, Observation
from reconciler.planning import (
    Action,
    PreconditionResult,
    Protection,
    UserIndex,
    check_listed_preconditions,
)
from reconciler.recall import CalendarReader

LIST_MAX_AGE_EVER: Final = 300.0
"""Seconds after which a list is too old, however long lists take."""

_TIMES_AS_LONG: Final = 5
"""A list stays recent for this many times as long as it took: then slow lists take at most a fifth
of the time."""


class UserNotListed(Exception):
    """The list does not show the action's user as planned."""

    def __init__(self, result: PreconditionResult) -> None:
        super().__init__(result)
        self.result = result


class ListIncomplete(Exception):
    """A newer list was needed, and the new one came back incomplete."""


@dataclass(frozen=True)
class _List:
    """A complete list, requested at ``requested_at``; a token may be minted on it until
    ``good_until`` (both monotonic)."""

    users: UserIndex
    requested_at: float
    good_until: float


class UserList:
    """The newest complete list, refreshed when it is older than ``max_age`` seconds. Thread-safe.

    A list that takes long may be older, up to ``LIST_MAX_AGE_EVER``; if it takes even longer, no
    token is minted. The age of the first list counts from its request, however long it took.
    """

    def __init__(
        self,
        observation: Observation,
        *,
        reader: CalendarReader,
        clock: Clock,
        max_age: float,
    ) -> None:
        self._lock = threading.Lock()
        self._requesting = False
        self._queue: list[threading.Event] = []
        requested_at = observation.requested_at
        self._newest = _List(UserIndex(observation.state), requested_at, requested_at + max_age)
        self._reader = reader
        self._clock = clock
        self._max_age = max_age

    def user(
        self, action: Action, protection: Protection, deadline: Deadline, *, not_before: float
    ) -> tuple[CalendarUser, float]:
        """The one calendar user that ``action`` is about, and until when its list is recent
        (monotonic).

        The list was requested after ``not_before`` (monotonic).

        Raises :class:`UserNotListed` if the user is gone, listed twice, replaced or protected now,
        :class:`ListIncomplete`, and whatever the reader raises.
        """
        newest = self._recent(deadline, not_before)
        rows = newest.users.rows(action.user)
        result = check_listed_preconditions(action, rows, protection)
        if result in _NOT_THE_SAME_USER:
            raise UserNotListed(result)
        return rows[0], newest.good_until

    def rows(self, user: str, deadline: Deadline) -> tuple[tuple[CalendarUser, ...], float]:
        """The rows with the external id ``user``, and until when their list is recent (monotonic).

        Raises :class:`ListIncomplete`, and whatever the reader raises.
        """
        newest = self._recent(deadline, -math.inf)
        return newest.users.rows(user), newest.good_until

    def _recent(self, deadline: Deadline, not_before: float) -> _List:
        """The newest list; one thread at a time requests another."""
        turn = threading.Event()
        while True:
            with self._lock:
                newest = self._newest
                recent = self._clock.monotonic() < newest.good_until
                if recent and newest.requested_at > not_before:
                    return newest
                request = not self._requesting
                if request:
                    self._requesting = True
                else:
                    turn.clear()
                    self._queue.append(turn)
            if request:
                return self._request(deadline)
            deadline.wait_for(turn)

    def _request(self, deadline: Deadline) -> _List:
        try:
            requested_at = self._clock.monotonic()
            observed = self._reader.list_users(deadline)
            if not observed.complete:
                raise ListIncomplete("; ".join(observed.problems))
            now = self._clock.monotonic()
            max_age = max(self._max_age, _TIMES_AS_LONG * (now - requested_at))
            good_until = requested_at + min(max_age, LIST_MAX_AGE_EVER)
            if now >= good_until:
                raise ListIncomplete("the list was already too old when it arrived")
            newest = _List(UserIndex(observed), requested_at, good_until)
            with self._lock:
                self._newest = newest
            return newest
        finally:
            with self._lock:
                self._requesting = False
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
