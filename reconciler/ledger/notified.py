"""What each target was notified of last, so that a change is notified once.

A process *claims* a change before it delivers, and records it afterwards. While a claim counts, no
other process delivers to that target about that event. A claim that nobody ended counts for
``CLAIM_SECONDS``: its process was killed, perhaps after the delivery. The change is then notified
again, so a receiver can get it twice, and never not at all.
"""

import uuid
from typing import Final, Self

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from reconciler.ledger.database import Database
from reconciler.ledger.notification_claim import NotificationClaim, NotificationSubject
from reconciler.ledger.rows import insert_new, refuse_foreign_rows
from reconciler.ledger.schema import notified

CLAIM_SECONDS: Final = 180.0
_MARK: Final = "claim "


class _Stored(Struct, frozen=True):
    """A claim as the column ``digest`` holds it; ``until`` is by the clock of the database."""

    id: str
    until: float
    before: str | None
    since: str | None

    @classmethod
    def read(cls, text: str) -> Self | None:
        if not text.startswith(_MARK):
            return None
        return msgspec.json.decode(text.removeprefix(_MARK), type=cls)

    def text(self) -> str:
        return _MARK + msgspec.json.encode(self).decode()


def claim_change(
    database: Database, subject: NotificationSubject, digest: str, at: str, *, nothing: str
) -> NotificationClaim | None:
    """Claim that ``subject`` is now at ``digest``; None if there is nothing to notify.

    That is so if the target knows, if another process is notifying it, and if the target was
    never notified and the digest is ``nothing``.
    """
    with database.write() as connection, refuse_foreign_rows():
        return _claim(connection, subject, digest, at, database.now(connection), nothing)


def end_claim(database: Database, claim: NotificationClaim, at: str, *, delivered: bool) -> None:
    """Record a delivery, or give the claim back so that the change is notified next time."""
    ours = and_(_row(claim.subject), notified.c.digest == claim.stored)
    with database.write() as connection:
        if delivered:
            connection.execute(update(notified).where(ours).values(digest=claim.digest, at=at))
        elif claim.before is None:
            connection.execute(delete(notified).where(ours))
        else:
            back = {"digest": claim.before, "at": claim.since or at}
            connection.execute(update(notified).where(ours).values(back))


def _row(subject: NotificationSubject) -> ColumnElement[bool]:
    return and_(
        notified.c.workspace == subject.workspace,
        notified.c.address == subject.address,
        notified.c.target == subject.target,
        notified.c.event == subject.event,
    )


def _claim(
    connection: Connection,
    subject: NotificationSubject,
    digest: str,
    at: str,
    now: float,
    nothing: str,
) -> NotificationClaim | None:
    row = connection.execute(
        select(notified.c.digest, notified.c.at).where(_row(subject))
    ).one_or_none()
    earlier = None if row is None else _Stored.read(row.digest)
    if row is None or earlier is not None:
        before = earlier.before if earlier else None
        since = earlier.since if earlier else None
    else:
        before, since = str(row.digest), str(row.at)
    if earlier is None and digest == (nothing if before is None else before):
        return None
    if earlier is not None and now < earlier.until <= now + CLAIM_SECONDS:
        return None
    stored = _Stored(uuid.uuid4().hex, now + CLAIM_SECONDS, before, since).text()
    values = {"digest": stored, "at": at}
    if row is None:
        fields = msgspec.structs.asdict(subject)
        if not insert_new(connection, notified, **fields, **values):
            return None  # another process was faster
    else:
        unchanged = and_(_row(subject), notified.c.digest == row.digest)
        if connection.execute(update(notified).where(unchanged).values(values)).rowcount != 1:
            return None  # as above
    return NotificationClaim(subject, digest, before, since, stored)
