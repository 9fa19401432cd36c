"""Joins an open run from a second process, which does only actions of its stored plan."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, select

from reconciler.ledger.daily_limit import DailyLimit, daily_limit
from reconciler.ledger.database import Database
from reconciler.ledger.declared_users import Scope
from reconciler.ledger.errors import LockLost, NotJoinable
from reconciler.ledger.lock import Lock, LockTimes, read_lock, require_lock
from reconciler.ledger.opening import current_process
from reconciler.ledger.schema import runs
from reconciler.ledger.steps import StepRecords, journalled
from reconciler.ledger.stored_plans import UsingRun, stored_plan, unpack_verdicts, use_plan
from reconciler.planning import Plan, seal
from reconciler.runs import Answer, Ended, Intent, JournalFailed, ReadBack, RunState


class JoinedRun:
    """A run that another process of this machine opened; a ``runs.StepJournal``.

    It depends on the opener's lock and heartbeat, and checks both in the transaction of every
    intent. Thread-safe.
    """

    def __init__(
        self,
        database: Database,
        lock: Lock,
        number: int,
        plan: Plan,
        *,
        owner: str | None,
        resumes: str | None,
        limit: DailyLimit | None,
        times: LockTimes,
    ) -> None:
        self.id: Final = lock.run
        self.plan: Final = plan
        self.owner: Final = owner
        self._database = database
        self._lock = lock
        self._seal = seal(plan)
        self._user = UsingRun(lock.run, resumes)
        self._times = times
        self._used = False
        self._records = StepRecords(lock.run, number, plan.content.actions, daily_limit=limit)

    def intent(self, record: Intent) -> None:
        """Record an intent durably, only if the run is open and its opener lives."""
        with self._writing(record.run) as connection:
            self._require_opener(connection)
            self._records.intent(connection, record)
            if not self._used:
                use_plan(connection, self._seal, self._user, record.at)
        self._used = True

    def answer(self, record: Answer) -> None:
        """Record the answer to a call, even if the opener has ended."""
        with self._writing(record.run) as connection:
            self._records.answer(connection, record)

    def read_back(self, record: ReadBack) -> None:
        """Record a read-back, even if the opener has ended."""
        with self._writing(record.run) as connection:
            self._records.read_back(connection, record)

    def outcome(self, record: Ended) -> None:
        """Record an outcome, even if the opener has ended."""
        with self._writing(record.run) as connection:
            self._records.outcome(connection, record)

    @contextmanager
    def _writing(self, run: str) -> Iterator[Connection]:
        if run != self.id:
            raise JournalFailed(f"run {self.id} got a record of run {run}")
        with journalled(), self._database.write() as connection:
            yield connection

    def _require_opener(self, connection: Connection) -> None:
        lock = require_lock(connection, self._lock.workspace, self.id, self._lock.fence)
        if lock.alive() is False:
            raise LockLost(f"the process that opened run {self.id} has ended; nothing more is sent")
        if lock.overdue(self._database.now(connection), self._times):
            raise LockLost(f"the process that opened run {self.id} is silent; nothing more is sent")
        row = connection.execute(
            select(runs.c.state, runs.c.seal).where(runs.c.run == self.id)
        ).one()
        if (row.state, row.seal) != (RunState.RUNNING, self._seal):
            raise LockLost(f"run {self.id} is closed; nothing more is sent")


def join_run(
    database: Database, workspace: str, base_url: str, *, seal: str, times: LockTimes
) -> JoinedRun:
    """Join the run that holds the workspace's lock. Raises :class:`NotJoinable`."""
    with database.read() as connection:
        lock = read_lock(connection, workspace)
        if lock is None:
            raise NotJoinable(f"workspace {workspace} has no open run: begin one first")
        _check_opener(lock, database.now(connection), times)
        row = connection.execute(select(runs).where(runs.c.run == lock.run)).one()
        if row.state != RunState.RUNNING:
            raise NotJoinable(f"run {lock.run} is closed: begin another")
        if row.address != base_url:
            raise NotJoinable(
                f"the open run {lock.run} of workspace {workspace} acts at {row.address},"
                f" not at {base_url}"
            )
        if not row.accepted:
            raise NotJoinable(f"run {lock.run} has not stored its plan yet")
        if row.seal != seal:
            raise NotJoinable(f"run {lock.run} acts on another plan than the given one")
        plan = stored_plan(connection, row)
        limit = daily_limit(Scope(workspace, base_url), unpack_verdicts(row))
    if plan is None:
        raise NotJoinable(f"run {lock.run} has not stored its plan yet")
    return JoinedRun(
        database,
        lock,
        row.number,
        plan,
        owner=row.owner,
        resumes=row.resumes,
        limit=limit,
        times=times,
    )


def _check_opener(lock: Lock, now: float, times: LockTimes) -> None:
    """Raise :class:`NotJoinable` unless the run's opener is a live process of this machine."""
    opener = f"run {lock.run} was opened by process {lock.who.pid} of {lock.who.host}"
    here = current_process().machine
    if here is None or lock.who.machine != here:
        raise NotJoinable(
            f"{opener}, and a run can be joined only on the machine that opened it, before that"
            " restarts"
        )
    if lock.alive() is not True:
        raise NotJoinable(f"{opener}, which has ended: begin another run, which resolves its calls")
    if lock.overdue(now, times):
        raise NotJoinable(
            f"{opener}, which has been silent for {now - lock.heartbeat:.0f} s: begin another run"
        )
