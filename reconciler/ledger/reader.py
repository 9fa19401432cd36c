"""Reads the ledger: runs, their history, owners, and the holder of the lock."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Select, func, select

from reconciler.domain import LedgerPlace
from reconciler.ledger.connect_links import read_links
from reconciler.ledger.daily_limit import day_before, disconnects_since
from reconciler.ledger.database import Database
from reconciler.ledger.declared_users import Scope, read_ownership, read_rows, read_seen
from reconciler.ledger.errors import UnknownRun
from reconciler.ledger.in_doubt import unresolved_runs
from reconciler.ledger.lock import LOCK_TIMES, LockTimes, moment, read_lock
from reconciler.ledger.rows import refuse_foreign_rows
from reconciler.ledger.run_history import (
    SUMMARY_COLUMNS,
    read_lineage,
    read_run_history,
    run_row,
    summaries,
)
from reconciler.ledger.schema import runs
from reconciler.ledger.stored_plans import last_plan, used_by
from reconciler.ledger.user_history import read_pending_since, read_user_outcomes
from reconciler.planning import Content, FleetSize, History
from reconciler.runs import (
    Holder,
    MadeLink,
    PastOutcome,
    PendingKey,
    PendingSince,
    RecordedPlan,
    RunHistory,
    RunState,
    RunSummary,
)

FEWEST: Final = 4
"""The shortest beginning of a run's id that names it."""


