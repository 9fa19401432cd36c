"""The whole story of one run: what it planned, and every step of it."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, select

from reconciler.applying import ActionResult, ActionStory, Outcome, RunStory, Step, StepKind
from reconciler.ledger.as_written import as_written
from reconciler.ledger.errors import UnknownRun
from reconciler.ledger.lock import LockTimes
from reconciler.ledger.schema import runs, steps
from reconciler.ledger.stored_plan import stored_plan, unpack_verdicts
from reconciler.ledger.summaries import summaries
from reconciler.planning import Action, FleetSize


def run_row(connection: Connection, run: str) -> Row[Any]:
    """The row of ``run``. Raises :class:`UnknownRun`."""
    row = connection.execute(select(runs).where(runs.c.run == run)).one_or_none()
    if row is None:
        raise UnknownRun(f"there is no run {run}; `reconciler runs` lists them")
    return row


@as_written()
def read_story(connection: Connection, run: str, now: float, times: LockTimes) -> RunStory:
    """All that is recorded of ``run``. Raises :class:`UnknownRun`."""
    return _story(connection, run_row(connection, run), now, times)


def _story(connection: Connection, row: Row[Any], now: float, times: LockTimes) -> RunStory:
    (summary,) = summaries(connection, [row], now, times)
    plan = stored_plan(connection, row)
    written = _steps(connection, row.number)
    return RunStory(
        summary=summary,
        plan=plan,
        verdicts=unpack_verdicts(row),
        fleet=None if row.declared is None else FleetSize(row.declared, row.observed),
        accepted=row.accepted,
        actions=tuple(
            _action_story(action, written.get(position, []))
            for position, action in enumerate(plan.content.actions if plan else ())
        ),
    )


@as_written()
def read_lineage(
    connection: Connection, run: str, now: float, times: LockTimes
) -> tuple[RunStory, ...]:
    """All that is recorded of ``run``, and of the runs that it continues: newest first, all of one
    plan. Raises :class:`UnknownRun`."""
    row = run_row(connection, run)
    stories = [_story(connection, row, now, times)]
    plan = stories[0].plan
    while row.resumes is not None:
        younger, row = row, run_row(connection, row.resumes)
        older = _story(connection, row, now, times)
        # Only one that died before it had a plan is of none.
        if row.number >= younger.number or plan not in (None, older.plan):
            raise ValueError(f"run {younger.run} cannot have continued run {row.run}")
        stories.append(older)
    return tuple(stories)


def _steps(connection: Connection, number: int) -> dict[int, list[Step]]:
    """The steps of each action, by its position, in the order in which they were written."""
    written: dict[int, list[Step]] = defaultdict(list)
    for row in connection.execute(
        select(steps).where(steps.c.run == number).order_by(steps.c.number)
    ):
        written[row.position].append(
            Step(
                at=row.at,
                kind=StepKind(row.kind),
                call=row.call,
                code=row.code,
                no_effect=row.no_effect,
                outcome=None if row.outcome is None else Outcome(row.outcome),
                detail=row.detail,
                by=row.settled_by,
            )
        )
    return written


def _action_story(action: Action, written: list[Step]) -> ActionStory:
    result = None
    for step in written:
        if step.outcome is not None:
            result = ActionResult(
                action, step.outcome, step.code or "", step.detail, calls=step.call or 0
            )
    return ActionStory(action, result, tuple(written))
