"""What the page of a plan shows of earlier runs: read from the ledger only where a page is made."""

from typing import Final

from msgspec import structs

from reconciler.config import Workspace
from reconciler.engine.earlier_plan import compare
from reconciler.engine.preview import PlanInputs, unreadable
from reconciler.engine.session import Session
from reconciler.ledger import LedgerError, read_ledger
from reconciler.planning import Content
from reconciler.reporting import LastPlan, LedgerAccess, PlanReport

_MOST_OUTCOMES: Final = 5
"""Earlier outcomes of one user."""


def with_history(report: PlanReport, workspace: Workspace) -> PlanReport:
    """``report`` with how earlier actions for the users of its plan ended.

    It never fails because of the ledger: what cannot be read is missing, and the report says so.
    """
    view, content = report.ledger, report.plan.content
    if view is None or view.state not in (LedgerAccess.READ, LedgerAccess.WRITTEN):
        return report
    try:
        with read_ledger(workspace.ledger) as ledger:
            past = ledger.user_outcomes(
                content.workspace, content.base_url, _users(content), _MOST_OUTCOMES
            )
    except LedgerError as error:
        return structs.replace(report, ledger=unreadable(view.place, error))
    return structs.replace(report, past=past)


def with_last_plan(report: PlanReport, session: Session, inputs: PlanInputs) -> PlanReport:
    """``report`` with what changed since the plan of the last run, unless it already says what
    changed since another one. ``inputs`` are those of its plan. As for :func:`with_history`."""
    view, content = report.ledger, report.plan.content
    if view is None or view.state is not LedgerAccess.READ or report.changes is not None:
        return report
    try:
        with read_ledger(session.workspace.ledger) as ledger:
            last = ledger.last_plan(content.workspace, content.base_url, content)
    except LedgerError as error:
        return structs.replace(report, ledger=unreadable(view.place, error))
    if last is None:
        return report
    compared = compare(session, last.plan, content, inputs.observation)
    return structs.replace(report, last=LastPlan(last.run, last.at, compared.changes))


def _users(content: Content) -> set[str]:
    return (
        {action.user for action in content.actions}
        | {pending.user for pending in content.pending}
        | {blocked.action.user for blocked in content.blocked}
    )
