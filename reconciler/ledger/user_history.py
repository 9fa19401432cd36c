"""What earlier runs say of single users: since when they have been pending, and their outcomes.

A run stores its plan, so it shows who was pending then. Only so many runs are read.
"""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Connection, func, select

from reconciler.ledger.declared_users import Scope
from reconciler.ledger.rows import refuse_foreign_rows
from reconciler.ledger.schema import runs, steps
from reconciler.ledger.stored_plans import StoredPending, stored_pending
from reconciler.runs import Front, Outcome, PastOutcome, PendingKey, PendingSince

MOST_RUNS: Final = 1_000
"""Runs that are looked at."""
MOST_BYTES: Final = 256 * 1024 * 1024
"""Bytes of plans that are decoded, as soon as which are reached no more is."""
MOST_OUTCOMES: Final = 200_000
"""Outcomes that are read."""
MOST_NAMED: Final = 1_000
"""Users that a query names; for more than that it reads everybody's."""


@refuse_foreign_rows()
def read_pending_since(
    connection: Connection, scope: Scope, owner: str, wanted: Collection[PendingKey]
) -> Mapping[PendingKey, PendingSince]:
    """When each of ``wanted`` became pending, by the runs of ``owner``; only those that a run saw.

    That is the first of the consecutive runs, up to the last one, whose plans had it. A plan of a
    part of the fleet, or of an incomplete list, may lack a user who was pending: it ends nothing. A
    run that resumes another has an old plan, so it does not count.
    """
    rows = connection.execute(
        select(runs.c.opened_at, runs.c.plan)
        .where(
            runs.c.workspace == scope.workspace,
            runs.c.address == scope.address,
            runs.c.owner == owner,
            runs.c.plan.is_not(None),
            runs.c.front != Front.RESUME,
        )
        .order_by(runs.c.number.desc())
        .limit(MOST_RUNS + 1)
    ).all()
    left, since, read = set(wanted), dict[PendingKey, str](), 0
    name, stored = "", StoredPending((), whole=False, size=0)
    cut_off = False
    for number, row in enumerate(rows):
        cut_off = bool(left) and (number == MOST_RUNS or read >= MOST_BYTES)
        if cut_off or not left:
            break
        if row.plan != name:
            name, stored = row.plan, stored_pending(connection, row.plan)
            read += stored.size
        there = left.intersection(stored.keys)
        since.update(dict.fromkeys(there, row.opened_at))
        if stored.whole:
            left = there
    return {key: PendingSince(at, or_earlier=cut_off and key in left) for key, at in since.items()}


@refuse_foreign_rows()
def read_user_outcomes(
    connection: Connection, scope: Scope, users: Collection[str], limit: int
) -> Mapping[str, tuple[PastOutcome, ...]]:
    """The last outcomes of actions for each of ``users`` there, newest first; only those that a run
    acted for."""
    # No index finds the steps of a user, so no older ones are looked at.
    in_scope = (runs.c.workspace == scope.workspace, runs.c.address == scope.address)
    last = (
        select(runs.c.number)
        .where(*in_scope)
        .order_by(runs.c.number.desc())
        .limit(MOST_RUNS)
        .subquery()
    )
    oldest = connection.execute(select(func.min(last.c.number))).scalar_one()
    if oldest is None:
        return {}
    outcomes = (
        select(runs.c.run, steps.c.user, steps.c.at, steps.c.outcome, steps.c.code)
        .join(runs, runs.c.number == steps.c.run)
        .where(*in_scope, runs.c.number >= oldest, steps.c.outcome.is_not(None))
        .order_by(steps.c.number.desc())
        .limit(MOST_OUTCOMES)
    )
    if len(users) <= MOST_NAMED:
        outcomes = outcomes.where(steps.c.user.in_(users))
    found: dict[str, list[PastOutcome]] = {user: [] for user in users}
    for row in connection.execute(outcomes):
        of_user = found.get(row.user)
        if of_user is not None and len(of_user) < limit:
            of_user.append(PastOutcome(row.run, row.at, Outcome(row.outcome), row.code))
    return {user: tuple(outcomes) for user, outcomes in found.items() if outcomes}
