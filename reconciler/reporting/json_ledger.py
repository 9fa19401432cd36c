"""The parts of machine-readable reports on the ledger: past runs, and what a command saw of it."""

from msgspec import Struct

from reconciler.planning import Action, Plan
from reconciler.reporting import entries
from reconciler.reporting.documents import LedgerAccess, LedgerView
from reconciler.reporting.json_parts import ActionOutcome, RunCounts, action_outcome
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import history, runs
from reconciler.runs.history import (
    ActionHistory,
    Front,
    ResolvedCall,
    RunHistory,
    RunState,
    RunSummary,
    Step,
    Who,
)
from reconciler.runs.journal import Outcome


class PastRun(Struct, frozen=True):
    """One run as the ledger has it; times are RFC 3339 in UTC.

    ``owner`` is on whose behalf it acted, null where an earlier version ran. ``summary`` counts the
    outcomes so far, ``in_doubt`` the actions whose call may have been sent and that have no
    outcome, ``never_begun`` those that were not begun. ``message`` says how it ended, ``halted``
    the code of what stopped it early, ``detail`` a sentence on why.
    """

    run: str
    front: Front
    workspace: str
    base_url: str
    owner: str | None
    state: RunState
    message: str
    opened: str
    ended: str | None
    who: Who
    commit: str | None
    tool_version: str
    plan_digest: str | None
    actions: int
    summary: RunCounts
    in_doubt: int
    never_begun: int
    resumes: str | None
    resumed_by: str | None
    halted: str | None
    detail: str | None


class ResolvedAction(Struct, frozen=True):
    """How something that ``run`` left in doubt when it died turned out."""

    run: str
    result: ActionOutcome


class LedgerSection(Struct, frozen=True, rename={"resolved": "settled"}):
    """What the command had of the ledger; ``message`` is null where all is well."""

    place: str
    state: LedgerAccess
    message: str | None
    detail: str | None
    dead: tuple[PastRun, ...]
    resolved: tuple[ResolvedAction, ...]
    used_by: str | None


class PastAction(Struct, frozen=True):
    """A planned action with every step that is recorded of it.

    ``result`` is its last outcome, null where it has none: then ``in_doubt`` says whether its
    call may have been sent.
    """

    action: Action
    message: str
    in_doubt: bool
    result: ActionOutcome | None
    steps: tuple[Step, ...]


def ledger_section(view: LedgerView | None) -> LedgerSection | None:
    """``view`` explained; None where the command has nothing to do with the ledger."""
    if view is None:
        return None
    said = history.state(view)
    return LedgerSection(
        place=view.place,
        state=view.state,
        message=None if said is None else plain(said),
        detail=view.detail,
        dead=tuple(map(past_run, view.dead)),
        resolved=tuple(map(resolved, view.resolved)),
        used_by=view.used_by,
    )


def resolved(resolved: ResolvedCall) -> ResolvedAction:
    """``resolved`` explained."""
    return ResolvedAction(resolved.run, action_outcome(resolved.result, None))


def past_run(summary: RunSummary) -> PastRun:
    """``summary`` explained."""
    counts = {outcome.value: summary.outcomes.get(outcome, 0) for outcome in Outcome}
    return PastRun(
        run=summary.run,
        front=summary.front,
        workspace=summary.workspace,
        base_url=summary.base_url,
        owner=summary.owner,
        state=summary.state,
        message=plain(runs.why_ended(summary)),
        opened=summary.opened,
        ended=summary.ended,
        who=summary.who,
        commit=summary.commit,
        tool_version=summary.tool_version,
        plan_digest=summary.plan_digest,
        actions=summary.actions,
        summary=RunCounts(**counts, calls=summary.calls),
        in_doubt=summary.in_doubt,
        never_begun=summary.unattempted,
        resumes=summary.resumes,
        resumed_by=summary.resumed_by,
        halted=summary.halted,
        detail=summary.detail,
    )


def past_actions(past: RunHistory) -> tuple[PastAction, ...]:
    """The actions of ``past`` in plan order."""
    return tuple(_action(action, past.plan) for action in past.actions)


def _action(past: ActionHistory, plan: Plan | None) -> PastAction:
    return PastAction(
        action=past.action,
        message=plain(entries.past(past).why),
        in_doubt=past.result is None and past.begun,
        result=None if past.result is None else action_outcome(past.result, plan),
        steps=past.steps,
    )
