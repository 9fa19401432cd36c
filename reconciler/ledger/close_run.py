"""Closes a run, in the same transaction that gives its lock back."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Update, update

from reconciler.domain import InvalidInput
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.lock import hold_lock, release_lock
from reconciler.ledger.run_history import pack_counts
from reconciler.ledger.schema import runs
from reconciler.ledger.steps import StepRecords
from reconciler.ledger.stored_plans import pack_verdicts, store_plan
from reconciler.planning import FleetSize, Plan, PlanUnusable, Verdict
from reconciler.recall import RecallError
from reconciler.runs import JournalFailed, RunClosed, RunState

_WITHOUT_SECRETS: Final = (LedgerError, JournalFailed, RecallError, InvalidInput, PlanUnusable)
"""Errors whose text we record; of others we record only the name."""

_REASON: Final = 300
"""Characters of an error's text that we record."""


def complete_run(connection: Connection, steps: StepRecords, record: RunClosed) -> None:
    """Close a run that acted: every action has its outcome. Doing it twice changes nothing."""
    result = record.result
    counts = steps.complete(connection, record.at, result.results)
    ended = _ended(
        steps.number,
        RunState.COMPLETED,
        record.at,
        outcomes=pack_counts(counts),
        calls=result.calls,
        halted=result.halted,
        detail=result.halt_detail,
    )
    connection.execute(ended)


def end_run(
    connection: Connection, number: int, state: RunState, at: str, detail: str | None, **more: Any
) -> None:
    """Close a run that ended before it acted; ``more`` are the columns of its judgement.

    A refusal or an operator's "no" stays. If the ledger failed while recording one, the caller
    cannot know that it is recorded, and ends the run again.
    """
    ended = _ended(number, state, at, accepted=False, detail=detail, **more)
    final = (RunState.REFUSED.value, RunState.DECLINED.value)
    connection.execute(ended.where(runs.c.state.not_in(final)))


def note_run(connection: Connection, number: int, detail: str) -> None:
    """Record why a run will be found dead: it ended while it acted, and was not closed."""
    connection.execute(update(runs).where(runs.c.number == number).values(detail=detail))


def judgement_columns(
    connection: Connection,
    plan: Plan | None,
    verdicts: tuple[Verdict, ...],
    fleet: FleetSize | None,
) -> Mapping[str, Any]:
    """Store the plan; return the columns for it, the verdicts and the fleet."""
    columns: dict[str, Any] = {"verdicts": pack_verdicts(verdicts)}
    if plan is not None:
        columns |= store_plan(connection, plan)
    if fleet is not None:
        columns |= {"declared": fleet.declared, "observed": fleet.observed}
    return columns


def reason(error: BaseException | None) -> str:
    """Why a run ended without being closed."""
    if error is None:
        return "it ended without closing"
    if not isinstance(error, Exception):
        return "interrupted"
    name = type(error).__name__
    return f"{name}: {error}"[:_REASON] if isinstance(error, _WITHOUT_SECRETS) else name


def give_lock_back(connection: Connection, workspace: str, run: str, fence: int) -> None:
    """Release the lock if the run still holds it; lock its row first, as every writer does."""
    hold_lock(connection, workspace)
    release_lock(connection, workspace, run, fence)


def _ended(number: int, state: RunState, at: str, **columns: Any) -> Update:
    changed = update(runs).where(runs.c.number == number)
    return changed.values(state=state.value, ended_at=at, **columns)
