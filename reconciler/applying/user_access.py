"""One calendar user's token, and reading him with it.

Used by ``user_run`` alone. A token is minted at the first need and kept; one that is refused is
replaced by one more, on a list from after the refusal: it may say that the user is gone, and then
minting would create him anew.
"""

import math
from dataclasses import dataclass

from reconciler.applying.listing import ListIncomplete, Listing
from reconciler.domain import CalendarUser, Clock, Secret
from reconciler.planning import Action, Protection
from reconciler.recall import (
    CalendarReader,
    CalendarWriter,
    DeadlinePassed,
    Patience,
    Stop,
    UserTokenRefused,
)

_LISTS = 3
"""How many lists in a row may turn out too old to mint a token on."""


@dataclass(frozen=True)
class Waiting:
    """How long is waited for one thing; the fields are those of a :class:`Patience`."""

    clock: Clock
    stop: Stop
    deadline: float = math.inf
    grace: float | None = None

    def patience(self) -> Patience:
        return Patience(self.clock, self.stop, deadline=self.deadline, grace=self.grace)

    def until(self, moment: float) -> Patience:
        """Not for what would come after ``moment``, except that a server asks to wait so long."""
        return _Until(min(moment, self.deadline), self)


class _Until(Patience):
    """Takes no slot of a budget that is free too late, and shortens no ``Retry-After``."""

    def __init__(self, deadline: float, waiting: Waiting) -> None:
        super().__init__(waiting.clock, waiting.stop, deadline=deadline, grace=waiting.grace)
        self._whole = waiting.patience()

    def wait(self, seconds: float) -> None:
        self._whole.wait(seconds)


class UserAccess:
    """Reads one calendar user as himself."""

    def __init__(
        self,
        reader: CalendarReader,
        writer: CalendarWriter,
        listing: Listing,
        *,
        protection: Protection,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._listing = listing
        self._protection = protection
        self._clock = clock
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

    def read(self, action: Action, waiting: Waiting) -> CalendarUser:
        """The user of ``action`` as he is now.

        Raises :class:`NotListed` and :class:`ListIncomplete` of the listing, ``UserTokenRefused``
        for the second token in a row, and whatever else the clients raise.
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

    def _mint(self, action: Action, waiting: Waiting) -> Secret:
        patience = waiting.patience()
        not_before = self._refused_at
        for _ in range(_LISTS):
            listed = self._listing.user(action, self._protection, patience, not_before=not_before)
            try:
                self._token = self._writer.mint_token(listed.user, waiting.until(listed.good_until))
            except DeadlinePassed:
                # Unless our own time is up, the list would be too old when the call could be made.
                patience.check()
                not_before = listed.taken_at
            else:
                return self._token
        raise ListIncomplete("it takes longer than it may be old")
