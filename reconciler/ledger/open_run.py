"""An acting run in the process that opened it: the durable journal, and the lock."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Final, NamedTuple, Self

from sqlalchemy import Connection, update

from reconciler.domain import Clock, rfc3339
from reconciler.ledger.begin_run import Taken
from reconciler.ledger.claim import Claim
from reconciler.ledger.close_run import complete_run, end_run, give_back, judged, note_run, reason
from reconciler.ledger.database import Database
from reconciler.ledger.declared_users import Scope, declare, record_seen
from reconciler.ledger.heartbeat import Heartbeat
from reconciler.ledger.in_doubt import read_in_doubt, read_under_way
from reconciler.ledger.lock import LockTimes, refresh_lock, require_lock
from reconciler.ledger.reader import LedgerReader
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
    """A run that may act: where its steps go, and the seal of the plan that it is bound by."""

    book: StepRecords
    seal: str


class OpenRun:
    """An acting run that holds its workspace's lock: the durable ``applying.Journal``.

    Its heartbeat is a thread of this process. Leaving the context closes the run (as stopped, if
    it has not begun to act; one that has, and was not closed, is left to be found dead) and gives
    the lock back. Its records raise ``applying.JournalFailed``, its questions
    :class:`LedgerError`. Thread-safe.
    """

    def __init__(
        self,
        database: Database,
        reader: LedgerReader,
        claim: Claim,
        taken: Taken,
        *,
        clock: Clock,
        times: LockTimes,
    ) -> None:
        self.id: Final = claim.run
        self.dead: Final[tuple[RunSummary, ...]] = taken.dead
        """The runs that were found dead, and are marked so now; and the earlier ones that left
        calls in doubt which no run settled before this one."""
        self._database = database
        self._reader = reader
        self._claim = claim
        self._fence = taken.fence
        self._number = taken.number
        self._clock = clock
        self._began: _Acting | None = None  # once it may act
        self._used = False
        self._closing: RunClosed | None = None
        self._over = False
        self._dead_books = DeadRunSteps(claim)
        self._heartbeat = Heartbeat(
            self._beat, workspace=claim.workspace, monotonic=clock.monotonic, times=times
        )
        self._heartbeat.start()

    # What it may ask.

    def history(self, asked: Collection[str] = ()) -> History:
        """What the last acting run accepted here, and who belongs to others than its owner;
        which of ``asked`` were ever seen."""
        claim = self._claim
        return self._reader.history(claim.workspace, claim.base_url, claim.owner, asked)

    def in_doubt(self) -> tuple[InDoubt, ...]:
        """What earlier runs of this workspace at this address left in doubt."""
        with self._database.read() as connection:
            return read_in_doubt(connection, self._claim.workspace, self._claim.base_url)

    def under_way(self, seconds: float) -> frozenset[str]:
        """The users for whom a call may be under way that any run of this ledger, of whatever
        workspace, intended at most ``seconds`` ago: by Recall's ids, and by the external ids of
        this workspace at this address."""
        claim, now = self._claim, self._clock.now()
        since = rfc3339(now - timedelta(seconds=seconds))
        with self._database.read() as connection:
            return read_under_way(connection, claim.workspace, claim.base_url, since, rfc3339(now))

    def used_by(self, plan_seal: str) -> str | None:
        """As :meth:`LedgerReader.used_by`."""
        return self._reader.used_by(plan_seal)

    def run_history(self, run: str) -> RunHistory:
        """As :meth:`LedgerReader.story`."""
        return self._reader.run_history(run)

    def lineage(self, run: str) -> tuple[RunHistory, ...]:
        """As :meth:`LedgerReader.lineage`."""
        return self._reader.lineage(run)

    def check(self) -> None:
        """Raise :class:`LockLost` if the heartbeat found that the lock is another's by now."""
        self._heartbeat.check()

    # What ends it before it acts.

    def refused(
        self, detail: str, plan: Plan | None, verdicts: tuple[Verdict, ...], fleet: FleetSize | None
    ) -> None:
        """The run is over: a guard refused it, or its saved plan was unusable."""
        self._end(RunState.REFUSED, detail, plan, verdicts, fleet)

    def declined(self, plan: Plan, verdicts: tuple[Verdict, ...], fleet: FleetSize) -> None:
        """The run is over: the operator was asked and did not say yes."""
        self._end(RunState.DECLINED, None, plan, verdicts, fleet)

    def stopped(self, detail: str) -> None:
        """The run is over before it acted, by an error or a signal."""
        self._end(RunState.STOPPED, detail)

    # What it does.

    def run_opened(self, record: RunOpened) -> None:
        """It may act from now on; what was seen is what later runs are measured against.

        Whom it declares belongs to its owner from now on.
        """
        self._must_be_this(record.run)
        if self._began is not None or self._over:
            raise JournalFailed(f"run {self.id} was opened or ended before")
        content, claim = record.plan.content, self._claim
        scope = Scope(claim.workspace, claim.base_url)
        if (content.workspace, content.base_url) != scope:
            raise JournalFailed(f"the plan is not for the workspace and address of run {self.id}")
        with self._writing() as connection:
            require_lock(connection, claim.workspace, self.id, self._fence)
            columns = judged(connection, record.plan, record.verdicts, record.fleet)
            connection.execute(
                update(runs).where(runs.c.number == self._number).values(accepted=True, **columns)
            )
            declare(connection, scope, self._number, claim.owner, record.declared)
            record_seen(connection, scope, record.seen)
        book = StepRecords(self.id, self._number, record.plan.content.actions)
        self._began = _Acting(book, seal(record.plan))

    def intent(self, record: Intent) -> None:
        """Durable when this returns, and only if the lock is still ours in that transaction."""
        self._must_be_this(record.run)
        acting = self._acting()
        with self._writing() as connection:
            require_lock(connection, self._claim.workspace, self.id, self._fence)
            acting.book.intent(connection, record)
            if not self._used:
                user = UsingRun(self.id, self._claim.resumes)
                use_plan(connection, acting.seal, user, record.at)
            self._refresh(connection)
        self._used = True

    # Facts of what was done are taken down whoever has the lock by now.

    def answer(self, record: Answer) -> None:
        """What came back for a call."""
        with self._writing() as connection:
            self._book_of(connection, record.run).answer(connection, record)

    def read_back(self, record: ReadBack) -> None:
        """What a read-back showed."""
        with self._writing() as connection:
            self._book_of(connection, record.run).read_back(connection, record)

    def outcome(self, record: Ended) -> None:
        """How an action ended."""
        with self._writing() as connection:
            self._book_of(connection, record.run).outcome(connection, record)

    def run_closed(self, record: RunClosed) -> None:
        """It is over; outcomes that could not be taken down before are taken down now."""
        self._must_be_this(record.run)
        book = self._acting().book
        self._heartbeat.stop()
        self._closing = record
        with self._writing() as connection:
            self._give_back(connection)
            complete_run(connection, book, record)
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
        if self._closing is not None:
            self.run_closed(self._closing)
        elif self._began is None:
            self.stopped(reason(error))
        else:
            # It has acted. What it left is for the next run to find, to tell and to settle.
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
            raise JournalFailed(f"run {self.id} began to act, or ended, before")
        self._heartbeat.stop()
        with self._writing() as connection:
            self._give_back(connection)
            columns = judged(connection, plan, verdicts, fleet)
            at = rfc3339(self._clock.now())
            end_run(connection, self._number, state, at, detail, **columns)
        self._over = True

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with journalled(), self._database.write() as connection:
            yield connection

    def _must_be_this(self, run: str) -> None:
        if run != self.id:
            raise JournalFailed(f"a record of run {run} was handed to run {self.id}")

    def _acting(self) -> _Acting:
        if self._began is None or self._over:
            raise JournalFailed(f"run {self.id} is not open for acting")
        return self._began

    def _book_of(self, connection: Connection, run: str) -> StepRecords:
        """The book to write in: this run's, or that of a dead one which this run settles."""
        return self._acting().book if run == self.id else self._dead_books.of(connection, run)

    def _beat(self) -> bool:
        with self._database.write() as connection:
            return self._refresh(connection)

    def _refresh(self, connection: Connection) -> bool:
        now = self._database.now(connection)
        return refresh_lock(connection, self._claim.workspace, self.id, self._fence, now)

    def _give_back(self, connection: Connection) -> None:
        give_back(connection, self._claim.workspace, self.id, self._fence)
