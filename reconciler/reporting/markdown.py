"""Reports as Markdown for a comment on a pull request.

What others wrote stands in code spans only, where neither HTML, links nor mentions work. A
comment of GitHub holds 65 536 characters: what does not fit is cut where the reader sees it.
"""

from collections.abc import Mapping

from reconciler.domain import Diagnostic
from reconciler.planning import Content, GuardName, Judgement, Plan, Verdict
from reconciler.reporting import entries
from reconciler.reporting.comment import Comment, code, inline
from reconciler.reporting.documents import (
    DoctorReport,
    ErrorReport,
    PlanReport,
    Report,
    RunReport,
    ValidationReport,
)
from reconciler.reporting.entries import Entry
from reconciler.reporting.phrase import counted, prose
from reconciler.reporting.wording import changes, guards, outcomes, statuses, summary

_ACTIONS = ("", "User", "Action", "Account", "Why", "Source")
_RESULTS = ("", "User", "Action", "Account", "Outcome", "Source")


def render_markdown(report: Report) -> str:
    """``report`` as a comment, never longer than GitHub takes."""
    comment = Comment()
    if isinstance(report, PlanReport):
        _plan(comment, report)
    elif isinstance(report, RunReport):
        _run(comment, report)
    elif isinstance(report, ValidationReport):
        _validation(comment, report)
    elif isinstance(report, DoctorReport):
        _doctor(comment, report)
    else:
        _error(comment, report)
    return str(comment)


def _plan(comment: Comment, report: PlanReport) -> None:
    plan, content = report.plan, report.plan.content
    _heading(comment, "Plan", content)
    comment.block(f"**{summary.of_plan(report)}**")
    _guards(comment, report.guards, report.limit_sources)
    if content.selection is not None:
        comment.block(inline(changes.selected(content)))
    if content.problems:
        comment.block(f"> [!WARNING]\n> {changes.INCOMPLETE}")
        comment.items(inline((prose(problem),)) for problem in content.problems)
    if content.actions:
        comment.table(_ACTIONS, [_row(plan, entry) for entry in entries.actions(content)])
    if content.disconnects:
        comment.block(changes.IRREVERSIBLE)
    _folded(comment, "held", entries.held(content))
    _folded(comment, "waiting for a person", entries.pending(content))
    _folded(comment, "undetermined", entries.undetermined(content))
    if content.notices:
        notices = [inline(changes.remark(notice)) for notice in content.notices]
        comment.folded(counted(len(notices), "warning"), notices)
    _folded(comment, "left alone", entries.spared(content))
    comment.block(f"Plan `{content.digest()}`, made {code(plan.envelope.made)}")


def _run(comment: Comment, report: RunReport) -> None:
    plan, result = report.plan, report.result
    _heading(comment, "Run", plan.content)
    comment.block(f"**{summary.of_run(report)}**")
    if result.halted is not None:
        comment.block(f"> [!CAUTION]\n> {inline(outcomes.halt(result))}")
    _guards(comment, report.guards, report.limit_sources)
    steps = outcomes.next_steps(result.results)
    if steps:
        comment.block("What to do next:")
        comment.items(steps)
    if result.results:
        comment.table(_RESULTS, [_row(plan, entry) for entry in entries.results(result.results)])
    if beyond := summary.beyond_actions(plan.content):
        comment.block(beyond)
    comment.block(f"Run {code(result.run)} of plan `{plan.content.digest()}`")


def _validation(comment: Comment, report: ValidationReport) -> None:
    of = "" if report.workspace is None else f" of {code(report.workspace)}"
    comment.block(f"### Manifests{of}")
    comment.block(f"**{summary.of_validation(report)}**")
    comment.items(map(_diagnostic, report.diagnostics))


def _doctor(comment: Comment, report: DoctorReport) -> None:
    of = "" if report.workspace is None else f" of {code(report.workspace)}"
    at = "" if report.address is None else f" at {code(report.address)}"
    comment.block(f"### Doctor{of}{at}")
    comment.block(f"**{summary.of_doctor(report)}**")
    comment.items(
        f"{statuses.CHECKS[check.state]}: {code(check.name)} {inline((prose(check.message),))}"
        + _hint(check.hint)
        for check in report.checks
    )


def _error(comment: Comment, report: ErrorReport) -> None:
    if report.plan is not None:
        _heading(comment, "Plan", report.plan.content)
        comment.block(summary.of_planned(report.plan.content))
    else:
        comment.block("### Error")
    comment.block(f"> [!CAUTION]\n> {summary.of_error(report)}")
    comment.items(map(_diagnostic, report.problems))


def _heading(comment: Comment, subject: str, content: Content) -> None:
    comment.block(f"### {subject} for {code(content.workspace)} at {code(content.base_url)}")


def _guards(
    comment: Comment, verdicts: tuple[Verdict, ...], sources: Mapping[GuardName, str]
) -> None:
    for verdict in verdicts:
        said = inline(guards.sentence(verdict, sources.get(verdict.guard)))
        if verdict.judgement is Judgement.REFUSED:
            comment.block(f"> [!WARNING]\n> {said}\n>\n> {inline(guards.remedy(verdict))}")
        elif verdict.judgement is Judgement.ALLOWED:
            comment.block(f"> {said}")


def _row(plan: Plan, entry: Entry) -> tuple[str, ...]:
    place = entries.source(plan, entry.user)
    return (
        f"`{entry.sign.mark}`",
        code(entry.user),
        entry.what,
        code(entry.account) if entry.account else "",
        _why(entry),
        code(place) if place else "",
    )


def _folded(comment: Comment, title: str, found: list[Entry]) -> None:
    if found:
        comment.folded(
            f"{len(found)} {title}",
            [f"`{e.sign.mark}` {code(e.user)} {e.what}: {_why(e)}" for e in found],
        )


def _why(entry: Entry) -> str:
    note = f"; note: {inline((prose(entry.note),))}" if entry.note else ""
    detail = f": {inline((prose(entry.detail),))}" if entry.detail else ""
    return f"{inline(entry.why)}{detail}{note}"


def _diagnostic(diagnostic: Diagnostic) -> str:
    place = "" if diagnostic.location is None else f"{code(str(diagnostic.location))}: "
    return f"{place}{inline((prose(diagnostic.message),))}{_hint(diagnostic.hint)}"


def _hint(hint: str | None) -> str:
    return f" ({inline((prose(hint),))})" if hint else ""
