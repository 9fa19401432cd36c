"""Reports as text for people, on a terminal or in a log.

A header says where, then what, grouped by user. The summary is the last line, but for the
commands to type next.
"""

from collections.abc import Sequence

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
    WorkspacesReport,
)
from reconciler.reporting.entries import CHECK_SYMBOLS, RUN_TONES, Tone
from reconciler.reporting.phrase import one_line, plain, visible
from reconciler.reporting.text.brief import write_brief
from reconciler.reporting.text.page import (
    TextPage,
    cells,
    write_changes,
    write_deliveries,
    write_diagnostic,
    write_entry,
    write_groups,
    write_guards,
    write_header,
    write_ledger,
    write_user,
)
from reconciler.reporting.text.people import write_people
from reconciler.reporting.text.plan import write_plan
from reconciler.reporting.wording import (
    guards,
    outcomes,
    rules,
    runs,
    summary,
)
from reconciler.runs.history import ActionHistory, RunHistory


def render_text(report: Report, *, width: int, color: bool) -> str:
    """``report`` as lines of at most ``width`` where they are prose, with ANSI colours or none."""
    page = TextPage(width=width, color=color)
    if isinstance(report, WorkspacesReport):
        write_workspaces(page, report)
    else:
        _write(page, report)
    return str(page)


def write_workspaces(page: TextPage, report: WorkspacesReport) -> None:
    """A section for each workspace, and last how all of them ended."""
    for section in report.sections:
        page.line((f"{section.workspace}", Tone.HEADING))
        page.line(("=" * len(section.workspace), Tone.FAINT))
        _write(page, section.report)
        page.gap()
    for line in summary.of_workspaces(report):
        page.prose(line, Tone.HEADING)


def _write(page: TextPage, report: WorkspaceReport) -> None:
    if isinstance(report, PlanReport) and report.brief:
        write_brief(page, report)
    elif isinstance(report, PlanReport):
        write_plan(page, report)
    elif isinstance(report, PendingReport | ExplanationReport | ConnectLinkReport):
        write_people(page, report)
    elif isinstance(report, RulesReport):
        write_rules(page, report)
    elif isinstance(report, RunReport):
        write_run(page, report)
    elif isinstance(report, RunsReport):
        write_runs(page, report)
    elif isinstance(report, RunHistoryReport):
        write_history(page, report)
    elif isinstance(report, UnlockReport):
        write_unlock(page, report)
    elif isinstance(report, ValidationReport):
        write_validation(page, report)
    elif isinstance(report, DoctorReport):
        write_doctor(page, report)
    else:
        write_error(page, report)


def write_rules(page: TextPage, report: RulesReport) -> None:
    """Each rule, who it matches, and what gets in its way."""
    where = f"workspace {visible(report.workspace)} at {visible(report.base_url)}"
    page.line((f"Rules of {where}", Tone.HEADING))
    for overview in report.rules:
        page.gap()
        page.line(
            (visible(overview.rule.name), Tone.HEADING),
            rules.title(overview),
            (f"  # {visible(str(overview.rule.place))}", Tone.FAINT),
        )
        for said in rules.lines(overview):
            page.prose(plain(said), first="  ", rest="    ")
    page.gap()
    page.prose(rules.summary(report), Tone.HEADING)


def write_run(page: TextPage, report: RunReport) -> None:
    """How each action ended, why the run stopped early, and what can be done now."""
    result = report.result
    write_header(page, f"Run {visible(result.run)}", report.plan)
    if report.resumes is not None:
        page.line((f"  resumes run {visible(report.resumes)}", Tone.FAINT))
    write_ledger(page, report.ledger, resumes=report.resumes)
    ended = entries.results(result.results, result.carried)
    held = entries.held(report.plan.content.in_doubt)
    write_groups(page, report.plan, entries.by_user([*ended, *held]))
    if result.halted is not None:
        page.gap()
        page.prose(
            plain(outcomes.halt(result.halted, result.halt_detail, result.signal)), Tone.ALARM
        )
    steps = outcomes.next_steps(result.results)
    if steps:
        page.gap()
        page.line(("What to do next", Tone.HEADING))
    for step in steps:
        page.prose(step, first="  ", rest="    ")
    if beyond := summary.beyond_actions(report.plan.content):
        page.gap()
        page.prose(beyond)
    write_changes(page, report.plan, report.changes)
    write_guards(
        page,
        report.guards,
        report.limit_sources,
        but=guards.without_history(report.guards),
    )
    write_deliveries(page, report.deliveries)
    page.gap()
    page.prose(summary.of_run(report), Tone.HEADING)
    if report.continue_with:
        page.line(outcomes.TO_CONTINUE)
        page.line(f"  {outcomes.command(report.continue_with)}")


_WORKSPACE = runs.COLUMNS.index("Workspace")


