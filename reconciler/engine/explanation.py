"""One user, explained: from what is observed and declared to what would be done, and what was."""

from collections.abc import Mapping
from typing import Final

from reconciler.domain import Exit, Platform
from reconciler.engine.preview import IncompleteList, PlanInputs, judged_content, unreadable
from reconciler.engine.session import Session, protection_of
from reconciler.ledger import LedgerError, read_ledger
from reconciler.planning import Content, Explanation, UnmatchedSelector, explanation_of
from reconciler.reporting import ExplanationReport, LedgerAccess, LedgerView
from reconciler.runs import MadeLink, PastOutcome, PendingSince

_MOST_OUTCOMES: Final = 10
_MOST_LINKS: Final = 5


def explain_user(
    session: Session, inputs: PlanInputs, remembered: LedgerView, owner: str, user: str
) -> ExplanationReport:
    """What the plan that would be made now has about ``user``, and why.

    Raises ``planning.UnmatchedSelector`` for somebody who is neither declared nor listed, and
    :class:`IncompleteList` where an incomplete list cannot tell.
    """
    observed = inputs.observation.state
    content = judged_content(session, inputs)
    explanation = explained(session, inputs, content, user)
    since, history, links, ledger = _recorded(session, owner, explanation, remembered)
    return ExplanationReport(
        content.workspace,
        content.base_url,
        explanation,
        since,
        history,
        links,
        tuple(verdict.guard for verdict in content.refusals),
        ledger,
        Exit.OK if observed.complete else Exit.INCOMPLETE,
    )


def explained(session: Session, inputs: PlanInputs, content: Content, user: str) -> Explanation:
    """What ``content``, which was made of ``inputs``, has about ``user``; raises as above."""
    observed = inputs.observation.state
    try:
        return explanation_of(
            user,
            content,
            inputs.desired,
            observed,
            protection_of(session.workspace),
            inputs.history.ownership,
            inputs.at,
        )
    except UnmatchedSelector as error:
        if observed.complete:
            raise
        raise IncompleteList("; ".join((str(error), *observed.problems))) from None


_Recorded = tuple[
    Mapping[Platform, PendingSince], tuple[PastOutcome, ...], tuple[MadeLink, ...], LedgerView
]


def _recorded(
    session: Session, owner: str, explanation: Explanation, view: LedgerView
) -> _Recorded:
    """Since when the user is pending, how earlier actions ended, which connect links were made, and
    how the ledger was read."""
    if view.state is not LedgerAccess.READ:
        return {}, (), (), view
    user, name, address = explanation.user, session.workspace.name, session.endpoint.address
    platforms = [pending.platform for pending in explanation.pending if pending.platform]
    try:
        with read_ledger(session.workspace.ledger) as ledger:
            keys = [(user, platform) for platform in platforms]
            since = ledger.pending_since(name, address, owner, keys)
            history = ledger.user_outcomes(name, address, (user,), _MOST_OUTCOMES)
            links = ledger.connect_links(name, address, user, _MOST_LINKS)
    except LedgerError as error:
        return {}, (), (), unreadable(view.place, error)
    return {platform: at for (_, platform), at in since.items()}, history.get(user, ()), links, view
