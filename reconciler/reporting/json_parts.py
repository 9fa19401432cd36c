"""The parts that machine-readable reports are made of: of plans and of runs."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from reconciler.domain import Diagnostic, Platform, RuleMode, UndeclaredPolicy
from reconciler.planning import (
    Action,
    Content,
    Contested,
    Disconnect,
    GuardName,
    Judgement,
    PendingReason,
    Plan,
    RuleOverlap,
    RuleOverview,
    Unmanaged,
    Verdict,
)
from reconciler.reporting import entries
from reconciler.reporting.documents import (
    Check,
    CheckState,
    PendingConnection,
    PendingReport,
)
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import changes, guards, outcomes, rules
from reconciler.runs.journal import ActionResult, HaltCause, Outcome, RunResult

FORMAT: Final = "reconciler/report/v1"


class ReportDocument(Struct, frozen=True, tag_field="kind", kw_only=True):
    """What every document begins with."""

    format: Literal["reconciler/report/v1"] = FORMAT
    status: int


class PlanCounts(Struct, frozen=True, rename={"unmanaged": "spared"}):
    """How much a plan holds of each kind, ``pending`` without ``not_found``.

    ``converged``, ``unmanaged`` and ``reported`` are of the whole fleet. ``reported`` are the users
    who are not as a rule asks that only reports.
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
    reported: int


class Undeclared(Struct, frozen=True):
    """The calendar users that are connected and in no manifest; under the policy `fail`, a plan
    with any ends with status 8."""

    policy: UndeclaredPolicy
    users: tuple[Unmanaged, ...]


class PendingCounts(Struct, frozen=True):
    """How many people have to connect how many connections, and how many ids were not found."""

    people: int
    connections: int
    not_found: int


class PendingEntry(Struct, frozen=True):
    """Somebody who has to connect ``platform``.

    ``since`` is RFC 3339 in UTC, null if no earlier run shows it; ``or_earlier`` if it may be
    longer ago. ``email`` is that of any connection of theirs.
    """

    user: str
    platform: Platform
    email: str | None
    since: str | None
    or_earlier: bool
    reason: PendingReason
    message: str
    similar: tuple[str, ...]
    source: str


class RuleEntry(Struct, frozen=True):
    """A declared rule, and what it comes to in today's list.

    The numbers and ``first``, the first five users that it matches, are null if the rule is not in
    force. ``concerned`` are not as it asks, ``kept`` are kept away by an entry or a row, ``held``
    are held because it disagrees with another rule.
    """

    name: str
    mode: RuleMode
    source: str
    in_force: bool
    listed: int | None
    matched: int | None
    concerned: int | None
    kept: int | None
    held: int
    first: tuple[str, ...] | None
    overlaps: tuple[RuleOverlap, ...]
    message: str


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
    ``contested`` are the first users that ``takeover`` counted, ``subject`` the source that
    ``source-shrink`` counted, or the rule that ``rule-breadth`` did.
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
    subject: str | None


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
        reported=content.reported,
    )


def pending_counts(report: PendingReport) -> PendingCounts:
    """The numbers of ``report``."""
    return PendingCounts(report.people, len(report.connections), report.not_found)


def pending_entry(entry: PendingConnection) -> PendingEntry:
    """``entry`` explained."""
    return PendingEntry(
        user=entry.pending.user,
        platform=entry.platform,
        email=entry.email,
        since=None if entry.since is None else entry.since.at,
        or_earlier=entry.since is not None and entry.since.or_earlier,
        reason=entry.pending.reason,
        message=plain(changes.why_pending(entry.pending)),
        similar=entry.pending.similar,
        source=entry.source,
    )


def rule_entry(overview: RuleOverview) -> RuleEntry:
    """``overview`` explained."""
    rule, effect = overview.rule, overview.effect
    return RuleEntry(
        name=rule.name,
        mode=rule.mode,
        source=str(rule.place),
        in_force=effect is not None,
        listed=None if effect is None else effect.listed,
        matched=None if effect is None else len(effect.matched),
        concerned=None if effect is None else len(effect.concerned),
        kept=None if effect is None else len(effect.kept),
        held=len(overview.held),
        first=None if effect is None else effect.matched[: rules.NAMED],
        overlaps=overview.overlaps,
        message="; ".join(plain(said) for said in rules.lines(overview)),
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
        subject=verdict.subject or None,
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


def halted(result: RunResult) -> Halt | None:
    """Why the run of ``result`` stopped early; None if it did not."""
    if result.halted is None:
        return None
    return halt(result.halted, result.halt_detail, result.signal)


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
