"""Reports as JSON Lines: one event a line, for programs that read as they go.

A header first, a ``summary`` with the exit status last, so that a cut file is seen as one.
"""

from collections.abc import Iterator, Mapping

from reconciler.planning import GuardName, Plan, PlanChanges, Verdict
from reconciler.reporting import entries, events, json_parts
from reconciler.reporting.documents import (
    DoctorReport,
    ErrorReport,
    LedgerView,
    PlanReport,
    Report,
    RunHistoryReport,
    RunReport,
    RunsReport,
    UnlockReport,
    ValidationReport,
)
from reconciler.reporting.json_document import encode
from reconciler.reporting.phrase import plain
from reconciler.reporting.wording import changes, guards, history, summary


def render_json_lines(report: Report) -> str:
    """``report`` as events, one a line."""
    return "".join([f"{encode(event)}\n" for event in events_of(report)])


def events_of(report: Report) -> Iterator[events.Event]:
    """The events of ``report`` in their order."""
    if isinstance(report, PlanReport):
        yield from _plan(report)
    elif isinstance(report, RunReport):
        yield from _run(report)
    elif isinstance(report, RunsReport):
        yield from _runs(report)
    elif isinstance(report, RunHistoryReport):
        yield from _story(report)
    elif isinstance(report, UnlockReport):
        yield from _unlock(report)
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
    yield from _memory(report.ledger)
    for problem in content.problems:
        yield events.ObservationProblemEvent(message=problem)
    for notice in content.notices:
        yield events.NoticeEvent(message=plain(changes.remark(notice)), notice=notice)
    yield from _entries(report.plan)
    for contested in content.contested or ():
        yield events.ContestedEvent(
            source=entries.source(report.plan, contested.user),
            message=plain(guards.disagreement(contested)),
            contested=contested,
        )
    for spared in content.unmanaged:
        yield events.SparedEvent(message=changes.SPARED_REASONS[spared.reason], spared=spared)
    yield from _changes(report.changes, report.plan)
    yield from _guards(report.guards, report.limit_sources)
    yield events.SummaryEvent(
        status=report.status,
        message=summary.of_plan(report),
        counts=json_parts.plan_counts(content),
    )


def _entries(plan: Plan) -> Iterator[events.Event]:
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
        plan=json_parts.outline(report.plan),
        resumes=report.resumes,
    )
    yield from _memory(report.ledger, report.resumes)
    for ended in result.results:
        yield events.OutcomeEvent(
            result=json_parts.action_outcome(ended, report.plan, result.carried)
        )
    halt = json_parts.halt(result)
    if halt is not None:
        yield events.HaltEvent(halted=halt)
    yield from _changes(report.changes, report.plan)
    yield from _guards(report.guards, report.limit_sources)
    yield events.SummaryEvent(
        status=report.status, message=summary.of_run(report), counts=json_parts.run_counts(result)
    )


def _runs(report: RunsReport) -> Iterator[events.Event]:
    yield events.RunsHeader(workspace=report.workspace, place=report.place, limit=report.limit)
    for run in report.runs:
        yield events.RecordedRunEvent(run=json_parts.past_run(run))
    yield events.SummaryEvent(
        status=report.status, message=plain(summary.of_runs(report)), counts=None
    )


def _story(report: RunHistoryReport) -> Iterator[events.Event]:
    past = report.history
    run = json_parts.past_run(past.summary)
    yield events.StoryHeader(
        place=report.place,
        run=run,
        fleet=past.fleet,
        accepted=past.accepted,
        plan=None if past.plan is None else json_parts.outline(past.plan),
    )
    yield from _guards(past.verdicts, {})
    for action in json_parts.past_actions(past):
        yield events.RecordedActionEvent(
            source=entries.source(past.plan, action.action.user), recorded=action
        )
    yield events.SummaryEvent(
        status=report.status, message=plain(summary.of_run_history(report)), counts=run.summary
    )


def _unlock(report: UnlockReport) -> Iterator[events.Event]:
    yield events.UnlockHeader(workspace=report.workspace, run=report.run, holder=report.holder)
    yield events.SummaryEvent(
        status=report.status, message=plain(summary.of_unlock(report)), counts=None
    )


def _validation(report: ValidationReport) -> Iterator[events.Event]:
    yield events.ValidationHeader(
        workspace=report.workspace, users=report.users, files=report.files
    )
    for diagnostic in report.diagnostics:
        yield events.ProblemEvent(problem=json_parts.problem(diagnostic))
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
        counts=json_parts.check_counts(report.checks),
    )


def _error(report: ErrorReport) -> Iterator[events.Event]:
    yield events.ErrorHeader(plan=None if report.plan is None else json_parts.outline(report.plan))
    yield from _memory(report.ledger)
    for problem in report.problems:
        yield events.ProblemEvent(problem=json_parts.problem(problem))
    yield from _changes(report.changes, report.plan)
    yield events.SummaryEvent(status=report.status, message=summary.of_error(report), counts=None)


def _memory(memory: LedgerView | None, resumes: str | None = None) -> Iterator[events.Event]:
    if memory is None:
        return
    said = history.state(memory)
    yield events.MemoryEvent(
        place=memory.place,
        state=memory.state,
        message=None if said is None else plain(said),
        detail=memory.detail,
        used_by=memory.used_by,
    )
    for run in memory.dead:
        yield events.DiedEvent(
            message=plain(history.announced(memory, run, resumes)), run=json_parts.past_run(run)
        )
    for settled in memory.settled:
        yield events.SettledEvent(settled=json_parts.resolved(settled))


def _changes(found: PlanChanges | None, plan: Plan | None) -> Iterator[events.Event]:
    if found is None:
        return
    yield events.ChangesEvent(
        message=changes.summary_of_change(found),
        nothing=found.nothing,
        manifests=found.manifests,
        configuration=found.configuration,
        then=found.then,
        now=found.now,
        kept=found.kept,
    )
    for stale in found.gone:
        yield events.GoneEvent(
            source=entries.source(plan, stale.action.user),
            message=plain(changes.why_gone(stale)),
            gone=stale,
        )
    for action in found.added:
        yield events.AddedEvent(
            source=entries.source(plan, action.user),
            message=plain(changes.why(action)),
            action=action,
        )
    for blocked in found.blocked:
        yield events.NewlyBlockedEvent(
            source=entries.source(plan, blocked.action.user),
            message=plain(changes.why_held(blocked)),
            blocked=blocked,
        )
    for pending in found.pending:
        yield events.NewlyPendingEvent(
            source=entries.source(plan, pending.user),
            message=plain(changes.why_pending(pending)),
            pending=pending,
        )
    for change in found.guards:
        yield events.JudgedOtherwiseEvent(message=changes.guard_change(change), change=change)


def _guards(
    verdicts: tuple[Verdict, ...], sources: Mapping[GuardName, str]
) -> Iterator[events.Event]:
    for verdict in verdicts:
        yield events.GuardEvent(guard=json_parts.guard(verdict, sources))
