"""What earlier runs left: open, in doubt without an outcome, or ended as unknown lately."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, union

from reconciler.applying import InDoubt, Outcome, RunState, StepKind
from reconciler.ledger.as_written import as_written
from reconciler.ledger.schema import in_doubt, runs, steps
from reconciler.ledger.stored_plan import stored_content
from reconciler.planning import Action


def unsettled(workspace: str) -> ColumnElement[bool]:
    """The runs of ``workspace`` that are open, or over and with a call in doubt: what everybody
    announces of which the process is gone, whoever held the lock since."""
    open_ = select(runs.c.number).where(
        runs.c.workspace == workspace, runs.c.state == RunState.RUNNING.value
    )
    # By numbers that indexes give: no look at every run of the workspace.
    found = union(open_, select(in_doubt.c.run))
    return (runs.c.workspace == workspace) & runs.c.number.in_(found)


@as_written()
def read_doubts(connection: Connection, workspace: str, address: str) -> tuple[InDoubt, ...]:
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


@as_written()
def read_unknown(
    connection: Connection, workspace: str, address: str, between: tuple[str, str]
) -> tuple[Action, ...]:
    """The actions that ended as ``unknown`` and for which a call was intended ``between`` these
    times (RFC 3339): the calls may still be under way, although they have an outcome."""
    since, until = between
    intent = steps.alias()
    rows = connection.execute(
        select(steps.c.position, runs.c.plan)
        .join(runs, runs.c.number == steps.c.run)
        .where(
            runs.c.workspace == workspace,
            runs.c.address == address,
            or_(runs.c.ended_at.is_(None), runs.c.ended_at >= since),
            steps.c.outcome == Outcome.UNKNOWN,
            select(intent.c.number)
            .where(
                intent.c.run == steps.c.run,
                intent.c.position == steps.c.position,
                intent.c.kind == StepKind.INTENT,
                intent.c.at.between(since, until),
            )
            .exists(),
        )
        .order_by(steps.c.number)
    ).all()
    actions = _actions(connection, (row.plan for row in rows))
    return tuple(actions[row.plan][row.position] for row in rows)


def _actions(connection: Connection, plans: Iterable[str]) -> dict[str, tuple[Action, ...]]:
    """The actions of ``plans``, which are named by their digests."""
    return {plan: stored_content(connection, plan).actions for plan in set(plans)}


def _doubt(row: Row[Any], actions: tuple[Action, ...]) -> InDoubt:
    if row.position < 0:
        raise IndexError(f"position {row.position}")
    if datetime.fromisoformat(row.at).tzinfo is None:
        raise ValueError(f"a time without a zone: {row.at!r}")
    return InDoubt(row.id, actions[row.position], row.call, row.at, row.answer)
