"""What earlier runs left in doubt: calls that may have been sent and have no outcome."""

from sqlalchemy import Connection, select

from reconciler.applying import InDoubt, RunState
from reconciler.ledger.schema import in_doubt, runs
from reconciler.ledger.stored_plan import stored_content


def read_doubts(connection: Connection, workspace: str, address: str) -> tuple[InDoubt, ...]:
    """The calls in doubt of runs of ``workspace`` at ``address`` that are over, oldest first."""
    rows = connection.execute(
        select(in_doubt, runs.c.run.label("id"), runs.c.plan)
        .join(runs, runs.c.number == in_doubt.c.run)
        .where(
            runs.c.workspace == workspace,
            runs.c.address == address,
            runs.c.state != RunState.RUNNING,
        )
        .order_by(in_doubt.c.run, in_doubt.c.position)
    ).all()
    actions = {
        plan: stored_content(connection, plan).actions for plan in {row.plan for row in rows}
    }
    return tuple(
        InDoubt(row.id, actions[row.plan][row.position], row.call, row.at, row.answer)
        for row in rows
    )
