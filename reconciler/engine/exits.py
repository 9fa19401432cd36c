"""From what happened to an exit status.

The command line ends with it. The Pulumi front, which cannot choose how Pulumi ends, writes it into
its reports.
"""

from collections.abc import Iterable, Set
from enum import StrEnum
from typing import Final

from reconciler.domain import Exit, InvalidInput, of_signal
from reconciler.engine.approval import Refused
from reconciler.engine.pending import LinkRefused
from reconciler.engine.preview import IncompleteList
from reconciler.ledger import (
    LedgerError,
    LedgerMissing,
    LedgerUnreachable,
    LockHeld,
    UnknownRun,
)
from reconciler.planning import GuardName, Plan, PlanUnusable, UnmatchedSelector
from reconciler.recall import CredentialsRefused, RecallError, Throttled
from reconciler.runs import HaltCause, JournalFailed, RunResult

_HALTED = {
    HaltCause.CREDENTIALS_REFUSED: Exit.CREDENTIALS,
    HaltCause.OUT_OF_CREDIT: Exit.UNREACHABLE,
    HaltCause.RETRY_AFTER_BEYOND_CAP: Exit.TRY_LATER,
    HaltCause.JOURNAL_FAILED: Exit.TRY_LATER,
    HaltCause.DAILY_LIMIT: Exit.REFUSED,
    HaltCause.DEFECT: Exit.DEFECT,
}


class PlanState(StrEnum):
    """What a plan may be that has a status of its own, in the order that counts."""

    REFUSED = "refused"
    UNDECLARED = "undeclared"
    CHANGES = "changes"
    PENDING = "pending"


STATUS_OF: Final = {
    PlanState.REFUSED: Exit.REFUSED,
    PlanState.UNDECLARED: Exit.UNDECLARED,
    PlanState.CHANGES: Exit.CHANGES,
    PlanState.PENDING: Exit.PENDING,
}
"""The status of a plan in each of its states."""

_WORST_FIRST: Final = (
    Exit.DEFECT,
    Exit.PARTIAL,
    Exit.TERMINATED,
    Exit.INTERRUPTED,
    Exit.CREDENTIALS,
    Exit.INVALID,
    Exit.USAGE,
    Exit.PLAN_UNUSABLE,
    Exit.REFUSED,
    Exit.INCOMPLETE,
    Exit.UNREACHABLE,
    Exit.TRY_LATER,
    Exit.UNDECLARED,
    Exit.CHANGES,
    Exit.PENDING,
    Exit.OK,
)
"""What somebody has to look into comes first, then what passes by itself, then what is no error."""


def worst(statuses: Iterable[int]) -> Exit:
    """The status of a command over several workspaces that ended so; 0 for none."""
    return min(map(Exit, statuses), key=_WORST_FIRST.index, default=Exit.OK)


FAILING: Final = frozenset({PlanState.REFUSED})
"""The states in which every command that plans fails, unless it was asked not to."""


def exit_status(
    event: Plan | RunResult | BaseException, *, failing: Set[PlanState] = FAILING
) -> Exit:
    """The status of a command that ended with ``event``.

    A plan in a state of ``failing`` has the status of the first of them; any other plan has 0. An
    incomplete list fails always.
    """
    if isinstance(event, Plan):
        return _of_plan(event, failing)
    if isinstance(event, RunResult):
        return _of_run(event)
    return _of_error(event)


def _of_plan(plan: Plan, failing: Set[PlanState]) -> Exit:
    content = plan.content
    refusals = [verdict.guard for verdict in content.refusals]
    if GuardName.COMPLETE_OBSERVATION in refusals:
        return Exit.INCOMPLETE
    # Changes must not hide who is undeclared. A refusal may: a wrong key makes everybody so.
    states = {
        PlanState.REFUSED: bool(refusals),
        PlanState.UNDECLARED: bool(content.undeclared),
        PlanState.CHANGES: bool(content.actions),
        PlanState.PENDING: bool(content.waits),
    }
    found = (STATUS_OF[state] for state in PlanState if states[state] and state in failing)
    return next(found, Exit.OK)


def _of_run(result: RunResult) -> Exit:
    """Once a mutating call was sent, the results count, and not what ended the run."""
    if result.signal is not None and result.halted is HaltCause.INTERRUPTED:
        return of_signal(result.signal)
    if not result.calls and result.halted in _HALTED:
        return _HALTED[result.halted]
    return Exit.OK if result.converged and result.halted is None else Exit.PARTIAL


def _of_error(error: BaseException) -> Exit:  # noqa: PLR0911 - a table, in the order that counts
    match error:
        case UnmatchedSelector() | UnknownRun():
            return Exit.USAGE
        case LedgerMissing() | LinkRefused():
            return Exit.REFUSED
        case LedgerUnreachable() | LockHeld() | JournalFailed() | Throttled():
            return Exit.TRY_LATER
        case InvalidInput() | LedgerError():
            return Exit.INVALID
        case KeyboardInterrupt():
            return Exit.INTERRUPTED
        case CredentialsRefused():
            return Exit.CREDENTIALS
        case RecallError():
            return Exit.UNREACHABLE
        case PlanUnusable():
            return Exit.PLAN_UNUSABLE
        case IncompleteList():
            return Exit.INCOMPLETE
        case Refused(incomplete=incomplete):
            return Exit.INCOMPLETE if incomplete else Exit.REFUSED
        case _:
            return Exit.DEFECT
