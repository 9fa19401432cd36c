"""The ledger, to be written: runs, locks that are taken away, links, and who was notified."""

from collections.abc import Callable
from typing import Final

from reconciler.domain import Clock, LedgerPlace
from reconciler.ledger.connect_links import add_link
from reconciler.ledger.database import Database
from reconciler.ledger.declared_users import Scope
from reconciler.ledger.errors import UnknownRun
from reconciler.ledger.joined_run import JoinedRun, join_run
from reconciler.ledger.lock import LOCK_TIMES, LockTimes, hold_lock, revoke_lock
from reconciler.ledger.notification_claim import NotificationClaim, NotificationSubject
from reconciler.ledger.notified import claim_change, end_claim
from reconciler.ledger.open_run import OpenRun
from reconciler.ledger.opening import Claim
from reconciler.ledger.reader import LedgerReader
from reconciler.ledger.run_row import begin_run
from reconciler.runs import Holder, MadeLink


class Ledger(LedgerReader):
    """Reads and writes. ``made`` says that this process made the ledger."""

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

        Waits up to ``lock_timeout`` seconds for the lock, by calls of ``pause``, which may raise.
        Raises :class:`LockHeld`, :class:`LedgerError`.
        """
        begun = begin_run(
            self._database,
            claim,
            clock=clock,
            times=self._times,
            lock_timeout=lock_timeout,
            pause=pause,
        )
        return OpenRun(self._database, self, claim, begun, clock=clock, times=self._times)

    def join(self, workspace: str, base_url: str, *, seal: str) -> JoinedRun:
        """Join the workspace's one open run, to do actions of its plan and no others.

        Only a process on the run's machine can join it. ``seal`` is the seal of the plan that the
        caller got. Raises :class:`NotJoinable`, :class:`LedgerError`.
        """
        return join_run(self._database, workspace, base_url, seal=seal, times=self._times)

    def link_made(self, workspace: str, base_url: str, user: str, link: MadeLink) -> None:
        """Record that a connect link is made for ``user`` there. It takes no lock: a link changes
        nothing. Raises :class:`LedgerError`."""
        with self._database.write() as connection:
            add_link(connection, Scope(workspace, base_url), user, link)

    def claim_notification(
        self, subject: NotificationSubject, digest: str, at: str, *, nothing: str
    ) -> NotificationClaim | None:
        """The right to notify a target of a change; None if it is known, or claimed elsewhere.

        ``nothing`` is the digest that needs no notification of a target that was never notified.
        Raises :class:`LedgerError`.
        """
        return claim_change(self._database, subject, digest, at, nothing=nothing)

    def end_notification(self, claim: NotificationClaim, at: str, *, delivered: bool) -> None:
        """Record what became of a claim. Raises :class:`LedgerError`."""
        end_claim(self._database, claim, at, delivered=delivered)

    def unlock(self, workspace: str, run: str) -> Holder:
        """Take the lock away from ``run``, which then can begin nothing more.

        Raises :class:`UnknownRun` when that run does not hold it, :class:`LedgerError`.
        """
        with self._database.write() as connection:
            lock = hold_lock(connection, workspace)
            if lock is None:
                raise UnknownRun(f"nobody holds the lock of workspace {workspace}")
            if lock.run != run:
                raise UnknownRun(
                    f"run {run} does not hold the lock of workspace {workspace}: run {lock.run}"
                    f" does; to unlock that one, give its full id"
                )
            holder = lock.holder(self._database.now(connection), self._times)
            revoke_lock(connection, lock)
        return holder