def write_runs(page: TextPage, report: RunsReport) -> None:
    """A run a line, or several where a terminal is too narrow: an id that is cut is of no use."""
    if report.runs:
        _table(page, report)
    page.gap()
    page.prose(plain(summary.of_runs(report)), Tone.HEADING)


def write_unlock(page: TextPage, report: UnlockReport) -> None:
    """Who held the lock, and what becomes of that run."""
    page.prose(plain(summary.of_unlock(report)), Tone.HEADING)


def _table(page: TextPage, report: RunsReport) -> None:
    of = "" if report.workspace is None else f" of workspace {visible(report.workspace)}"
    page.line((f"Runs{of}, newest first", Tone.HEADING))
    page.line((f"  ledger {visible(report.place)}", Tone.FAINT))
    page.gap()
    rows = [list(runs.COLUMNS), *([plain(cell) for cell in runs.row(r)] for r in report.runs)]
    if report.workspace is not None:
        for row in rows:
            del row[_WORKSPACE]
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    tones = [Tone.FAINT, *(RUN_TONES[run.state] for run in report.runs)]
    parts = _parts(widths, page.width)
    for row, tone in zip(rows, tones, strict=True):
        for part in parts:
            indent = "  " if part.start else ""
            page.line((indent + _line(row[part], widths[part]), tone))


def _parts(widths: Sequence[int], width: int) -> list[slice]:
    """The columns that go on each line of a run, all but the first of which are indented by 2."""
    starts, used = [0], 0
    for column, wide in enumerate(widths):
        if column and used + 2 + wide > width:
            starts.append(column)
            used = 2 + wide
        else:
            used += wide + 2 * bool(column)
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(widths)], strict=True)]


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    both = zip(texts, widths, strict=True)
    padded = [text + " " * (width - cells(text)) for text, width in both]
    return "  ".join(padded).rstrip()


def write_history(page: TextPage, report: RunHistoryReport) -> None:
    """Who ran what, how it was judged, each step of each action, and how it ended."""
    past = report.history
    page.line((plain(runs.title(past.summary)), Tone.HEADING))
    for fact in runs.facts(past, report.place):
        page.line((f"  {plain(fact)}", Tone.FAINT))
    page.gap()
    page.prose(plain(runs.why_ended(past.summary)), RUN_TONES[past.summary.state])
    if past.plan is not None and (left := summary.beyond_actions(past.plan.content)):
        page.prose(left)
    write_guards(page, past.verdicts, {}, remedies=False)
    by_user: dict[str, list[ActionHistory]] = {}
    for action in past.actions:
        by_user.setdefault(action.action.user, []).append(action)
    for user, actions in sorted(by_user.items()):
        _user(page, past, user, actions)
    page.gap()
    page.line((plain(summary.of_run_history(report)), Tone.HEADING))


def _user(page: TextPage, past: RunHistory, user: str, actions: list[ActionHistory]) -> None:
    shown = [entries.past(action) for action in actions]
    write_user(page, past.plan, user, shown)
    for action, entry in zip(actions, shown, strict=True):
        write_entry(page, entry)
        for step in action.steps:
            at = runs.time_of(step, past.summary)
            page.prose(
                f"{at} {plain(runs.step(step, action.action))}",
                Tone.FAINT,
                first="      ",
                rest="        ",
            )


def write_validation(page: TextPage, report: ValidationReport) -> None:
    """Every error of the manifests."""
    if report.workspace is not None:
        page.line((f"Manifests of workspace {visible(report.workspace)}", Tone.HEADING))
        page.gap()
    for diagnostic in report.diagnostics:
        write_diagnostic(page, diagnostic)
    page.gap()
    page.prose(summary.of_validation(report), Tone.HEADING)


def write_doctor(page: TextPage, report: DoctorReport) -> None:
    """Every check with its sign, and what helps."""
    if report.workspace is not None:
        at = "" if report.address is None else f" at {visible(report.address)}"
        page.line((f"Workspace {visible(report.workspace)}{at}", Tone.HEADING))
        page.gap()
    for check in report.checks:
        symbol = CHECK_SYMBOLS[check.state]
        page.sentence(
            ("  " + symbol.mark, symbol.tone),
            f" {visible(check.name)}: {one_line(check.message)}",
            rest="      ",
        )
        if check.hint is not None:
            page.prose(one_line(check.hint), Tone.FAINT, first="      ", rest="      ")
    page.gap()
    page.prose(summary.of_doctor(report), Tone.HEADING)


def write_error(page: TextPage, report: ErrorReport) -> None:
    """All that kept the command from a result, and the plan that was in hand."""
    if report.plan is not None:
        write_header(page, "Plan", report.plan)
        page.gap()
        page.line(summary.of_planned(report.plan.content))
    write_ledger(page, report.ledger)
    page.gap()
    for problem in report.problems:
        write_diagnostic(page, problem)
    write_changes(page, report.plan, report.changes)
    page.gap()
    page.prose(summary.of_error(report), Tone.HEADING)
