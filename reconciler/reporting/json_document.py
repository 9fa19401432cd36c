"""Reports as one JSON document each, for programs that read a whole report.

The structs below are the published form: ``schemas/report.schema.json`` describes them.
"""

from typing import Literal

from msgspec import Struct

from reconciler.applying.records import Holder
from reconciler.planning import Content, Envelope, FleetSize, Plan, PlanChanges
from reconciler.reporting import facts, recorded
from reconciler.reporting.documents import (
    Check,
    DoctorReport,
    ErrorReport,
    PlanReport,
    Report,
    RunReport,
    RunsReport,
    StoryReport,
    UnlockReport,
    ValidationReport,
)
from reconciler.reporting.encoding import FORMAT, indented
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import summary
from reconciler.reporting.wording.statuses import status


class Document(Struct, frozen=True, tag_field="kind", kw_only=True):
    """What every document begins with."""

    format: Literal["reconciler/report/v1"] = FORMAT
    status: int


class PlanDocument(Document, frozen=True, tag="plan", kw_only=True):
    """A plan: its name, its numbers, the verdicts that count, and all of it."""

    digest: str
    saved_to: str | None
    summary: facts.PlanCounts
    guards: tuple[facts.Guard, ...]
    content: Content
    envelope: Envelope
    memory: recorded.Memory | None
    changes: PlanChanges | None


class RunDocument(Document, frozen=True, tag="run", kw_only=True):
    """An acting run and how each action ended."""

    run: str
    workspace: str
    base_url: str
    started: str
    finished: str
    plan: facts.PlanOutline
    summary: facts.RunCounts
    halted: facts.Halt | None
    guards: tuple[facts.Guard, ...]
    results: tuple[facts.Ending, ...]
    resumes: str | None
    memory: recorded.Memory | None
    changes: PlanChanges | None


class RunsDocument(Document, frozen=True, tag="runs", kw_only=True):
    """The last runs of a workspace, or of all, newest first."""

    workspace: str | None
    place: str
    limit: int
    runs: tuple[recorded.RecordedRun, ...]


class StoryDocument(Document, frozen=True, tag="story", kw_only=True):
    """All that is recorded of one run, with the whole plan that it was bound by."""

    place: str
    run: recorded.RecordedRun
    fleet: FleetSize | None
    accepted: bool
    guards: tuple[facts.Guard, ...]
    actions: tuple[recorded.RecordedAction, ...]
    plan: Plan | None


class UnlockDocument(Document, frozen=True, tag="unlock", kw_only=True):
    """A lock that was taken away."""

    message: str
    workspace: str
    run: str
    holder: Holder


class ValidationDocument(Document, frozen=True, tag="validation", kw_only=True):
    """Manifests that were checked."""

    workspace: str | None
    users: int
    files: int
    diagnostics: tuple[facts.Problem, ...]


class DoctorDocument(Document, frozen=True, tag="doctor", kw_only=True):
    """The checks of an installation."""

    workspace: str | None
    address: str | None
    summary: facts.CheckCounts
    checks: tuple[Check, ...]


class ErrorDocument(Document, frozen=True, tag="error", kw_only=True):
    """A command that had no result."""

    message: str
    problems: tuple[facts.Problem, ...]
    plan: facts.PlanOutline | None
    memory: recorded.Memory | None
    changes: PlanChanges | None


AnyDocument = (
    PlanDocument
    | RunDocument
    | RunsDocument
    | StoryDocument
    | UnlockDocument
    | ValidationDocument
    | DoctorDocument
    | ErrorDocument
)


def render_json(report: Report) -> str:
    """``report`` as an indented JSON document."""
    return indented(document(report))


def document(report: Report) -> AnyDocument:  # noqa: PLR0911 - a table, a line a kind of report
    """``report`` in its published form."""
    match report:
        case PlanReport():
            return _plan(report)
        case RunReport():
            return _run(report)
        case RunsReport():
            return _runs(report)
        case StoryReport():
            return _story(report)
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
        summary=facts.plan_counts(content),
        guards=tuple(facts.guard(v, report.limit_sources) for v in report.guards),
        content=content,
        envelope=report.plan.envelope,
        memory=recorded.memory(report.memory),
        changes=report.changes,
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
        plan=facts.outline(report.plan),
        summary=facts.run_counts(result),
        halted=facts.halt(result),
        guards=tuple(facts.guard(v, report.limit_sources) for v in report.guards),
        results=tuple(facts.ending(r, report.plan, result.carried) for r in result.results),
        resumes=report.resumes,
        memory=recorded.memory(report.memory),
        changes=report.changes,
    )


def _runs(report: RunsReport) -> RunsDocument:
    return RunsDocument(
        status=report.status,
        workspace=report.workspace,
        place=report.place,
        limit=report.limit,
        runs=tuple(map(recorded.run, report.runs)),
    )


def _story(report: StoryReport) -> StoryDocument:
    story = report.story
    return StoryDocument(
        status=report.status,
        place=report.place,
        run=recorded.run(story.summary),
        fleet=story.fleet,
        accepted=story.accepted,
        guards=tuple(facts.guard(verdict, {}) for verdict in story.verdicts),
        actions=recorded.actions(story),
        plan=story.plan,
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
        diagnostics=tuple(map(facts.problem, report.diagnostics)),
    )


def _doctor(report: DoctorReport) -> DoctorDocument:
    return DoctorDocument(
        status=report.status,
        workspace=report.workspace,
        address=report.address,
        summary=facts.check_counts(report.checks),
        checks=report.checks,
    )


def _error(report: ErrorReport) -> ErrorDocument:
    return ErrorDocument(
        status=report.status,
        message=status(report.status),
        problems=tuple(map(facts.problem, report.problems)),
        plan=None if report.plan is None else facts.outline(report.plan),
        memory=recorded.memory(report.memory),
        changes=report.changes,
    )