class LedgerReader:
    """Reads the ledger. Every method raises :class:`LedgerError`."""

    def __init__(
        self, database: Database, place: LedgerPlace, times: LockTimes = LOCK_TIMES
    ) -> None:
        self.place: Final = place
        self._database = database
        self._times = times

    def history(
        self, workspace: str, base_url: str, owner: str | None, asked: Collection[str] = ()
    ) -> History:
        """The fleet of the last accepted run there, and the users of other owners than ``owner``.

        With None as ``owner`` it does not look up ownership. ``asked`` are the users to look up:
        were they ever seen?
        """
        scope = Scope(workspace, base_url)
        accepted = (
            select(runs.c.declared, runs.c.observed)
            .where(runs.c.workspace == workspace, runs.c.address == base_url, runs.c.accepted)
            .order_by(runs.c.number.desc())
            .limit(1)
        )
        with self._database.read() as connection, refuse_foreign_rows():
            row = connection.execute(accepted).one_or_none()
            if row is None:
                return History(disconnects_of_the_day=0)
            size = {"declared": row.declared, "observed": row.observed}
            ownership = None
            if owner is not None:
                ownership = read_ownership(connection, scope, owner)
            return History(
                msgspec.convert(size, FleetSize),
                ownership=ownership,
                seen=read_seen(connection, scope, asked),
                rows=read_rows(connection, scope),
                disconnects_of_the_day=disconnects_since(
                    connection, scope, day_before(moment(self._database.now(connection)))
                ),
            )

    def owner(self, run: str) -> str | None:
        """The owner that ``run`` acted for; None if it is not recorded."""
        with self._database.read() as connection:
            owner: str | None = run_row(connection, run).owner
            return owner

    def workspaces_of(self, owner: str) -> frozenset[str]:
        """The workspaces in which ``owner`` declared users in an accepted run."""
        accepted = select(runs.c.workspace).where(runs.c.owner == owner, runs.c.accepted)
        with self._database.read() as connection, refuse_foreign_rows():
            return frozenset(connection.execute(accepted.distinct()).scalars())

    def used_by(self, seal: str) -> str | None:
        """The run that used the plan with this seal; the last one if it was resumed."""
        with self._database.read() as connection:
            return used_by(connection, seal)

    def runs(self, workspace: str | None, limit: int) -> tuple[RunSummary, ...]:
        """The last runs, newest first; of all workspaces if ``workspace`` is None."""
        last = select(*SUMMARY_COLUMNS).order_by(runs.c.number.desc()).limit(limit)
        return self._summaries(last if workspace is None else _of(last, workspace))

    def find(self, beginning: str) -> str:
        """The one run whose id begins with ``beginning``, which has at least 4 characters.

        Raises :class:`UnknownRun`.
        """
        if not (beginning.isascii() and beginning.isprintable()):
            raise UnknownRun("no run has such an id; `reconciler runs` lists them")
        if len(beginning) < FEWEST:
            raise UnknownRun(f"{beginning!r} is too short: give {FEWEST} characters of the id")
        begins = func.substr(runs.c.run, 1, len(beginning)) == beginning
        with self._database.read() as connection:
            found = list(connection.execute(select(runs.c.run).where(begins).limit(2)).scalars())
            exact = connection.execute(
                select(runs.c.run).where(runs.c.run == beginning)
            ).scalar_one_or_none()
        if exact is not None:
            return str(exact)
        if not found:
            raise UnknownRun(f"no run's id begins with {beginning!r}; `reconciler runs` lists them")
        if len(found) > 1:
            raise UnknownRun(f"several runs' ids begin with {beginning!r}: give more of it")
        return str(found[0])

    def run_history(self, run: str) -> RunHistory:
        """The history of one run. Raises :class:`UnknownRun`."""
        with self._database.read() as connection:
            return read_run_history(connection, run, self._database.now(connection), self._times)

    def lineage(self, run: str) -> tuple[RunHistory, ...]:
        """The histories of a run and of the runs that it continues, newest first, all of one plan.

        Raises :class:`UnknownRun`.
        """
        with self._database.read() as connection:
            return read_lineage(connection, run, self._database.now(connection), self._times)

    def pending_since(
        self, workspace: str, base_url: str, owner: str, wanted: Collection[PendingKey]
    ) -> Mapping[PendingKey, PendingSince]:
        """When each of ``wanted`` became pending, by the runs of ``owner`` there."""
        with self._database.read() as connection:
            return read_pending_since(connection, Scope(workspace, base_url), owner, wanted)

    def user_outcomes(
        self, workspace: str, base_url: str, users: Collection[str], limit: int
    ) -> Mapping[str, tuple[PastOutcome, ...]]:
        """The last outcomes of actions for each of ``users`` there, newest first."""
        with self._database.read() as connection:
            return read_user_outcomes(connection, Scope(workspace, base_url), users, limit)

    def last_plan(self, workspace: str, base_url: str, like: Content) -> RecordedPlan | None:
        """The plan of the last run there whose plan is of the same part of the fleet as ``like``
        and knew all of it."""
        with self._database.read() as connection:
            return last_plan(connection, Scope(workspace, base_url), like)

    def connect_links(
        self, workspace: str, base_url: str, user: str, limit: int
    ) -> tuple[MadeLink, ...]:
        """The last connect links that were made for ``user`` there, newest first."""
        with self._database.read() as connection:
            return read_links(connection, Scope(workspace, base_url), user, limit)

    def dead_runs(self, workspace: str) -> tuple[RunSummary, ...]:
        """Runs that ended with calls in doubt, and open runs whose process has ended or is silent;
        oldest first.

        The open ones are reported as dead here; the next run records that.
        """
        found = self._summaries(
            select(*SUMMARY_COLUMNS).where(unresolved_runs(workspace)).order_by(runs.c.number)
        )
        return tuple(summary for summary in found if summary.state is not RunState.RUNNING)

    def holder(self, workspace: str) -> Holder | None:
        """The holder of the lock of ``workspace``; None if it is free."""
        with self._database.read() as connection:
            lock = read_lock(connection, workspace)
            now = self._database.now(connection)
            return None if lock is None else lock.holder(now, self._times)

    def _summaries(self, rows: Select[Any]) -> tuple[RunSummary, ...]:
        with self._database.read() as connection:
            now = self._database.now(connection)
            return summaries(connection, connection.execute(rows).all(), now, self._times)


def _of(rows: Select[Any], workspace: str) -> Select[Any]:
    return rows.where(runs.c.workspace == workspace)
