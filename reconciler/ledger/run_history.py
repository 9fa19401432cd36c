"""Reads the history of runs: one run with its plan and steps, or many as summaries.

Summaries use only rows that indexes find.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, case, func, select

from reconciler.ledger.errors import UnknownRun
from reconciler.ledger.lock import Lock, LockTimes, read_lock
from reconciler.ledger.rows import refuse_foreign_rows
from reconciler.ledger.schema import in_doubt, runs, steps
from reconciler.ledger.stored_plans import stored_plan, unpack_verdicts
from reconciler.planning import Action, FleetSize
from reconciler.runs import (
    ActionHistory,
    ActionResult,
    Front,
    Outcome,
    RunHistory,
    RunState,
    RunSummary,
    Step,
    StepKind,
    Who,
)
from reconciler.runs.journal import NOT_SENT


def run_row(connection: Connection, run: str) -> Row[Any]:
    """The row of ``run``. Raises :class:`UnknownRun`."""
    row = connection.execute(select(runs).where(runs.c.run == run)).one_or_none()
    if row is None:
        raise UnknownRun(f"there is no run {run}; `reconciler runs` lists them")
    return row


@refuse_foreign_rows()
def read_run_history(connection: Connection, run: str, now: float, times: LockTimes) -> RunHistory:
    """The history of ``run``. Raises :class:`UnknownRun`."""
    return _run_history(connection, run_row(connection, run), now, times)


def _run_history(connection: Connection, row: Row[Any], now: float, times: LockTimes) -> RunHistory:
    (summary,) = summaries(connection, [row], now, times)
    plan = stored_plan(connection, row)
    written = _steps(connection, row.number)
    return RunHistory(
        summary=summary,
        plan=plan,
        verdicts=unpack_verdicts(row),
        fleet=None if row.declared is None else FleetSize(row.declared, row.observed),
        accepted=row.accepted,
        actions=tuple(
            _action_history(action, written.get(position, []))
            for position, action in enumerate(plan.content.actions if plan else ())
        ),
    )


@refuse_foreign_rows()
def read_lineage(
    connection: Connection, run: str, now: float, times: LockTimes
) -> tuple[RunHistory, ...]:
    """The histories of ``run`` and of the runs that it continues, newest first, all of one plan.

    Raises :class:`UnknownRun`.
    """
    row = run_row(connection, run)
    histories = [_run_history(connection, row, now, times)]
    plan = histories[0].plan
    while row.resumes is not None:
        younger, row = row, run_row(connection, row.resumes)
        older = _run_history(connection, row, now, times)
        # Only a run that died before it had a plan has none.
        if row.number >= younger.number or plan not in (None, older.plan):
            raise ValueError(f"run {younger.run} cannot have continued run {row.run}")
        histories.append(older)
    return tuple(histories)


def _steps(connection: Connection, number: int) -> dict[int, list[Step]]:
    """The steps of each action by its position, in the order in which they were recorded."""
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


def _action_history(action: Action, written: list[Step]) -> ActionHistory:
    result = None
    for step in written:
        if step.outcome is not None:
            result = ActionResult(
                action, step.outcome, step.code or "", step.detail, calls=step.call or 0
            )
    return ActionHistory(action, result, tuple(written))


_MANY: Final = 500
"""Runs in one statement: databases limit its parameters."""

SUMMARY_COLUMNS: Final = tuple(
    column for column in runs.c if column.name not in {"envelope", "seal", "verdicts"}
)
"""The columns of ``runs`` for a summary, without those that grow with the plan."""

_counts = msgspec.json.Decoder(dict[Outcome, int])


class _Facts(msgspec.Struct, frozen=True):
    """What other tables have about runs, by the number or the id of the run."""

    outcomes: Mapping[int, Mapping[Outcome, int]]
    calls: Mapping[int, int]
    in_doubt: Mapping[int, int]
    resumed_by: Mapping[str, str]


def pack_counts(counts: Mapping[Outcome, int]) -> str:
    """The number of actions for each outcome, as ``runs`` stores it."""
    return msgspec.json.encode(counts, order="sorted").decode()


@refuse_foreign_rows()
def summaries(
    connection: Connection, rows: Sequence[Row[Any]], now: float, times: LockTimes
) -> tuple[RunSummary, ...]:
    """Summaries of rows of ``runs``, in their order; ``now`` is by the database's clock.

    An open run without the lock, or whose process has ended, is reported as dead.
    """
    running = {row.workspace for row in rows if row.state == RunState.RUNNING}
    locks = {workspace: read_lock(connection, workspace) for workspace in running}
    dead = {workspace for workspace, lock in locks.items() if lock and lock.dead(now, times)}
    found = []
    for some in _portions(rows):
        facts = _facts(connection, some)
        for row in some:
            state = RunState(row.state)
            if state is RunState.RUNNING and (
                row.workspace in dead or not _holds(locks[row.workspace], row.run)
            ):
                state = RunState.DIED
            found.append(_summary(row, state, facts))
    return tuple(found)


def _holds(lock: Lock | None, run: str) -> bool:
    return lock is not None and lock.run == run


def _portions(rows: Sequence[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    for start in range(0, len(rows), _MANY):
        yield rows[start : start + _MANY]


def _summary(row: Row[Any], state: RunState, facts: _Facts) -> RunSummary:
    summary = RunSummary(
        run=row.run,
        front=Front(row.front),
        workspace=row.workspace,
        base_url=row.address,
        owner=row.owner,
        state=state,
        opened=row.opened_at,
        ended=row.ended_at,
        who=Who(row.who, row.host, row.pid, row.machine),
        commit=row.commit,
        tool_version=row.tool_version,
        plan_digest=row.plan,
        actions=row.actions,
        outcomes=(
            facts.outcomes.get(row.number, {})
            if row.outcomes is None
            else _counts.decode(row.outcomes)
        ),
        in_doubt=facts.in_doubt.get(row.number, 0),
        calls=facts.calls.get(row.number, 0) if row.calls is None else row.calls,
        resumes=row.resumes,
        resumed_by=facts.resumed_by.get(row.run),
        halted=row.halted,
        detail=row.detail,
    )
    # Checked here: a column of SQLite may hold a value of any type.
    return msgspec.convert(msgspec.to_builtins(summary), RunSummary)


def _facts(connection: Connection, rows: Sequence[Row[Any]]) -> _Facts:
    numbers = [row.number for row in rows]
    uncounted = [row.number for row in rows if row.outcomes is None and row.plan is not None]
    return _Facts(
        outcomes=_outcomes(connection, uncounted),
        calls=_calls(connection, uncounted),
        in_doubt=_in_doubt(connection, numbers),
        resumed_by=_resumed_by(connection, [row.run for row in rows]),
    )


def _outcomes(connection: Connection, numbers: list[int]) -> dict[int, dict[Outcome, int]]:
    """The number of actions for each outcome, by the last outcome of each action."""
    if not numbers:
        return {}
    later = func.lead(steps.c.number).over(
        partition_by=(steps.c.run, steps.c.position), order_by=steps.c.number
    )
    ended = (
        select(steps.c.run, steps.c.outcome, later.label("later"))
        .where(steps.c.run.in_(numbers), steps.c.outcome.is_not(None))
        .subquery()
    )
    counted: dict[int, dict[Outcome, int]] = {}
    for run, outcome, count in connection.execute(
        select(ended.c.run, ended.c.outcome, func.count())
        .where(ended.c.later.is_(None))
        .group_by(ended.c.run, ended.c.outcome)
    ):
        counted.setdefault(run, {})[Outcome(outcome)] = count
    return counted


def _calls(connection: Connection, numbers: list[int]) -> dict[int, int]:
    """The number of calls that were, or may have been, sent: intents that were not withdrawn."""
    if not numbers:
        return {}
    withdrawn: ColumnElement[bool] = steps.c.code == NOT_SENT
    worth = case(
        (steps.c.kind == StepKind.INTENT, 1),
        ((steps.c.kind == StepKind.ANSWER) & withdrawn, -1),
        else_=0,
    )
    rows = connection.execute(
        select(steps.c.run, func.sum(worth)).where(steps.c.run.in_(numbers)).group_by(steps.c.run)
    )
    return {run: int(calls) for run, calls in rows}


def _in_doubt(connection: Connection, numbers: list[int]) -> dict[int, int]:
    rows = connection.execute(
        select(in_doubt.c.run, func.count().label("calls"))
        .where(in_doubt.c.run.in_(numbers))
        .group_by(in_doubt.c.run)
    )
    return {row.run: row.calls for row in rows}


def _resumed_by(connection: Connection, ids: list[str]) -> dict[str, str]:
    """The last accepted run that resumed each; a refused run continued nothing."""
    rows = connection.execute(
        select(runs.c.resumes, runs.c.run)
        .where(runs.c.resumes.in_(ids), runs.c.accepted)
        .order_by(runs.c.number)
    )
    return {row.resumes: row.run for row in rows}
