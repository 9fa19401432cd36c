"""Which plans were used: a plan is, from the first durable intent of a run of it."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select

from reconciler.applying import JournalFailed
from reconciler.ledger.as_written import as_written
from reconciler.ledger.inserting import insert_new
from reconciler.ledger.schema import runs, used_plans


class UsingRun(NamedTuple):
    """A run that uses a plan, and the run that it resumes."""

    run: str
    resumes: str | None


def use_plan(connection: Connection, seal: str, user: UsingRun, at: str) -> None:
    """Take down that ``user`` uses the plan with this seal.

    Raises :class:`JournalFailed` if a run did that the user does not continue.
    """
    if insert_new(connection, used_plans, seal=seal, run=user.run, at=at):
        return
    first = connection.execute(
        select(used_plans.c.run).where(used_plans.c.seal == seal)
    ).scalar_one()
    if first != user.run and first not in _resumed(connection, user):
        raise JournalFailed(f"the plan was already used by run {first}; plan again")


@as_written()
def used_by(connection: Connection, seal: str) -> str | None:
    """The run that used the plan; where it was resumed, the last that did."""
    last: str | None = connection.execute(
        select(used_plans.c.run).where(used_plans.c.seal == seal)
    ).scalar_one_or_none()
    while last is not None:
        later = _continued_by(connection, last)
        if later is None:
            return last
        last = later
    return None


def _resumed(connection: Connection, user: UsingRun) -> Iterator[str]:
    """The runs that ``user`` continues, the last first."""
    resumed = user.resumes
    before: int | None = None
    while resumed is not None:
        yield resumed
        row = connection.execute(
            select(runs.c.number, runs.c.resumes).where(runs.c.run == resumed)
        ).one_or_none()
        if row is None or (before is not None and row.number >= before):
            return  # a run resumes only an earlier one
        before, resumed = row.number, row.resumes


def _continued_by(connection: Connection, run: str) -> str | None:
    """The last run that resumed ``run`` and was let through."""
    number = connection.execute(select(runs.c.number).where(runs.c.run == run)).scalar_one()
    later: str | None = connection.execute(
        select(runs.c.run)
        .where(runs.c.resumes == run, runs.c.accepted, runs.c.number > number)
        .order_by(runs.c.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    return later
