"""A run in the process that opened it: its durable journal and its lock."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Final, NamedTuple, Self

from msgspec import structs
from sqlalchemy import Connection, update

from reconciler.domain import Clock, rfc3339
from reconciler.ledger.daily_limit import daily_limit
from reconciler.ledger.database import Database
from reconciler.ledger.declared_users import Scope, declare, record_rows, record_seen
from reconciler.ledger.in_doubt import read_in_doubt, read_under_way
from reconciler.ledger.lock import Heartbeat, LockTimes, refresh_lock, require_lock
from reconciler.ledger.opening import Claim
from reconciler.ledger.reader import LedgerReader
from reconciler.ledger.run_history import run_row
from reconciler.ledger.run_row import (
    BegunRun,
    complete_run,
    end_run,
    give_lock_back,
    judgement_columns,
    note_run,
    reason,
)
from reconciler.ledger.schema import runs
from reconciler.ledger.steps import DeadRunSteps, StepRecords, journalled
from reconciler.ledger.stored_plans import UsingRun, use_plan
from reconciler.planning import FleetSize, History, Plan, Verdict, seal
from reconciler.runs import (
    Answer,
    Ended,
    InDoubt,
    Intent,
    JournalFailed,
    ReadBack,
    RunClosed,
    RunHistory,
    RunOpened,
    RunState,
    RunSummary,
)

log = logging.getLogger(__name__)


class _Acting(NamedTuple):
    """A run that may act: its step records, and the seal of the plan that binds it."""

    steps: StepRecords
    seal: str


class OpenRun:
    """A run that holds its workspace's lock; the durable ``runs.Journal``.

    Its heartbeat is a thread of this process. Leaving the context gives the lock back and closes
    the run as stopped if it has not begun to act. A run that has acted and was not closed is left
    for the next run to find dead. Recording raises ``runs.JournalFailed``, reading raises
    :class:`LedgerError`. Thread-safe.
    """

    def __init__(
        self,
        database: Database,
        reader: LedgerReader,
        claim: Claim,
        begun: BegunRun,
        *,
        clock: Clock,
        times: LockTimes,
    ) -> None:
        self.id: Final = claim.run
        self.dead: Final[tuple[RunSummary, ...]] = begun.dead
        """The runs found dead now, and earlier ones whose calls are still in doubt."""
        self._database = database
        self._reader = reader
        self._claim = claim
        self._fence = begun.fence
        self._number = begun.number
        self._clock = clock
        self._began: _Acting | None = None  # set once it may act
        self._used = False
        self._closing: RunClosed | None = None
        self._over = False
        self._dead_run_steps = DeadRunSteps(claim)
        self._heartbeat = Heartbeat(
            self._beat, workspace=claim.workspace, monotonic=clock.monotonic, times=times
        )
        self._heartbeat.start()

    # Reading.

    def history(self, asked: Collection[str] = ()) -> History:
        """The fleet of the last accepted run, the users of other owners, and the users of ``asked``
        that were ever seen."""
        claim = self._claim
        return self._reader.history(claim.workspace, claim.base_url, claim.owner, asked)

    def in_doubt(self) -> tuple[InDoubt, ...]:
        """The calls that earlier runs of this workspace at this address left in doubt."""
        with self._database.read() as connection:
            return read_in_doubt(connection, self._claim.workspace, self._claim.base_url)

    def under_way(self, seconds: float) -> frozenset[str]:
        """The users with a call that may still be in progress: any run of this ledger intended it
        at most ``seconds`` ago. Recall's ids, and external ids of this workspace and address."""
        claim, now = self._claim, self._clock.now()
        since = rfc3339(now - timedelta(seconds=seconds))
        with self._database.read() as connection:
            return read_under_way(connection, claim.workspace, claim.base_url, since, rfc3339(now))

    def used_by(self, plan_seal: str) -> str | None:
        """As :meth:`LedgerReader.used_by`."""
        return self._reader.used_by(plan_seal)

    def run_history(self, run: str) -> RunHistory:
        """As :meth:`LedgerReader.run_history`."""
        return self._reader.run_history(run)

    def lineage(self, run: str) -> tuple[RunHistory, ...]:
        """As :meth:`LedgerReader.lineage`."""
        return self._reader.lineage(run)

    def check(self) -> None:
        """Raise :class:`LockLost` if the heartbeat found that the lock is lost."""
        self._heartbeat.check()

    # Before it acts.

    def continues(self, run: str) -> None:
        """From now on this run continues ``run``, for the owner that it acted for."""
        with self._writing() as connection:
            owner = run_row(connection, run).owner or self._claim.owner
            mine = update(runs).where(runs.c.number == self._number)
            connection.execute(mine.values(resumes=run, owner=owner))
        self._claim = structs.replace(self._claim, resumes=run, owner=owner)

    def refused(
        self, detail: str, plan: Plan | None, verdicts: tuple[Verdict, ...], fleet: FleetSize | None
    ) -> None:
        """Close the run: a guard refused it, or its saved plan was unusable."""
        self._end(RunState.REFUSED, detail, plan, verdicts, fleet)

    def declined(self, plan: Plan, verdicts: tuple[Verdict, ...], fleet: FleetSize) -> None:
        """Close the run: the operator did not answer yes."""
        self._end(RunState.DECLINED, None, plan, verdicts, fleet)

    def stopped(self, detail: str) -> None:
        """Close the run: an error or a signal ended it before it acted."""
        self._end(RunState.STOPPED, detail)

    # Acting.

    def run_opened(self, record: RunOpened) -> None:
        """Let the run act. Later runs compare their fleet with the one that it saw.

        The users that it declares belong to its owner from now on.
        """
        self._must_be_this(record.run)
        if self._began is not None or self._over:
            raise JournalFailed(f"run {self.id} was opened or closed before")
        content, claim = record.plan.content, self._claim
        scope = Scope(claim.workspace, claim.base_url)
        if (content.workspace, content.base_url) != scope:
            raise JournalFailed(f"the plan is not for the workspace and address of run {self.id}")
        with self._writing() as connection:
            require_lock(connection, claim.workspace, self.id, self._fence)
            columns = judgement_columns(connection, record.plan, record.verdicts, record.fleet)
            connection.execute(
                update(runs).where(runs.c.number == self._number).values(accepted=True, **columns)
            )
            declare(connection, scope, self._number, claim.owner, record.declared)
            record_rows(connection, self._number, record.rows)
            record_seen(connection, scope, record.seen)
        steps = StepRecords(
            self.id,
            self._number,
            record.plan.content.actions,
            daily_limit=daily_limit(scope, record.verdicts),
        )
        self._began = _Acting(steps, seal(record.plan))

    def intent(self, record: Intent) -> None:
        """Record an intent durably, only if the run still holds the lock in that transaction."""
        self._must_be_this(record.run)
        acting = self._acting()
        with self._writing() as connection:
            require_lock(connection, self._claim.workspace, self.id, self._fence)
            acting.steps.intent(connection, record)
            if not self._used:
                user = UsingRun(self.id, self._claim.resumes)
                use_plan(connection, acting.seal, user, record.at)
            self._refresh(connection)
        self._used = True

    # What was done is recorded even if the run has lost its lock.

    def answer(self, record: Answer) -> None:
        """Record the answer to a call."""
        with self._writing() as connection:
            self._records_of(connection, record.run).answer(connection, record)

    def read_back(self, record: ReadBack) -> None:
        """Record a read-back."""
        with self._writing() as connection:
            self._records_of(connection, record.run).read_back(connection, record)

    def outcome(self, record: Ended) -> None:
        """Record the outcome of an action."""
        with self._writing() as connection:
            self._records_of(connection, record.run).outcome(connection, record)

    def run_closed(self, record: RunClosed) -> None:
        """Close the run, and record the outcomes that could not be recorded before."""
        self._must_be_this(record.run)
        steps = self._acting().steps
        self._heartbeat.stop()
        self._closing = record
        with self._writing() as connection:
            self._give_back(connection)
            complete_run(connection, steps, record)
        self._over = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._leave(error)
        except JournalFailed as failed:
            log.warning(
                "run %s could not be closed in the ledger, and will be found dead: %s",
                self.id,
                failed,
            )
        finally:
            self._heartbeat.stop()

    def _leave(self, error: BaseException | None) -> None:
        if self._over:
            return
        # One that comes after the lock is given back would say that another run has taken it.
        self._heartbeat.stop()
        if self._closing is not None:
            self.run_closed(self._closing)
        elif self._began is None:
            self.stopped(reason(error))
        else:
            # It has acted: the next run finds, reports and resolves what it left.
            with self._writing() as connection:
                self._give_back(connection)
                note_run(connection, self._number, reason(error))
            self._over = True

    def _end(
        self,
        state: RunState,
        detail: str | None,
        plan: Plan | None = None,
        verdicts: tuple[Verdict, ...] = (),
        fleet: FleetSize | None = None,
    ) -> None:
        if self._began is not None or self._over:
            raise JournalFailed(f"run {self.id} began to act, or was closed, before")
        self._heartbeat.stop()
        with self._writing() as connection:
            self._give_back(connection)
            columns = judgement_columns(connection, plan, verdicts, fleet)
            at = rfc3339(self._clock.now())
            end_run(connection, self._number, state, at, detail, **columns)
        self._over = True

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with journalled(), self._database.write() as connection:
            yield connection

    def _must_be_this(self, run: str) -> None:
        if run != self.id:
            raise JournalFailed(f"run {self.id} got a record of run {run}")

    def _acting(self) -> _Acting:
        if self._began is None or self._over:
            raise JournalFailed(f"run {self.id} may not act")
        return self._began

    def _records_of(self, connection: Connection, run: str) -> StepRecords:
        """The step records of this run, or of a dead run whose calls this run resolves."""
        return self._acting().steps if run == self.id else self._dead_run_steps.of(connection, run)

    def _beat(self) -> bool:
        with self._database.write() as connection:
            return self._refresh(connection)

    def _refresh(self, connection: Connection) -> bool:
        now = self._database.now(connection)
        return refresh_lock(connection, self._claim.workspace, self.id, self._fence, now)

    def _give_back(self, connection: Connection) -> None:
        give_lock_back(connection, self._claim.workspace, self.id, self._fence)
