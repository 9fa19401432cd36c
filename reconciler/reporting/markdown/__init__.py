"""Reports as Markdown for a comment on a pull request.

What others wrote is in code spans only, where neither HTML, links nor mentions work. A
comment of GitHub holds 65 536 characters: what does not fit is cut where the reader sees it.
"""

from reconciler.domain import Exit
from reconciler.reporting import entries
from reconciler.reporting.documents import (
    ConnectLinkReport,
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
    WorkspaceSection,
    WorkspacesReport,
)
from reconciler.reporting.links import Links
from reconciler.reporting.markdown.comment import ELSEWHERE, Comment, code, inline
from reconciler.reporting.markdown.parts import (
    diagnostic,
    hint,
    row,
    write_changes,
    write_deliveries,
    write_guards,
    write_heading,
    write_ledger,
)
from reconciler.reporting.markdown.people import write_people
from reconciler.reporting.markdown.plan import write_plan
from reconciler.reporting.phrase import counted, prose
from reconciler.reporting.wording import (
    guards,
    outcomes,
    rules,
    runs,
    summary,
)
from reconciler.runs.history import ActionHistory, RunHistory


def render_markdown(report: Report, links: Links | None = None) -> str:
    """``report`` as a comment, never longer than GitHub takes; places of manifests are links."""
    comment = Comment(links)
    if isinstance(report, WorkspacesReport):
        write_workspaces(comment, report)
    else:
        _write(comment, report)
    return str(comment)


def write_workspaces(comment: Comment, report: WorkspacesReport) -> None:
    """How all of them ended, and each workspace folded; the worst comes first and has room."""
    for line in summary.of_workspaces(report):
        comment.block(f"**{line}**")
    for number, section in enumerate(sorted(report.sections, key=_is_fine)):
        if comment.is_full:
            left_out = counted(len(report.sections) - number, "workspace")
            comment.block(f"… and {left_out} more; {ELSEWHERE}.")
            break
        comment.block(f"<details><summary>{section.workspace}</summary>")
        _write(comment, section.report)
        comment.block("</details>")


def _is_fine(section: WorkspaceSection) -> bool:
    return section.report.status == Exit.OK


def _write(comment: Comment, report: WorkspaceReport) -> None:
    if isinstance(report, PlanReport):
        write_plan(comment, report)
    elif isinstance(report, PendingReport | ExplanationReport | ConnectLinkReport):
        write_people(comment, report)
    elif isinstance(report, RulesReport):
        write_rules(comment, report)
    elif isinstance(report, RunReport):
        write_run(comment, report)
    elif isinstance(report, RunsReport):
        write_runs(comment, report)
    elif isinstance(report, RunHistoryReport):
        write_history(comment, report)
    elif isinstance(report, UnlockReport):
        write_unlock(comment, report)
    elif isinstance(report, ValidationReport):
        write_validation(comment, report)
    elif isinstance(report, DoctorReport):
        write_doctor(comment, report)
    else:
        write_error(comment, report)


def write_rules(comment: Comment, report: RulesReport) -> None:
    """Each rule, who it matches, and what gets in its way."""
    comment.block(f"### Rules of {code(report.workspace)} at {code(report.base_url)}")
    comment.block(f"**{rules.summary(report)}**")
    for overview in report.rules:
        place = code(str(overview.rule.place))
        comment.block(f"{code(overview.rule.name)}{rules.title(overview)}, {place}:")
        comment.items(map(inline, rules.lines(overview)))


_RESULTS = ("", "User", "Action", "Account", "Outcome", "Source")


