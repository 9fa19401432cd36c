"""The last words of a run, in one transaction with giving its lock back."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Update, update

from reconciler.domain import InvalidInput
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.lock import keep_lock, release_lock
from reconciler.ledger.run_history import pack_counts
from reconciler.ledger.schema import runs
from reconciler.ledger.steps import StepRecords
from reconciler.ledger.stored_plans import pack_verdicts, store_plan
from reconciler.planning import FleetSize, Plan, PlanUnusable, Verdict
from reconciler.recall import RecallError
from reconciler.runs import JournalFailed, RunClosed, RunState

_WITHOUT_SECRETS: Final = (LedgerError, JournalFailed, RecallError, InvalidInput, PlanUnusable)
"""Errors whose text may be taken down; of others only the name is."""

_REASON: Final = 300
"""Characters of an error's text that are taken down."""


def complete_run(connection: Connection, book: StepRecords, record: RunClosed) -> None:
    """It acted, and every action has its outcome. Saying it twice changes nothing."""
    result = record.result
    counts = book.complete(connection, record.at, result.results)
    ended = _ended(
        book.number,
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
    """It ended before it acted; ``more`` are columns of what it was judged by.

    What a guard or the operator said stands: whoever cannot know that it was taken down, since the
    ledger failed just then, ends the run once more.
    """
    ended = _ended(number, state, at, accepted=False, detail=detail, **more)
    said = (RunState.REFUSED.value, RunState.DECLINED.value)
    connection.execute(ended.where(runs.c.state.not_in(said)))


def note_run(connection: Connection, number: int, detail: str) -> None:
    """Why it will be found dead: it ended while it acted, without having been closed."""
    connection.execute(update(runs).where(runs.c.number == number).values(detail=detail))


def judged(
    connection: Connection,
    plan: Plan | None,
    verdicts: tuple[Verdict, ...],
    fleet: FleetSize | None,
) -> Mapping[str, Any]:
    """The columns of what a run was judged by, with the plan stored."""
    columns: dict[str, Any] = {"verdicts": pack_verdicts(verdicts)}
    if plan is not None:
        columns |= store_plan(connection, plan)
    if fleet is not None:
        columns |= {"declared": fleet.declared, "observed": fleet.observed}
    return columns


def reason(error: BaseException | None) -> str:
    """Why a run ended that nobody closed."""
    if error is None:
        return "it ended without saying how"
    if not isinstance(error, Exception):
        return "interrupted"
    name = type(error).__name__
    return f"{name}: {error}"[:_REASON] if isinstance(error, _WITHOUT_SECRETS) else name


def give_back(connection: Connection, workspace: str, run: str, fence: int) -> None:
    """Release the lock if it is still the run's; asked first, as everyone does."""
    keep_lock(connection, workspace)
    release_lock(connection, workspace, run, fence)


def _ended(number: int, state: RunState, at: str, **columns: Any) -> Update:
    changed = update(runs).where(runs.c.number == number)
    return changed.values(state=state.value, ended_at=at, **columns)
