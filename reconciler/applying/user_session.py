"""One calendar user's token, and reading him with it.

Used by ``user_run`` alone. A token is minted at the first need and kept; one that is refused is
replaced by one more, on a list from after the refusal: it may say that the user is gone, and then
minting would create him anew.
"""

import math
from dataclasses import dataclass
from typing import Final

from reconciler.applying.user_list import UserList
from reconciler.domain import CalendarUser, Cancellation, Clock, Deadline, Secret
from reconciler.planning import Action, Protection, listed_platforms
from reconciler.recall import CalendarReader, CalendarWriter, RecallError, UserTokenRefused

_LONGEST_ID: Final = 100
"""Characters of an id that a message repeats."""


@dataclass(frozen=True)
class WaitPolicy:
    """How long is waited for one thing; the fields are those of a :class:`Deadline`."""

    clock: Clock
    stop: Cancellation
    deadline: float = math.inf
    grace: float | None = None

    def patience(self) -> Deadline:
        return Deadline(self.clock, self.stop, deadline=self.deadline, grace=self.grace)


class _ListFailed(Exception):
    """The list that a token was to be minted on could not be had: no reason to try again."""

    def __init__(self, error: RecallError) -> None:
        super().__init__(str(error))
        self.error = error


class UserSession:
    """Reads one calendar user as himself."""

    def __init__(
        self,
        reader: CalendarReader,
        writer: CalendarWriter,
        listing: UserList,
        *,
        protection: Protection,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._listing = listing
        self._protection = protection
        self._clock = clock
        self.rows: frozenset[str] = frozenset()
        """The platforms of which the user has rows, as far as a whole answer said so."""
        self._token: Secret | None = None
        self._refusals = 0
        self._refused_at = -math.inf
        self.read_at = -math.inf
        """When the last user that :meth:`read` returned was asked for (monotonic)."""

    @property
    def token(self) -> Secret:
        """The token that the last :meth:`read` was made with."""
        assert self._token is not None, "a read came before"  # noqa: S101
        return self._token

    def begin(self) -> None:
        """Another action begins, or another phase of it: a refused token is replaced once more."""
        self._refusals = 0

    def refused(self) -> bool:
        """The token was refused: forget it. Says whether it was the second, and so the last."""
        self._token = None
        self._refused_at = self._clock.monotonic()
        self._refusals += 1
        return self._refusals > 1

    def read(self, action: Action, waiting: WaitPolicy) -> CalendarUser:
        """The user of ``action`` as they are now.

        Raises :class:`UserNotListed` and :class:`ListIncomplete` of the user list,
        ``UserTokenRefused`` for the second token in a row, and whatever else the clients raise.
        """
        while True:
            token = self._token or self._mint(action, waiting)
            asked_at = self._clock.monotonic()
            try:
                user = self._reader.get_user(token, action.user, waiting.patience())
            except UserTokenRefused:
                if self.refused():
                    raise
            else:
                self.read_at = asked_at
                return user

    def _mint(self, action: Action, waiting: WaitPolicy) -> Secret:
        patience, not_before = waiting.patience(), self._refused_at

        def listed() -> tuple[CalendarUser, float]:
            try:
                row, good_until = self._listing.user(
                    action, self._protection, patience, not_before=not_before
                )
            except RecallError as error:
                raise _ListFailed(error) from None
            self.rows = listed_platforms(row)
            return row, good_until

        try:
            self._token = self._writer.mint_token(listed, patience)
        except _ListFailed as failed:
            raise failed.error from None
        return self._token


def replaced(action: Action, user: CalendarUser) -> str | None:
    """What is to be said where the token of the user of ``action`` is that of another, ``user``."""
    if user.id == action.recall_id:
        return None
    shown = user.id[:_LONGEST_ID]
    if user.external_id == action.user and not any(c.connected for c in user.connections):
        return (
            f"the token is for calendar user {shown}, not for the one that the list showed, who"
            " was deleted or renamed just then; asking for the token may have created that"
            " calendar user, with nothing connected: delete it at Recall.ai if nobody needs it"
        )
    return (
        f"the API gave the token of another calendar user, {shown}; nothing was sent for that"
        " user: plan again, and report it to Recall.ai if it happens again"
    )