def write_run(comment: Comment, report: RunReport) -> None:
    """How each action ended in a table, and what to do next."""
    plan, result = report.plan, report.result
    write_heading(comment, "Run", plan.content)
    comment.block(f"**{summary.of_run(report)}**")
    if result.halted is not None:
        halt = outcomes.halt(result.halted, result.halt_detail, result.signal)
        comment.block(f"> [!CAUTION]\n> {inline(halt)}")
    write_ledger(comment, report.ledger, resumes=report.resumes)
    write_guards(
        comment,
        report.guards,
        report.limit_sources,
        but=guards.without_history(report.guards),
    )
    steps = outcomes.next_steps(result.results)
    if steps:
        comment.block("What to do next:")
        comment.items(steps)
    ended = entries.results(result.results, result.carried)
    held = entries.held(plan.content.in_doubt)
    if ended or held:
        comment.table(_RESULTS, [row(comment, plan, entry) for entry in (*ended, *held)])
    if beyond := summary.beyond_actions(plan.content):
        comment.block(beyond)
    write_changes(comment, report.changes)
    write_deliveries(comment, report.deliveries)
    resumes = "" if report.resumes is None else f", resumes run {code(report.resumes)}"
    comment.block(f"Run {code(result.run)} of plan `{plan.content.digest()}`{resumes}")
    if report.continue_with:
        comment.block(f"{outcomes.TO_CONTINUE} {code(outcomes.command(report.continue_with))}")


def write_runs(comment: Comment, report: RunsReport) -> None:
    """A run a row."""
    of = "" if report.workspace is None else f" of {code(report.workspace)}"
    comment.block(f"### Runs{of}")
    comment.block(inline(summary.of_runs(report)))
    if report.runs:
        rows = [tuple(map(inline, runs.row(run))) for run in report.runs]
        comment.table(runs.COLUMNS, rows)
        comment.block(f"Ledger {code(report.place)}")


def write_unlock(comment: Comment, report: UnlockReport) -> None:
    """Who held the lock, and what becomes of that run."""
    comment.block(f"### Lock of {code(report.workspace)}")
    comment.block(inline(summary.of_unlock(report)))


_COLUMNS = ("", "User", "Action", "Account", "Outcome", "Source", "Steps")


def write_history(comment: Comment, report: RunHistoryReport) -> None:
    """Who ran what, how it was judged, and a row for each action with all its steps."""
    past = report.history
    comment.block(f"### {inline(runs.title(past.summary))}")
    comment.block(inline(summary.of_run_history(report)))
    comment.block(inline(runs.why_ended(past.summary)))
    comment.items(map(inline, runs.facts(past, report.place)))
    write_guards(comment, past.verdicts, {}, remedies=False)
    if past.actions:
        comment.table(_COLUMNS, [_row(comment, past, action) for action in past.actions])


def _row(comment: Comment, past: RunHistory, action: ActionHistory) -> tuple[str, ...]:
    steps = [
        f"{code(runs.time_of(step, past.summary))} {inline(runs.step(step, action.action))}"
        for step in action.steps
    ]
    return (*row(comment, past.plan, entries.past(action)), "; ".join(steps))


def write_validation(comment: Comment, report: ValidationReport) -> None:
    """Every error of the manifests."""
    of = "" if report.workspace is None else f" of {code(report.workspace)}"
    comment.block(f"### Manifests{of}")
    comment.block(f"**{summary.of_validation(report)}**")
    comment.items(map(diagnostic, report.diagnostics))


def write_doctor(comment: Comment, report: DoctorReport) -> None:
    """Every check, and what helps."""
    of = "" if report.workspace is None else f" of {code(report.workspace)}"
    at = "" if report.address is None else f" at {code(report.address)}"
    comment.block(f"### Doctor{of}{at}")
    comment.block(f"**{summary.of_doctor(report)}**")
    comment.items(
        f"{summary.CHECKS[check.state]}: {code(check.name)} {inline((prose(check.message),))}"
        + hint(check.hint)
        for check in report.checks
    )


def write_error(comment: Comment, report: ErrorReport) -> None:
    """All that kept the command from a result, and the plan that was in hand."""
    if report.plan is not None:
        write_heading(comment, "Plan", report.plan.content)
        comment.block(summary.of_planned(report.plan.content))
    else:
        comment.block("### Error")
    comment.block(f"> [!CAUTION]\n> {summary.of_error(report)}")
    comment.items(map(diagnostic, report.problems))
    write_ledger(comment, report.ledger)
    write_changes(comment, report.changes)
