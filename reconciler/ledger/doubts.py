"""What earlier runs left in doubt: calls that may have been sent and have no outcome."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from reconciler.applying import InDoubt, RunState
from reconciler.ledger.as_written import as_written
from reconciler.ledger.schema import in_doubt, runs
from reconciler.ledger.stored_plan import stored_content
from reconciler.planning import Action


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
    actions = {
        plan: stored_content(connection, plan).actions for plan in {row.plan for row in rows}
    }
    return tuple(_doubt(row, actions[row.plan]) for row in rows)


def _doubt(row: Row[Any], actions: tuple[Action, ...]) -> InDoubt:
    if row.position < 0:
        raise IndexError(f"position {row.position}")
    if datetime.fromisoformat(row.at).tzinfo is None:
        raise ValueError(f"a time without a zone: {row.at!r}")
    return InDoubt(row.id, actions[row.position], row.call, row.at, row.answer)
