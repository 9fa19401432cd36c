"""Begins a run: takes the workspace's lock and opens the run in one transaction."""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, Row, insert, select, update

from reconciler.domain import Clock
from reconciler.ledger.database import Database
from reconciler.ledger.errors import LockHeld
from reconciler.ledger.in_doubt import unresolved_runs
from reconciler.ledger.lock import Lock, LockTimes, hold_lock, make_lock, take_lock
from reconciler.ledger.opening import Claim
from reconciler.ledger.run_history import SUMMARY_COLUMNS, summaries
from reconciler.ledger.schema import runs
from reconciler.runs import RunState, RunSummary


class BegunRun(Struct, frozen=True):
    """A run that holds the lock: the lock's fence, and the number of the run's row.

    ``dead`` are the runs found dead now, and earlier ones with calls in doubt.
    """

    fence: int
    number: int
    dead: tuple[RunSummary, ...]


class _Watch:
    """Watches the heartbeat of the lock's holder by this process's own clock."""

    def __init__(self, clock: Clock, lease: float) -> None:
        self._clock = clock
        self._lease = lease
        self._seen: tuple[int, float] | None = None
        self._since = 0.0

    def still(self, lock: Lock) -> bool:
        """Whether it has not changed for a whole lease, whatever the database's clock says."""
        now = self._clock.monotonic()
        seen = (lock.fence, lock.heartbeat)
        if seen != self._seen:
            self._seen, self._since = seen, now
        return now - self._since > self._lease


def begin_run(
    database: Database,
    claim: Claim,
    *,
    clock: Clock,
    times: LockTimes,
    lock_timeout: float,
    pause: Callable[[float], None],
) -> BegunRun:
    """Take the lock and open the run as soon as the lock is free or its holder is dead.

    Raises :class:`LockHeld` when that takes longer than ``lock_timeout`` seconds.
    """
    deadline: Final = clock.monotonic() + lock_timeout
    watch = _Watch(clock, times.lease)
    while True:
        with database.write() as connection:
            make_lock(connection, claim.workspace)
            lock = hold_lock(connection, claim.workspace)
            now = database.now(connection)
            if lock is None or lock.dead(now, times) or watch.still(lock):
                return _take(connection, claim, now, times)
            holder = lock.holder(now, times)
        left = deadline - clock.monotonic()
        if left <= 0:
            raise LockHeld(holder)
        pause(min(times.poll, left))


def _take(connection: Connection, claim: Claim, now: float, times: LockTimes) -> BegunRun:
    fence = take_lock(connection, claim, now)
    dead = _mark_dead(connection, claim)
    connection.execute(
        insert(runs).values(
            run=claim.run,
            front=claim.front.value,
            workspace=claim.workspace,
            address=claim.base_url,
            owner=claim.owner,
            state=RunState.RUNNING.value,
            opened_at=claim.opened,
            who=claim.who.user,
            host=claim.who.host,
            pid=claim.who.pid,
            machine=claim.who.machine,
            tool_version=claim.tool_version,
            commit=claim.commit,
            resumes=claim.resumes,
            accepted=False,
            actions=0,
        )
    )
    number = connection.execute(select(runs.c.number).where(runs.c.run == claim.run)).scalar_one()
    return BegunRun(fence, number, summaries(connection, dead, now, times))


def _mark_dead(connection: Connection, claim: Claim) -> list[Row[Any]]:
    """Mark every run still open as dead: only the holder of the lock can be alive.

    Returns those runs, and earlier ones with calls in doubt.
    """
    found = select(runs.c.number).where(unresolved_runs(claim.workspace))
    numbers = list(connection.execute(found).scalars())
    open_ = (runs.c.workspace == claim.workspace, runs.c.state == RunState.RUNNING.value)
    connection.execute(
        update(runs).where(*open_).values(state=RunState.DIED.value, ended_at=claim.opened)
    )
    dead_rows = select(*SUMMARY_COLUMNS).where(runs.c.number.in_(numbers)).order_by(runs.c.number)
    return list(connection.execute(dead_rows))
