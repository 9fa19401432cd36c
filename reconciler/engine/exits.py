"""From what happened to an exit status.

The command line ends with it. The Pulumi front, which cannot choose how Pulumi ends, writes it into
its reports.
"""

from reconciler.domain import Exit, InvalidInput, UndeclaredPolicy, of_signal
from reconciler.engine.approval import Refused
from reconciler.engine.connect_link import LinkRefused
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
    HaltCause.DEFECT: Exit.DEFECT,
}


def exit_status(
    event: Plan | RunResult | BaseException,
    *,
    detailed: bool = False,
    undeclared: UndeclaredPolicy = UndeclaredPolicy.REPORT,
) -> Exit:
    """The status of a command that ended with ``event``.

    ``detailed`` distinguishes a plan with changes (2), or one that waits for a person (7).
    ``undeclared`` says whether a plan fails (8) that lists users in no manifest.
    """
    if isinstance(event, Plan):
        return _of_plan(event, detailed=detailed, undeclared=undeclared)
    if isinstance(event, RunResult):
        return _of_run(event)
    return _of_error(event)


def _of_plan(plan: Plan, *, detailed: bool, undeclared: UndeclaredPolicy) -> Exit:
    refusals = [verdict.guard for verdict in plan.content.refusals]
    if GuardName.COMPLETE_OBSERVATION in refusals:
        return Exit.INCOMPLETE
    if refusals:
        return Exit.REFUSED
    # Changes must not hide it. A refusal may: a wrong key makes everybody undeclared.
    if undeclared is UndeclaredPolicy.FAIL and plan.content.undeclared:
        return Exit.UNDECLARED
    if detailed and plan.content.actions:
        return Exit.CHANGES
    if detailed and plan.content.waits:
        return Exit.PENDING
    return Exit.OK


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
