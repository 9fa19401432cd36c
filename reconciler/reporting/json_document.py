"""Reports as one JSON document each, for programs that read a whole report.

The structs below are the published form: ``schemas/report.schema.json`` describes them. Values
stay exact; what could break a line or steer a terminal is written as ``\\uXXXX``, which a JSON
parser reads as the character itself.
"""

from msgspec import Struct

from reconciler.planning import (
    Breakdown,
    Content,
    Envelope,
    FleetSize,
    Plan,
    PlanChanges,
    break_down,
)
from reconciler.reporting import json_explanation, json_ledger, json_parts
from reconciler.reporting.documents import (
    Check,
    ConnectLinkReport,
    Delivery,
    DoctorReport,
    ErrorReport,
    ExplanationReport,
    PendingReport,
    PlanReport,
    Report,
    RulesReport,
    RunHistoryReport,
    RunReport,
    RunsReport,
    UnlockReport,
    ValidationReport,
    WorkspaceReport,
    WorkspacesReport,
)
from reconciler.reporting.json_parts import ReportDocument
from reconciler.reporting.json_text import indented
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import connect_link, pending, rules, summary
from reconciler.runs.history import Holder, MadeLink


class PlanDocument(ReportDocument, frozen=True, tag="plan", kw_only=True):
    """A plan: its name, its numbers, the verdicts that count, and all of it."""

    digest: str
    saved_to: str | None
    summary: json_parts.PlanCounts
    guards: tuple[json_parts.Guard, ...]
    content: Content
    envelope: Envelope
    memory: json_ledger.LedgerSection | None
    changes: PlanChanges | None
    undeclared: json_parts.Undeclared
    breakdown: Breakdown
    deliveries: tuple[Delivery, ...]


class PendingDocument(ReportDocument, frozen=True, tag="pending", kw_only=True):
    """Who has to connect what."""

    message: str
    workspace: str
    base_url: str
    summary: json_parts.PendingCounts
    pending: tuple[json_parts.PendingEntry, ...]
    memory: json_ledger.LedgerSection | None


class ConnectLinkDocument(ReportDocument, frozen=True, tag="connect_link", kw_only=True):
    """A connect link that was made; never the link."""

    message: str
    workspace: str
    base_url: str
    user: str
    email: str | None
    made: MadeLink
    expires: str
    saved_to: str | None
    memory: json_ledger.LedgerSection | None


class RulesDocument(ReportDocument, frozen=True, tag="rules", kw_only=True):
    """Each declared rule, and who it matches."""

    message: str
    workspace: str
    base_url: str
    rules: tuple[json_parts.RuleEntry, ...]


class RunDocument(ReportDocument, frozen=True, tag="run", kw_only=True):
    """A run and how each action ended."""

    run: str
    workspace: str
    base_url: str
    started: str
    finished: str
    plan: json_parts.PlanOutline
    summary: json_parts.RunCounts
    halted: json_parts.Halt | None
    guards: tuple[json_parts.Guard, ...]
    results: tuple[json_parts.ActionOutcome, ...]
    resumes: str | None
    memory: json_ledger.LedgerSection | None
    changes: PlanChanges | None
    deliveries: tuple[Delivery, ...]


class RunsDocument(ReportDocument, frozen=True, tag="runs", kw_only=True):
    """The last runs of a workspace, or of all, newest first."""

    workspace: str | None
    place: str
    limit: int
    runs: tuple[json_ledger.PastRun, ...]


class RunHistoryDocument(ReportDocument, frozen=True, tag="story", kw_only=True):
    """All that is recorded of one run, with the whole plan that it was bound by."""

    place: str
    run: json_ledger.PastRun
    fleet: FleetSize | None
    accepted: bool
    guards: tuple[json_parts.Guard, ...]
    actions: tuple[json_ledger.PastAction, ...]
    plan: Plan | None


class UnlockDocument(ReportDocument, frozen=True, tag="unlock", kw_only=True):
    """A lock that was taken away."""

    message: str
    workspace: str
    run: str
    holder: Holder


class ValidationDocument(ReportDocument, frozen=True, tag="validation", kw_only=True):
    """Manifests that were checked."""

    workspace: str | None
    users: int
    files: int
    diagnostics: tuple[json_parts.Problem, ...]


class DoctorDocument(ReportDocument, frozen=True, tag="doctor", kw_only=True):
    """The checks of an installation."""

    workspace: str | None
    address: str | None
    summary: json_parts.CheckCounts
    checks: tuple[Check, ...]


class ErrorDocument(ReportDocument, frozen=True, tag="error", kw_only=True):
    """A command that had no result."""

    message: str
    problems: tuple[json_parts.Problem, ...]
    plan: json_parts.PlanOutline | None
    memory: json_ledger.LedgerSection | None
    changes: PlanChanges | None


class SectionDocument(Struct, frozen=True, kw_only=True):
    """One workspace of several."""

    workspace: str
    report: "WorkspaceDocument"


class WorkspacesDocument(ReportDocument, frozen=True, tag="workspaces", kw_only=True):
    """A command over several workspaces; ``status`` is the worst."""

    message: str
    shard: str | None
    workspaces: tuple[SectionDocument, ...]


WorkspaceDocument = (
    PlanDocument
    | PendingDocument
    | json_explanation.ExplanationDocument
    | ConnectLinkDocument
    | RulesDocument
    | RunDocument
    | RunsDocument
    | RunHistoryDocument
    | UnlockDocument
    | ValidationDocument
    | DoctorDocument
    | ErrorDocument
)


