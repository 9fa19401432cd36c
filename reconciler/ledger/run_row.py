"""The row of a run: made in the transaction that takes its lock, closed in that which frees it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, Row, Update, insert, select, update

from reconciler.domain import Clock, InvalidInput
from reconciler.ledger.database import Database
from reconciler.ledger.errors import LedgerError, LockHeld
from reconciler.ledger.in_doubt import unresolved_runs
from reconciler.ledger.lock import Lock, LockTimes, hold_lock, make_lock, release_lock, take_lock
from reconciler.ledger.opening import Claim
from reconciler.ledger.run_history import SUMMARY_COLUMNS, pack_counts, summaries
from reconciler.ledger.schema import runs
from reconciler.ledger.steps import StepRecords
from reconciler.ledger.stored_plans import pack_verdicts, store_plan
from reconciler.planning import FleetSize, Plan, PlanUnusable, Verdict
from reconciler.recall import RecallError
from reconciler.runs import JournalFailed, RunClosed, RunState, RunSummary


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


_WITHOUT_SECRETS: Final = (LedgerError, JournalFailed, RecallError, InvalidInput, PlanUnusable)
"""Errors whose text we record; of others we record only the name."""

_REASON: Final = 300
"""Characters of an error's text that we record."""


def complete_run(connection: Connection, steps: StepRecords, record: RunClosed) -> None:
    """Close a run that acted: every action has its outcome. Doing it twice changes nothing."""
    result = record.result
    counts = steps.complete(connection, record.at, result.results)
    ended = _ended(
        steps.number,
        RunState.COMPLETED,
        record.at,
        outcomes=pack_counts(counts),
        calls=result.calls,
        halted=result.halted,
        detail=result.halt_detail,
    )
    connection.execute(ended)


def end_run(
    connection: Connection, number: int, state: RunState, at: str, detail: str | None, **more: Any
) -> None:
    """Close a run that ended before it acted; ``more`` are the columns of its judgement.

    A refusal or an operator's "no" stays. If the ledger failed while recording one, the caller
    cannot know that it is recorded, and ends the run again.
    """
    ended = _ended(number, state, at, accepted=False, detail=detail, **more)
    final = (RunState.REFUSED.value, RunState.DECLINED.value)
    connection.execute(ended.where(runs.c.state.not_in(final)))


def note_run(connection: Connection, number: int, detail: str) -> None:
    """Record why a run will be found dead: it ended while it acted, and was not closed."""
    connection.execute(update(runs).where(runs.c.number == number).values(detail=detail))


def judgement_columns(
    connection: Connection,
    plan: Plan | None,
    verdicts: tuple[Verdict, ...],
    fleet: FleetSize | None,
) -> Mapping[str, Any]:
    """Store the plan; return the columns for it, the verdicts and the fleet."""
    columns: dict[str, Any] = {"verdicts": pack_verdicts(verdicts)}
    if plan is not None:
        columns |= store_plan(connection, plan)
    if fleet is not None:
        columns |= {"declared": fleet.declared, "observed": fleet.observed}
    return columns


def reason(error: BaseException | None) -> str:
    """Why a run ended without being closed."""
    if error is None:
        return "it ended without closing"
    if not isinstance(error, Exception):
        return "interrupted"
    name = type(error).__name__
    return f"{name}: {error}"[:_REASON] if isinstance(error, _WITHOUT_SECRETS) else name


def give_lock_back(connection: Connection, workspace: str, run: str, fence: int) -> None:
    """Release the lock if the run still holds it; lock its row first, as every writer does."""
    hold_lock(connection, workspace)
    release_lock(connection, workspace, run, fence)


def _ended(number: int, state: RunState, at: str, **columns: Any) -> Update:
    changed = update(runs).where(runs.c.number == number)
    return changed.values(state=state.value, ended_at=at, **columns)
