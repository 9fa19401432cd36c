"""The lock of a workspace: one row, never deleted, whose ``fence`` grows with every taking.

Times in it are by the database's clock, so that machines need not agree on theirs.
"""

import math
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, Select, select, update

from reconciler.domain import rfc3339
from reconciler.ledger.claim import Claim
from reconciler.ledger.errors import LockLost
from reconciler.ledger.integrity import refuse_foreign_rows
from reconciler.ledger.machine import alive
from reconciler.ledger.schema import locks
from reconciler.ledger.upsert import insert_new
from reconciler.runs import Holder, Who


class LockTimes(Struct, frozen=True):
    """Seconds that locks go by: a heartbeat every ``beat``, an owner silent for ``lease`` is
    presumed dead, and who waits looks every ``poll``."""

    lease: float = 30.0
    beat: float = 5.0
    poll: float = 1.0


LOCK_TIMES: Final = LockTimes()

_FREE: Final[dict[str, None]] = {
    "run": None,
    "who": None,
    "host": None,
    "pid": None,
    "machine": None,
    "started": None,
    "since": None,
    "heartbeat": None,
}


class Lock(Struct, frozen=True):
    """A lock that a run holds; ``since`` and ``heartbeat`` in seconds since 1970.

    ``started`` is when the run's process started; None if an earlier version took the lock.
    """

    workspace: str
    fence: int
    run: str
    who: Who
    since: float
    heartbeat: float
    started: str | None = None

    def alive(self) -> bool | None:
        """Whether the process of its owner still runs; None if unknown. False is proof."""
        return alive(self.who, self.started)

    def overdue(self, now: float, times: LockTimes) -> bool:
        """Whether no heartbeat was seen for too long."""
        return now - self.heartbeat > times.lease

    def dead(self, now: float, times: LockTimes) -> bool:
        """Whether its owner is known, or because of its silence presumed, to be gone."""
        return self.overdue(now, times) or self.alive() is False

    @refuse_foreign_rows()
    def holder(self, now: float, times: LockTimes) -> Holder:
        """The lock for people. A heartbeat of the future, by a clock set back, is no age."""
        return Holder(
            workspace=self.workspace,
            run=self.run,
            who=self.who,
            since=_moment(self.since),
            heartbeat=_moment(self.heartbeat),
            age=max(0.0, now - self.heartbeat),
            dead=self.dead(now, times),
        )


def read_lock(connection: Connection, workspace: str) -> Lock | None:
    """The lock of ``workspace``; None while nobody holds it."""
    return _lock(connection.execute(_row(workspace)).one_or_none())


def keep_lock(connection: Connection, workspace: str) -> Lock | None:
    """As :func:`read_lock`; and nobody else changes it before this transaction ends.

    Whoever writes more than the lock asks for it first: that order keeps two from waiting for
    each other.
    """
    return _lock(connection.execute(_row(workspace).with_for_update()).one_or_none())


def require_lock(connection: Connection, workspace: str, run: str, fence: int) -> Lock:
    """The lock as :func:`keep_lock` has it. Raises :class:`LockLost` if it is another's by now."""
    lock = keep_lock(connection, workspace)
    if lock is None:
        raise LockLost(
            f"the lock of workspace {workspace} was taken away from run {run}; nothing more is sent"
        )
    if (lock.run, lock.fence) != (run, fence):
        raise LockLost(
            f"the lock of workspace {workspace} was taken over by run {lock.run}"
            f" ({lock.who.user}@{lock.who.host}, process {lock.who.pid}); nothing more is sent"
        )
    return lock


def make_lock(connection: Connection, workspace: str) -> None:
    """See to it that there is a row."""
    insert_new(connection, locks, workspace=workspace, fence=0)


def take_lock(connection: Connection, claim: Claim, now: float) -> int:
    """Give the lock to the run of ``claim``, whoever had it; the new fence."""
    connection.execute(
        update(locks)
        .where(locks.c.workspace == claim.workspace)
        .values(
            fence=locks.c.fence + 1,
            run=claim.run,
            who=claim.who.user,
            host=claim.who.host,
            pid=claim.who.pid,
            machine=claim.who.machine,
            started=claim.started,
            since=now,
            heartbeat=now,
        )
    )
    return int(
        connection.execute(
            select(locks.c.fence).where(locks.c.workspace == claim.workspace)
        ).scalar_one()
    )


def refresh_lock(connection: Connection, workspace: str, run: str, fence: int, now: float) -> bool:
    """Write the owner's heartbeat; False if the lock is another's by now."""
    beaten = connection.execute(
        update(locks)
        .where(locks.c.workspace == workspace, locks.c.run == run, locks.c.fence == fence)
        .values(heartbeat=now)
    )
    return beaten.rowcount == 1


def release_lock(connection: Connection, workspace: str, run: str, fence: int) -> None:
    """Give the lock back, if it is still that run's."""
    connection.execute(
        update(locks)
        .where(locks.c.workspace == workspace, locks.c.run == run, locks.c.fence == fence)
        .values(_FREE)
    )


def revoke_lock(connection: Connection, lock: Lock) -> None:
    """Take the lock away from its owner: what that still tries has an old fence."""
    connection.execute(
        update(locks)
        .where(locks.c.workspace == lock.workspace)
        .values(fence=locks.c.fence + 1, **_FREE)
    )


def _row(workspace: str) -> Select[Any]:
    return select(locks).where(locks.c.workspace == workspace)


@refuse_foreign_rows()
def _lock(row: Row[Any] | None) -> Lock | None:
    if row is None or row.run is None:
        return None
    who = {"user": row.who, "host": row.host, "pid": row.pid, "machine": row.machine}
    lock = msgspec.convert(
        {
            "workspace": row.workspace,
            "fence": row.fence,
            "run": row.run,
            "who": who,
            "since": row.since,
            "heartbeat": row.heartbeat,
            "started": row.started,
        },
        Lock,
    )
    if not math.isfinite(lock.heartbeat):  # it would never be overdue
        raise ValueError(f"a heartbeat at {lock.heartbeat}")
    return lock


def _moment(seconds: float) -> str:
    return rfc3339(datetime.fromtimestamp(seconds, UTC))
