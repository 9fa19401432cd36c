"""One calendar user's token, and reading that user with it.

A token is minted when it is first needed, and kept. If it is refused, one more is minted, on a list
from after the refusal: that list may say that the user is gone, and then minting would create the
user again.
"""

import math
from typing import Final

from reconciler.applying.run_context import RunContext
from reconciler.domain import CalendarUser, Deadline, Secret
from reconciler.planning import Action, listed_platforms
from reconciler.recall import RecallError, UserTokenRefused

_LONGEST_ID: Final = 100
"""Characters of an id that a message repeats."""


class _ListFailed(Exception):
    """The list that minting needs could not be read, which is no reason to mint again."""

    def __init__(self, error: RecallError) -> None:
        super().__init__(str(error))
        self.error = error


class UserSession:
    """Reads one calendar user with a token of that user."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self.rows: frozenset[str] = frozenset()
        """The platforms that the user has rows for, as far as a complete answer said so."""
        self._token: Secret | None = None
        self._refusals = 0
        self._refused_at = -math.inf
        self.read_at = -math.inf
        """When the last user that :meth:`read` returned was requested (monotonic)."""

    @property
    def token(self) -> Secret:
        """The token that the last :meth:`read` was made with."""
        assert self._token is not None, "read comes first"  # noqa: S101
        return self._token

    def begin(self) -> None:
        """Begin another action, or another phase of it: a refused token is replaced once more."""
        self._refusals = 0

    def refused(self) -> bool:
        """Forget the refused token. Returns whether it was the second, and so the last."""
        self._token = None
        self._refused_at = self._context.clock.monotonic()
        self._refusals += 1
        return self._refusals > 1

    def read(self, action: Action, deadline: Deadline) -> CalendarUser:
        """The user of ``action`` as they are now.

        Raises ``UserNotListed`` and ``ListIncomplete`` of the user list, ``UserTokenRefused`` for
        the second token in a row, and whatever else the clients raise.
        """
        while True:
            token = self._token or self._mint(action, deadline)
            requested_at = self._context.clock.monotonic()
            try:
                user = self._context.reader.get_user(token, action.user, deadline)
            except UserTokenRefused:
                if self.refused():
                    raise
            else:
                self.read_at = requested_at
                return user

    def _mint(self, action: Action, deadline: Deadline) -> Secret:
        context, not_before = self._context, self._refused_at

        def listed() -> tuple[CalendarUser, float]:
            try:
                row, good_until = context.user_list.user(
                    action, context.protection, deadline, not_before=not_before
                )
            except RecallError as error:
                raise _ListFailed(error) from None
            self.rows = listed_platforms(row)
            return row, good_until

        try:
            self._token = context.writer.mint_token(listed, deadline)
        except _ListFailed as failed:
            raise failed.error from None
        return self._token


def replaced(external_id: str, recall_id: str, user: CalendarUser) -> str | None:
    """What to say if a token minted for ``external_id`` is that of another calendar user, ``user``,
    and not of the one that a list showed as ``recall_id``."""
    if user.id == recall_id:
        return None
    shown = user.id[:_LONGEST_ID]
    if user.external_id == external_id and not any(c.connected for c in user.connections):
        return (
            f"the token is for calendar user {shown}, not for the one in the list, who was deleted"
            " or renamed just then; requesting the token may have created that calendar user, with"
            " nothing connected: delete it at Recall.ai if nobody needs it"
        )
    return (
        f"the API returned the token of another calendar user, {shown}; nothing was sent for that"
        " user: plan again, and report it to Recall.ai if it happens again"
    )
