"""The right of one process to notify a target of one change, as plain data.

It is light, for rooms that name it without opening a ledger; ``notified`` makes and ends claims.
"""

from msgspec import Struct


class NotificationSubject(Struct, frozen=True):
    """What is kept apart: one event of one target of one workspace at one address."""

    workspace: str
    address: str
    target: str
    event: str


class NotificationClaim(Struct, frozen=True):
    """The right to notify a target of ``digest``.

    ``before`` is the digest that it was notified of last, at ``since``; None for never. ``stored``
    is the claim as the ledger holds it until it ends.
    """

    subject: NotificationSubject
    digest: str
    before: str | None
    since: str | None
    stored: str
