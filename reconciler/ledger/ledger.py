"""The ledger as acting runs have it: where runs begin, are joined, and are locked out."""

from collections.abc import Callable
from typing import Final

from reconciler.domain import Clock, LedgerPlace
from reconciler.ledger.begin_run import begin_run
from reconciler.ledger.claim import Claim
from reconciler.ledger.database import Database
from reconciler.ledger.errors import UnknownRun
from reconciler.ledger.join_run import join_run
from reconciler.ledger.joined_run import JoinedRun
from reconciler.ledger.lock import LOCK_TIMES, LockTimes, keep_lock, revoke_lock
from reconciler.ledger.open_run import OpenRun
from reconciler.ledger.reader import LedgerReader
from reconciler.runs import Holder


class Ledger(LedgerReader):
    """Reads and writes. ``made`` says that there was none before."""

    def __init__(
        self,
        database: Database,
        place: LedgerPlace,
        *,
        made: bool,
        times: LockTimes = LOCK_TIMES,
    ) -> None:
        super().__init__(database, place, times)
        self.made: Final = made

    def begin(
        self,
        claim: Claim,
        *,
        clock: Clock,
        lock_timeout: float = 0,
        pause: Callable[[float], None],
    ) -> OpenRun:
        """Take the workspace's lock and open the run.

        Waits ``lock_timeout`` seconds for the lock, by calls of ``pause``, which may raise.
        Raises :class:`LockHeld`, :class:`LedgerError`.
        """
        taken = begin_run(
            self._database,
            claim,
            clock=clock,
            times=self._times,
            lock_timeout=lock_timeout,
            pause=pause,
        )
        return OpenRun(self._database, self, claim, taken, clock=clock, times=self._times)

    def join(self, workspace: str, base_url: str, *, seal: str) -> JoinedRun:
        """Join the workspace's one open run, to act on actions of its plan alone.

        For another process of the machine that the run was opened on. ``seal`` is that of the
        plan the caller was handed. Raises :class:`NotJoinable`, :class:`LedgerError`.
        """
        return join_run(self._database, workspace, base_url, seal=seal, times=self._times)

    def unlock(self, workspace: str, run: str) -> Holder:
        """Take the lock away from ``run``; whatever it still tries finds it gone.

        Raises :class:`UnknownRun` when that run does not hold it, :class:`LedgerError`.
        """
        with self._database.write() as connection:
            lock = keep_lock(connection, workspace)
            if lock is None:
                raise UnknownRun(f"nobody holds the lock of workspace {workspace}")
            if lock.run != run:
                raise UnknownRun(
                    f"run {run} does not hold the lock of workspace {workspace}: run {lock.run}"
                    f" does; if you mean that one, give its id in full"
                )
            holder = lock.holder(self._database.now(connection), self._times)
            revoke_lock(connection, lock)
        return holder
