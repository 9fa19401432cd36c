"""What earlier runs left: open, in doubt without an outcome, or perhaps still under way."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, union

from reconciler.ledger.integrity import refuse_foreign_rows
from reconciler.ledger.schema import in_doubt, runs, steps
from reconciler.ledger.stored_plans import stored_content
from reconciler.planning import Action
from reconciler.runs import InDoubt, Outcome, RunState, StepKind


def unresolved_runs(workspace: str) -> ColumnElement[bool]:
    """The runs of ``workspace`` that are open, or over and with a call in doubt: what everybody
    announces of which the process is gone, whoever held the lock since."""
    open_ = select(runs.c.number).where(
        runs.c.workspace == workspace, runs.c.state == RunState.RUNNING.value
    )
    # By numbers that indexes give: no look at every run of the workspace.
    found = union(open_, select(in_doubt.c.run))
    return (runs.c.workspace == workspace) & runs.c.number.in_(found)


@refuse_foreign_rows()
def read_in_doubt(connection: Connection, workspace: str, address: str) -> tuple[InDoubt, ...]:
    """The calls in doubt of runs of ``workspace`` at ``address`` that are over, oldest first."""
    rows = connection.execute(
        select(in_doubt, runs.c.run.label("id"), runs.c.plan)
        .join(runs, runs.c.number == in_doubt.c.run)
        .where(
            runs.c.workspace == workspace,
            runs.c.address == address,
            runs.c.state != RunState.RUNNING,
            # Said once more, so that SQLite does not look at every run of the workspace.
            runs.c.number.in_(select(in_doubt.c.run)),
        )
        .order_by(in_doubt.c.run, in_doubt.c.position)
    ).all()
    actions = _actions(connection, (row.plan for row in rows))
    return tuple(_doubt(row, actions[row.plan]) for row in rows)


@refuse_foreign_rows()
def read_under_way(
    connection: Connection, workspace: str, address: str, since: str, now: str
) -> frozenset[str]:
    """The users for whom any run of this ledger intended a call ``since`` that has no outcome, or
    ended as ``unknown``: it may still be under way.

    By Recall's ids, which mean one user everywhere; by external ids too where the call was one of
    ``workspace`` at ``address``. An intent that lies after ``now`` was recorded before a clock was
    set back, or by another clock: it counts as just now until a run that began later in its
    workspace was over before ``since``. (Times are RFC 3339.)
    """
    told = (runs.c.workspace, runs.c.address, runs.c.plan)
    intent = steps.alias()
    # A run that died is said to have ended when the one that found it set out, which may have
    # waited long for the lock.
    recent = select(runs.c.number).where(
        or_(runs.c.ended_at.is_(None), runs.c.ended_at >= since, runs.c.state == RunState.DIED)
    )
    rows = [
        *connection.execute(
            select(in_doubt.c.position, *told)
            .join(runs, runs.c.number == in_doubt.c.run)
            .where(
                in_doubt.c.at >= since,
                _not_outlived(in_doubt.c.at, since, now),
                runs.c.number.in_(select(in_doubt.c.run)),  # as above
            )
        ),
        *connection.execute(
            select(steps.c.position, *told)
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
    """That an intent of a row of ``runs`` is not proven to be older than ``since`` although ``at``
    lies after ``now``: a later run of its workspace began when no more intents could follow."""
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
    """The actions of ``plans``, which are named by their digests."""
    return {plan: stored_content(connection, plan).actions for plan in set(plans)}


def _doubt(row: Row[Any], actions: tuple[Action, ...]) -> InDoubt:
    if row.position < 0:
        raise IndexError(f"position {row.position}")
    if datetime.fromisoformat(row.at).tzinfo is None:
        raise ValueError(f"a time without a zone: {row.at!r}")
    return InDoubt(row.id, actions[row.position], row.call, row.at, row.answer)
