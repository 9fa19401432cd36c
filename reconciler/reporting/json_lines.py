"""Reports as JSON Lines: one event a line, for programs that read as they go.

A header first, a ``summary`` with the exit status last, so that a cut file is seen as one.
"""

from collections.abc import Iterator, Mapping

from reconciler.planning import GuardName, Plan, Verdict
from reconciler.reporting import entries, events, facts
from reconciler.reporting.documents import (
    DoctorReport,
    ErrorReport,
    PlanReport,
    Report,
    RunReport,
    ValidationReport,
)
from reconciler.reporting.encoding import encode
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import changes, summary


def render_json_lines(report: Report) -> str:
    """``report`` as events, one a line."""
    return "".join([f"{encode(event)}\n" for event in events_of(report)])


def events_of(report: Report) -> Iterator[events.Event]:
    """The events of ``report`` in their order."""
    if isinstance(report, PlanReport):
        yield from _plan(report)
    elif isinstance(report, RunReport):
        yield from _run(report)
    elif isinstance(report, ValidationReport):
        yield from _validation(report)
    elif isinstance(report, DoctorReport):
        yield from _doctor(report)
    else:
        yield from _error(report)


def _plan(report: PlanReport) -> Iterator[events.Event]:
    content, envelope = report.plan.content, report.plan.envelope
    yield events.PlanHeader(
        workspace=content.workspace,
        base_url=content.base_url,
        digest=content.digest(),
        desired_digest=content.desired_digest,
        configuration=content.configuration,
        selection=content.selection,
        fleet=content.fleet,
        made=envelope.made,
        expires=envelope.expires,
        commit=envelope.commit,
        tool_version=envelope.tool_version,
        key_fingerprint=envelope.key_fingerprint,
        saved_to=report.saved_to,
    )
    for problem in content.problems:
        yield events.ObservationProblemEvent(message=problem)
    for notice in content.notices:
        yield events.NoticeEvent(message=plain(changes.remark(notice)), notice=notice)
    yield from _changes(report.plan)
    for spared in content.spared:
        yield events.SparedEvent(message=changes.SPARED_REASONS[spared.reason], spared=spared)
    yield from _guards(report.guards, report.limit_sources)
    yield events.SummaryEvent(
        status=report.status, message=summary.of_plan(report), counts=facts.plan_counts(content)
    )


def _changes(plan: Plan) -> Iterator[events.Event]:
    content = plan.content
    for action in content.actions:
        yield events.ActionEvent(
            source=entries.source(plan, action.user),
            message=plain(changes.why(action)),
            action=action,
        )
    for blocked in content.blocked:
        yield events.BlockedEvent(
            source=entries.source(plan, blocked.action.user),
            message=plain(changes.why_held(blocked)),
            blocked=blocked,
        )
    for pending in content.pending:
        yield events.PendingEvent(
            source=entries.source(plan, pending.user),
            message=plain(changes.why_pending(pending)),
            pending=pending,
        )
    for undetermined in content.undetermined:
        yield events.UndeterminedEvent(
            source=entries.source(plan, undetermined.user),
            message=changes.UNDETERMINED,
            user=undetermined.user,
        )


def _run(report: RunReport) -> Iterator[events.Event]:
    result = report.result
    yield events.RunHeader(
        run=result.run,
        workspace=result.workspace,
        base_url=result.base_url,
        started=result.started,
        finished=result.finished,
        plan=facts.outline(report.plan),
    )
    for ended in result.results:
        yield events.OutcomeEvent(result=facts.ending(ended, report.plan))
    halt = facts.halt(result)
    if halt is not None:
        yield events.HaltEvent(halted=halt)
    yield from _guards(report.guards, report.limit_sources)
    yield events.SummaryEvent(
        status=report.status, message=summary.of_run(report), counts=facts.run_counts(result)
    )


def _validation(report: ValidationReport) -> Iterator[events.Event]:
    yield events.ValidationHeader(
        workspace=report.workspace, users=report.users, files=report.files
    )
    for diagnostic in report.diagnostics:
        yield events.ProblemEvent(problem=facts.problem(diagnostic))
    yield events.SummaryEvent(
        status=report.status, message=summary.of_validation(report), counts=None
    )


def _doctor(report: DoctorReport) -> Iterator[events.Event]:
    yield events.DoctorHeader(workspace=report.workspace, address=report.address)
    for check in report.checks:
        yield events.CheckEvent(check=check)
    yield events.SummaryEvent(
        status=report.status,
        message=summary.of_doctor(report),
        counts=facts.check_counts(report.checks),
    )


def _error(report: ErrorReport) -> Iterator[events.Event]:
    yield events.ErrorHeader(plan=None if report.plan is None else facts.outline(report.plan))
    for problem in report.problems:
        yield events.ProblemEvent(problem=facts.problem(problem))
    yield events.SummaryEvent(status=report.status, message=summary.of_error(report), counts=None)


def _guards(
    verdicts: tuple[Verdict, ...], sources: Mapping[GuardName, str]
) -> Iterator[events.Event]:
    for verdict in verdicts:
        yield events.GuardEvent(guard=facts.guard(verdict, sources))
