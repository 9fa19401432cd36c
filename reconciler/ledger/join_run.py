"""Joining the one open run of a workspace, from another process of the same machine."""

from sqlalchemy import select

from reconciler.ledger.database import Database
from reconciler.ledger.errors import NotJoinable
from reconciler.ledger.joined_run import JoinedRun
from reconciler.ledger.lock import Lock, LockTimes, read_lock
from reconciler.ledger.machine import who
from reconciler.ledger.schema import runs
from reconciler.ledger.stored_plans import stored_plan
from reconciler.runs import RunState


def join_run(
    database: Database, workspace: str, base_url: str, *, seal: str, times: LockTimes
) -> JoinedRun:
    """The run that holds the workspace's lock. Raises :class:`NotJoinable` with the reason."""
    with database.read() as connection:
        lock = read_lock(connection, workspace)
        if lock is None:
            raise NotJoinable(f"workspace {workspace} has no open run: begin one first")
        _check_opener(lock, database.now(connection), times)
        row = connection.execute(select(runs).where(runs.c.run == lock.run)).one()
        if row.state != RunState.RUNNING:
            raise NotJoinable(f"run {lock.run} is over: begin another")
        if row.address != base_url:
            raise NotJoinable(
                f"the open run {lock.run} of workspace {workspace} acts at {row.address},"
                f" not at {base_url}"
            )
        if not row.accepted:
            raise NotJoinable(f"run {lock.run} has not stored its plan yet")
        if row.seal != seal:
            raise NotJoinable(f"run {lock.run} acts on another plan than the one given here")
        plan = stored_plan(connection, row)
    if plan is None:
        raise NotJoinable(f"run {lock.run} has not stored its plan yet")
    return JoinedRun(
        database, lock, row.number, plan, owner=row.owner, resumes=row.resumes, times=times
    )


def _check_opener(lock: Lock, now: float, times: LockTimes) -> None:
    """Whether who opened the run lives, here. Raises :class:`NotJoinable`."""
    opener = f"run {lock.run} was opened by process {lock.who.pid} of {lock.who.host}"
    here = who().machine
    if here is None or lock.who.machine != here:
        raise NotJoinable(
            f"{opener}, and a run can be joined only on the machine that opened it,"
            " since it last started"
        )
    if lock.alive() is not True:
        raise NotJoinable(f"{opener}, which has ended: begin another run, it settles what is open")
    if lock.overdue(now, times):
        raise NotJoinable(
            f"{opener}, which has been silent for {now - lock.heartbeat:.0f} s: begin another run"
        )
