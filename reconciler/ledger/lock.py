"""The lock of a workspace, and the heartbeat that shows that its holder lives.

The lock is one row that is never deleted; its ``fence`` grows each time a run takes the lock. Its
times are by the database's clock, so that machines need not agree on theirs.
"""

import logging
import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, Select, select, update

from reconciler.domain import rfc3339
from reconciler.ledger.errors import LedgerError, LockLost
from reconciler.ledger.opening import Claim, is_alive
from reconciler.ledger.rows import insert_new, refuse_foreign_rows
from reconciler.ledger.schema import locks
from reconciler.runs import Holder, Who

log = logging.getLogger(__name__)

_LAST_BEAT: Final = 5.0
"""Seconds to wait at the end for a heartbeat in progress."""


class LockTimes(Struct, frozen=True):
    """Times of locks in seconds: a heartbeat comes every ``beat``, a holder that is silent for
    ``lease`` counts as dead, and a waiting run checks every ``poll``."""

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
        """Whether its holder's process still runs; None if unknown. False is proof."""
        return is_alive(self.who, self.started)

    def overdue(self, now: float, times: LockTimes) -> bool:
        """Whether the last heartbeat is too old."""
        return now - self.heartbeat > times.lease

    def dead(self, now: float, times: LockTimes) -> bool:
        """Whether its holder has ended, or counts as ended because it is silent."""
        return self.overdue(now, times) or self.alive() is False

    @refuse_foreign_rows()
    def holder(self, now: float, times: LockTimes) -> Holder:
        """The lock for people. A heartbeat in the future (a clock was set back) has age 0."""
        return Holder(
            workspace=self.workspace,
            run=self.run,
            who=self.who,
            since=moment(self.since),
            heartbeat=moment(self.heartbeat),
            age=max(0.0, now - self.heartbeat),
            dead=self.dead(now, times),
        )


def read_lock(connection: Connection, workspace: str) -> Lock | None:
    """The lock of ``workspace``; None while no run holds it."""
    return _lock(connection.execute(_row(workspace)).one_or_none())


def hold_lock(connection: Connection, workspace: str) -> Lock | None:
    """As :func:`read_lock`, and nothing else changes the lock until this transaction ends.

    A transaction that writes more than the lock holds it first; this order prevents deadlocks.
    """
    return _lock(connection.execute(_row(workspace).with_for_update()).one_or_none())


def require_lock(connection: Connection, workspace: str, run: str, fence: int) -> Lock:
    """As :func:`hold_lock`. Raises :class:`LockLost` if the run does not hold the lock any more."""
    lock = hold_lock(connection, workspace)
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
    """Make the row of the lock if there is none."""
    insert_new(connection, locks, workspace=workspace, fence=0)


def take_lock(connection: Connection, claim: Claim, now: float) -> int:
    """Give the lock to the run of ``claim``, whatever run had it. Returns the new fence."""
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
            started=None if claim.started is None else f"{claim.run} {claim.started}",
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
    """Write the holder's heartbeat; False if the run does not hold the lock any more."""
    beaten = connection.execute(
        update(locks)
        .where(locks.c.workspace == workspace, locks.c.run == run, locks.c.fence == fence)
        .values(heartbeat=now)
    )
    return beaten.rowcount == 1


def release_lock(connection: Connection, workspace: str, run: str, fence: int) -> None:
    """Give the lock back if the run still holds it."""
    connection.execute(
        update(locks)
        .where(locks.c.workspace == workspace, locks.c.run == run, locks.c.fence == fence)
        .values(_FREE)
    )


def revoke_lock(connection: Connection, lock: Lock) -> None:
    """Take the lock away from its holder, which then has an old fence."""
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
            "started": _start_of_holder(row),
        },
        Lock,
    )
    if not math.isfinite(lock.heartbeat):  # it would never be overdue
        raise ValueError(f"a heartbeat at {lock.heartbeat}")
    return lock


def _start_of_holder(row: Row[Any]) -> str | None:
    """When the holder's process started; None unless the row says it of this very run.

    A version that does not know the column takes the lock and leaves the start of the run before.
    """
    run, _, start = (msgspec.convert(row.started, str | None) or "").partition(" ")
    return start if run == row.run and start else None


def moment(seconds: float) -> str:
    """A time of the database's clock, in seconds since 1970, as RFC 3339."""
    return rfc3339(datetime.fromtimestamp(seconds, UTC))


class Heartbeat:
    """A thread that calls ``beat`` every few seconds; ``beat`` says whether the lock is still ours.

    If ``beat`` raises :class:`LedgerError`, the thread tries again. When the last success is older
    than a lease, the lock counts as lost until ``beat`` succeeds. Time is ``monotonic``.
    """

    def __init__(
        self,
        beat: Callable[[], bool],
        *,
        workspace: str,
        monotonic: Callable[[], float],
        times: LockTimes,
    ) -> None:
        self._beat = beat
        self._workspace = workspace
        self._monotonic = monotonic
        self._times = times
        self._stop = threading.Event()
        self._lost: str | None = None
        self._last = monotonic()
        self._thread = threading.Thread(target=self._work, name="ledger-heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin no more beats; wait briefly for one in progress."""
        self._stop.set()
        self._thread.join(_LAST_BEAT)

    def check(self) -> None:
        """Raise :class:`LockLost` if the lock is lost or counts as lost."""
        lost = self._lost
        if lost is not None:
            raise LockLost(lost)

    def _work(self) -> None:
        while not self._stop.wait(self._times.beat):
            try:
                ours = self._beat()
            except LedgerError as error:
                self._missed(error)
                continue
            if not ours:
                self._lose(f"another run has taken the lock of workspace {self._workspace}")
                return
            self._last = self._monotonic()
            self._lost = None

    def _missed(self, error: LedgerError) -> None:
        silent = self._monotonic() - self._last
        log.info("a heartbeat could not be written: %s", error)
        if silent > self._times.lease:
            self._lose(
                f"the lock of workspace {self._workspace} could not be kept for {silent:.0f} s:"
                f" {error}"
            )

    def _lose(self, why: str) -> None:
        if self._lost is None:
            log.warning("%s; nothing more is sent", why)
        self._lost = why
