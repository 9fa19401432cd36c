"""The parts that machine-readable reports are made of: of plans, of runs, and of the ledger."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from reconciler.domain import Diagnostic, Platform
from reconciler.planning import (
    Action,
    Content,
    Contested,
    Disconnect,
    GuardName,
    Judgement,
    Plan,
    Verdict,
)
from reconciler.reporting import entries
from reconciler.reporting.documents import Check, CheckState, LedgerAccess, LedgerView
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import guards, history, outcomes, runs
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
from reconciler.runs.journal import ActionResult, HaltCause, Outcome, RunResult


class PlanCounts(Struct, frozen=True, rename={"unmanaged": "spared"}):
    """How much a plan holds of each kind, ``pending`` without ``not_found``.

    ``converged`` and ``unmanaged`` are of the whole fleet.
    """

    disconnect: int
    update_preferences: int
    pending: int
    not_found: int
    blocked: int
    undetermined: int
    converged: int
    unmanaged: int
    deselected: int
    problems: int


class RunCounts(Struct, frozen=True):
    """How many actions ended with each outcome, and the mutating calls that were sent."""

    verified: int
    already_absent: int
    skipped_stale: int
    failed: int
    unknown: int
    not_attempted: int
    calls: int


class CheckCounts(Struct, frozen=True):
    """How many checks came out in each way."""

    ok: int
    warning: int
    failed: int
    skipped: int


class Guard(Struct, frozen=True):
    """A verdict with its explanation.

    ``limit_source`` is where the limit is set, ``flag`` what the acting command would need,
    ``remedy`` what would let a refused plan pass; null where there is nothing to say.
    ``contested`` are the first users that ``takeover`` counted.
    """

    guard: GuardName
    judgement: Judgement
    actual: int
    limit: int | None
    total: int | None
    limit_source: str | None
    flag: str | None
    message: str
    remedy: str | None
    contested: tuple[Contested, ...]


class ActionOutcome(Struct, frozen=True):
    """How one action ended: codes to match on, sentences to show, and the whole action.

    ``carried`` says that an earlier run ended it so, whose calls are not this run's.
    """

    user: str
    kind: Literal["disconnect", "update_preferences"]
    platform: Platform | None
    outcome: Outcome
    cause: str
    message: str
    detail: str | None
    next: str | None
    calls: int
    carried: bool
    source: str | None
    action: Action


class Halt(Struct, frozen=True):
    """Why a run stopped early; ``signal`` is the number of the signal, where one did it."""

    cause: HaltCause
    message: str
    detail: str | None
    signal: int | None


class PlanOutline(Struct, frozen=True):
    """A plan by its name and numbers."""

    digest: str
    workspace: str
    base_url: str
    summary: PlanCounts


class Problem(Struct, frozen=True):
    """An error: place and hint are null where there are none; line and column count from 1."""

    message: str
    hint: str | None
    file: str | None
    line: int | None
    column: int | None


def plan_counts(content: Content) -> PlanCounts:
    """The numbers of ``content``."""
    disconnects = len(content.disconnects)
    return PlanCounts(
        disconnect=disconnects,
        update_preferences=len(content.actions) - disconnects,
        pending=len(content.pending) - content.not_found,
        not_found=content.not_found,
        blocked=len(content.blocked),
        undetermined=len(content.undetermined),
        converged=content.fleet.converged,
        unmanaged=len(content.unmanaged),
        deselected=content.deselected,
        problems=len(content.problems),
    )


def outline(plan: Plan) -> PlanOutline:
    """``plan`` in short."""
    content = plan.content
    return PlanOutline(content.digest(), content.workspace, content.base_url, plan_counts(content))


def run_counts(result: RunResult) -> RunCounts:
    """The numbers of ``result``."""
    return RunCounts(
        **{outcome.value: number for outcome, number in result.count().items()},
        calls=result.calls,
    )


def check_counts(checks: Sequence[Check]) -> CheckCounts:
    """The numbers of ``checks``."""
    states = [check.state for check in checks]
    return CheckCounts(**{state.value: states.count(state) for state in CheckState})


def guard(verdict: Verdict, sources: Mapping[GuardName, str]) -> Guard:
    """``verdict`` explained."""
    source = sources.get(verdict.guard)
    refused = verdict.judgement is Judgement.REFUSED
    return Guard(
        guard=verdict.guard,
        judgement=verdict.judgement,
        actual=verdict.actual,
        limit=verdict.limit,
        total=verdict.total,
        limit_source=source,
        flag=guards.flag(verdict.guard),
        message=plain(guards.sentence(verdict, source)),
        remedy=plain(guards.remedy(verdict)) if refused else None,
        contested=verdict.contested or (),
    )


def action_outcome(
    result: ActionResult, plan: Plan | None, carried: frozenset[str] = frozenset()
) -> ActionOutcome:
    """``result`` explained; its place is that of the user in the manifests of ``plan``.

    ``carried`` are the keys of the actions that an earlier run ended.
    """
    action = result.action
    return ActionOutcome(
        user=action.user,
        kind="disconnect" if isinstance(action, Disconnect) else "update_preferences",
        platform=action.platform if isinstance(action, Disconnect) else None,
        outcome=result.outcome,
        cause=result.cause,
        message=plain(outcomes.cause(result)),
        detail=result.detail,
        next=outcomes.next_step(result),
        calls=result.calls,
        carried=action.key in carried,
        source=entries.source(plan, action.user),
        action=action,
    )


def halt(cause: HaltCause, detail: str | None, signal: int | None) -> Halt:
    """Why a run stopped early; ``signal`` is the one that stopped it."""
    return Halt(cause, plain(outcomes.halt(cause, detail, signal)), detail, signal)


def problem(diagnostic: Diagnostic) -> Problem:
    """``diagnostic`` with its place split into file, line and column."""
    place = diagnostic.location
    return Problem(
        message=diagnostic.message,
        hint=diagnostic.hint,
        file=place.file if place else None,
        line=place.line or None if place else None,
        column=place.column or None if place else None,
    )


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
