"""Reports as one JSON document each, for programs that read a whole report.

The structs below are the published form: ``schemas/report.schema.json`` describes them.
"""

from typing import Literal

from msgspec import Struct

from reconciler.planning import Content, Envelope
from reconciler.reporting import facts
from reconciler.reporting.documents import (
    Check,
    DoctorReport,
    PlanReport,
    Report,
    RunReport,
    ValidationReport,
)
from reconciler.reporting.encoding import FORMAT, indented
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


AnyDocument = PlanDocument | RunDocument | ValidationDocument | DoctorDocument | ErrorDocument


def render_json(report: Report) -> str:
    """``report`` as an indented JSON document."""
    return indented(document(report))


def document(report: Report) -> AnyDocument:
    """``report`` in its published form."""
    if isinstance(report, PlanReport):
        return _plan(report)
    if isinstance(report, RunReport):
        return _run(report)
    if isinstance(report, ValidationReport):
        return ValidationDocument(
            status=report.status,
            workspace=report.workspace,
            users=report.users,
            files=report.files,
            diagnostics=tuple(map(facts.problem, report.diagnostics)),
        )
    if isinstance(report, DoctorReport):
        return DoctorDocument(
            status=report.status,
            workspace=report.workspace,
            address=report.address,
            summary=facts.check_counts(report.checks),
            checks=report.checks,
        )
    return ErrorDocument(
        status=report.status,
        message=status(report.status),
        problems=tuple(map(facts.problem, report.problems)),
        plan=None if report.plan is None else facts.outline(report.plan),
    )


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
        results=tuple(facts.ending(r, report.plan) for r in result.results),
    )
