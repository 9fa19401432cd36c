"""An acting run in a second process, which acts on actions of the run's stored plan alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, select

from reconciler.ledger.database import Database
from reconciler.ledger.errors import LockLost
from reconciler.ledger.lock import Lock, LockTimes, require_lock
from reconciler.ledger.schema import runs
from reconciler.ledger.steps import StepRecords, journalled
from reconciler.ledger.stored_plans import UsingRun, use_plan
from reconciler.planning import Plan, seal
from reconciler.runs import Answer, Ended, Intent, JournalFailed, ReadBack, RunState


class JoinedRun:
    """A run that another process of this machine opened: an ``applying.StepJournal``.

    It lives by the opener's lock and heartbeat, and looks at both in the transaction of every
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
        self._book = StepRecords(lock.run, number, plan.content.actions)

    def intent(self, record: Intent) -> None:
        """Durable when this returns, and only if the run is open and its opener lives."""
        with self._writing(record.run) as connection:
            self._require_opener(connection)
            self._book.intent(connection, record)
            if not self._used:
                use_plan(connection, self._seal, self._user, record.at)
        self._used = True

    def answer(self, record: Answer) -> None:
        """What came back for a call; taken down whatever became of the opener."""
        with self._writing(record.run) as connection:
            self._book.answer(connection, record)

    def read_back(self, record: ReadBack) -> None:
        """What a read-back showed; as :meth:`answer`."""
        with self._writing(record.run) as connection:
            self._book.read_back(connection, record)

    def outcome(self, record: Ended) -> None:
        """How an action ended; as :meth:`answer`."""
        with self._writing(record.run) as connection:
            self._book.outcome(connection, record)

    @contextmanager
    def _writing(self, run: str) -> Iterator[Connection]:
        if run != self.id:
            raise JournalFailed(f"a record of run {run} was handed to run {self.id}")
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
            raise LockLost(f"run {self.id} is over; nothing more is sent")