AnyDocument = WorkspaceDocument | WorkspacesDocument


def render_json(report: Report) -> str:
    """``report`` as an indented JSON document."""
    return indented(document(report))


def document(report: Report) -> AnyDocument:
    """``report`` in its published form."""
    if not isinstance(report, WorkspacesReport):
        return _of_one(report)
    return WorkspacesDocument(
        status=report.status,
        message=" ".join(summary.of_workspaces(report)),
        shard=report.shard,
        workspaces=tuple(
            SectionDocument(workspace=section.workspace, report=_of_one(section.report))
            for section in report.sections
        ),
    )


def _of_one(report: WorkspaceReport) -> WorkspaceDocument:  # noqa: PLR0911 - a line a kind of report
    match report:
        case PlanReport():
            return _plan(report)
        case PendingReport():
            return _pending(report)
        case ExplanationReport():
            return json_explanation.explanation_document(report)
        case ConnectLinkReport():
            return _connect_link(report)
        case RulesReport():
            return _rules(report)
        case RunReport():
            return _run(report)
        case RunsReport():
            return _runs(report)
        case RunHistoryReport():
            return _history(report)
        case UnlockReport():
            return _unlock(report)
        case ValidationReport():
            return _validation(report)
        case DoctorReport():
            return _doctor(report)
        case ErrorReport():
            return _error(report)


def _plan(report: PlanReport) -> PlanDocument:
    content = report.plan.content
    return PlanDocument(
        status=report.status,
        digest=content.digest(),
        saved_to=report.saved_to,
        summary=json_parts.plan_counts(content),
        guards=tuple(json_parts.guard(v, report.limit_sources) for v in report.guards),
        content=content,
        envelope=report.plan.envelope,
        memory=json_ledger.ledger_section(report.ledger),
        changes=report.changes,
        undeclared=json_parts.Undeclared(report.undeclared, content.undeclared),
        breakdown=break_down(report.plan),
        deliveries=report.deliveries,
    )


def _pending(report: PendingReport) -> PendingDocument:
    return PendingDocument(
        status=report.status,
        message=pending.summary(report),
        workspace=report.workspace,
        base_url=report.base_url,
        summary=json_parts.pending_counts(report),
        pending=tuple(map(json_parts.pending_entry, report.connections)),
        memory=json_ledger.ledger_section(report.ledger),
    )


def _connect_link(report: ConnectLinkReport) -> ConnectLinkDocument:
    return ConnectLinkDocument(
        status=report.status,
        message=connect_link.summary(report),
        workspace=report.workspace,
        base_url=report.base_url,
        user=report.user,
        email=report.email,
        made=report.made,
        expires=report.expires,
        saved_to=report.saved_to,
        memory=json_ledger.ledger_section(report.ledger),
    )


def _rules(report: RulesReport) -> RulesDocument:
    return RulesDocument(
        status=report.status,
        message=rules.summary(report),
        workspace=report.workspace,
        base_url=report.base_url,
        rules=tuple(map(json_parts.rule_entry, report.rules)),
    )


def _run(report: RunReport) -> RunDocument:
    result = report.result
    return RunDocument(
        status=report.status,
        run=result.run,
        workspace=result.workspace,
        base_url=result.base_url,
        started=result.started,
        finished=result.finished,
        plan=json_parts.outline(report.plan),
        summary=json_parts.run_counts(result),
        halted=json_parts.halted(result),
        guards=tuple(json_parts.guard(v, report.limit_sources) for v in report.guards),
        results=tuple(
            json_parts.action_outcome(r, report.plan, result.carried) for r in result.results
        ),
        resumes=report.resumes,
        memory=json_ledger.ledger_section(report.ledger),
        changes=report.changes,
        deliveries=report.deliveries,
    )


def _runs(report: RunsReport) -> RunsDocument:
    return RunsDocument(
        status=report.status,
        workspace=report.workspace,
        place=report.place,
        limit=report.limit,
        runs=tuple(map(json_ledger.past_run, report.runs)),
    )


def _history(report: RunHistoryReport) -> RunHistoryDocument:
    past = report.history
    return RunHistoryDocument(
        status=report.status,
        place=report.place,
        run=json_ledger.past_run(past.summary),
        fleet=past.fleet,
        accepted=past.accepted,
        guards=tuple(json_parts.guard(verdict, {}) for verdict in past.verdicts),
        actions=json_ledger.past_actions(past),
        plan=past.plan,
    )


def _unlock(report: UnlockReport) -> UnlockDocument:
    return UnlockDocument(
        status=report.status,
        message=plain(summary.of_unlock(report)),
        workspace=report.workspace,
        run=report.run,
        holder=report.holder,
    )


def _validation(report: ValidationReport) -> ValidationDocument:
    return ValidationDocument(
        status=report.status,
        workspace=report.workspace,
        users=report.users,
        files=report.files,
        diagnostics=tuple(map(json_parts.problem, report.diagnostics)),
    )


def _doctor(report: DoctorReport) -> DoctorDocument:
    return DoctorDocument(
        status=report.status,
        workspace=report.workspace,
        address=report.address,
        summary=json_parts.check_counts(report.checks),
        checks=report.checks,
    )


def _error(report: ErrorReport) -> ErrorDocument:
    return ErrorDocument(
        status=report.status,
        message=summary.status(report.status),
        problems=tuple(map(json_parts.problem, report.problems)),
        plan=None if report.plan is None else json_parts.outline(report.plan),
        memory=json_ledger.ledger_section(report.ledger),
        changes=report.changes,
    )
