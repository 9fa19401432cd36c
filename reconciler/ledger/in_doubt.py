"""Finds what earlier runs left: open runs, calls in doubt, calls perhaps still in progress."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, union

from reconciler.ledger.rows import refuse_foreign_rows
from reconciler.ledger.schema import in_doubt, runs, steps
from reconciler.ledger.stored_plans import stored_content
from reconciler.planning import Action
from reconciler.runs import InDoubt, Outcome, RunState, StepKind


def unresolved_runs(workspace: str) -> ColumnElement[bool]:
    """The runs of ``workspace`` that are open, or that ended with a call in doubt.

    Every command reports those whose process has ended, whatever run held the lock since.
    """
    open_ = select(runs.c.number).where(
        runs.c.workspace == workspace, runs.c.state == RunState.RUNNING.value
    )
    # The indexes give these numbers, so the query does not scan every run of the workspace.
    found = union(open_, select(in_doubt.c.run))
    return (runs.c.workspace == workspace) & runs.c.number.in_(found)


@refuse_foreign_rows()
def read_in_doubt(connection: Connection, workspace: str, address: str) -> tuple[InDoubt, ...]:
    """The calls in doubt of closed or dead runs of ``workspace`` at ``address``, oldest first."""
    rows = connection.execute(
        select(in_doubt, runs.c.run.label("id"), runs.c.plan)
        .join(runs, runs.c.number == in_doubt.c.run)
        .where(
            runs.c.workspace == workspace,
            runs.c.address == address,
            runs.c.state != RunState.RUNNING,
            # Redundant, but it keeps SQLite from scanning every run of the workspace.
            runs.c.number.in_(select(in_doubt.c.run)),
        )
        .order_by(in_doubt.c.run, in_doubt.c.position)
    ).all()
    actions = _actions(connection, (row.plan for row in rows))
    return tuple(_in_doubt(row, actions[row.plan]) for row in rows)


@refuse_foreign_rows()
def read_under_way(
    connection: Connection, workspace: str, address: str, since: str, now: str
) -> frozenset[str]:
    """The users with a call that may still be in progress: intended ``since``, by any run of this
    ledger, without an outcome or with the outcome ``unknown``.

    The result has Recall's ids, which are unique everywhere, and external ids too for calls of
    ``workspace`` at ``address``. An intent after ``now`` comes from before a clock was set back, or
    from another clock. It counts as recent until a run that began later in its workspace ended
    before ``since``. (Times are RFC 3339.)
    """
    columns = (runs.c.workspace, runs.c.address, runs.c.plan)
    intent = steps.alias()
    # The end of a dead run is the beginning of the run that found it, which may have waited long
    # for the lock. So the end of a dead run does not rule it out.
    recent = select(runs.c.number).where(
        or_(runs.c.ended_at.is_(None), runs.c.ended_at >= since, runs.c.state == RunState.DIED)
    )
    rows = [
        *connection.execute(
            select(in_doubt.c.position, *columns)
            .join(runs, runs.c.number == in_doubt.c.run)
            .where(
                in_doubt.c.at >= since,
                _not_outlived(in_doubt.c.at, since, now),
                runs.c.number.in_(select(in_doubt.c.run)),  # as above
            )
        ),
        *connection.execute(
            select(steps.c.position, *columns)
            .join(runs, runs.c.number == steps.c.run)
            .where(
                steps.c.run.in_(recent),
                steps.c.outcome == Outcome.UNKNOWN,
                select(intent.c.number)
                .where(
                    intent.c.run == steps.c.run,
                    intent.c.position == steps.c.position,
                    intent.c.kind == StepKind.INTENT,
                    intent.c.at >= since,
                    _not_outlived(intent.c.at, since, now),
                )
                .exists(),
            )
        ),
    ]
    actions = _actions(connection, (row.plan for row in rows))
    ids = set()
    for row in rows:
        action = actions[row.plan][row.position]
        ids.add(action.recall_id)
        if (row.workspace, row.address) == (workspace, address):
            ids.add(action.user)
    return frozenset(ids)


def _not_outlived(at: ColumnElement[str], since: str, now: str) -> ColumnElement[bool]:
    """The condition that an intent may be younger than ``since``.

    One whose ``at`` is after ``now`` is older if a later run of its workspace ended before
    ``since``: no more intents could follow when that run began.
    """
    later = runs.alias()
    outlived = (
        select(later.c.number)
        .where(
            later.c.workspace == runs.c.workspace,
            later.c.number > runs.c.number,
            later.c.ended_at < since,
            later.c.state != RunState.DIED,
        )
        .correlate(runs)
        .exists()
    )
    return or_(at <= now, ~outlived)


def _actions(connection: Connection, plans: Iterable[str]) -> dict[str, tuple[Action, ...]]:
    """The actions of the plans with these digests."""
    return {plan: stored_content(connection, plan).actions for plan in set(plans)}


def _in_doubt(row: Row[Any], actions: tuple[Action, ...]) -> InDoubt:
    if row.position < 0:
        raise IndexError(f"position {row.position}")
    if datetime.fromisoformat(row.at).tzinfo is None:
        raise ValueError(f"a time without a zone: {row.at!r}")
    return InDoubt(row.id, actions[row.position], row.call, row.at, row.answer)
