"""Reports as text for people, on a terminal or in a log.

A header says where, then what, grouped by user. The summary is the last line, but for the
commands to type next.
"""

from collections.abc import Mapping, Sequence

from reconciler.domain import UndeclaredPolicy
from reconciler.planning import Content
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
)
from reconciler.reporting.entries import CHECK_SYMBOLS, PLAN_SYMBOLS, RUN_TONES, Tone, UserEntry
from reconciler.reporting.phrase import PROSE_LIMIT, one_line, plain, visible
from reconciler.reporting.text.brief import write_brief
from reconciler.reporting.text.page import (
    TextPage,
    cells,
    write_changes,
    write_diagnostic,
    write_entry,
    write_groups,
    write_guards,
    write_header,
    write_ledger,
    write_user,
)
from reconciler.reporting.text.people import write_people
from reconciler.reporting.wording import (
    changes,
    declarations,
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
    return str(page)


def write_plan(page: TextPage, report: PlanReport) -> None:
    """What would be done and why, what keeps it back, and what was saved."""
    plan, content = report.plan, report.plan.content
    write_header(page, "Plan", plan)
    unjudged = guards.without_history(report.guards)
    # In a run, the plan that it carries out has said it.
    skipped = unjudged if report.verdicts is None and not report.verbose else ()
    write_ledger(page, report.ledger, missing=not skipped)
    _problems(page, content)
    _notices(page, content)
    groups = entries.by_user(
        entries.actions(content.actions),
        entries.held(content.blocked),
        entries.pending(content.pending),
        entries.undetermined(content),
    )
    _legend(page, groups)
    write_groups(page, plan, groups)
    _left_alone(page, report)
    _undeclared(page, report)
    _declarations(page, content)
    _contested(page, report)
    _selection(page, content)
    if content.disconnects:
        page.gap()
        page.prose(changes.IRREVERSIBLE, Tone.DANGER)
    write_changes(page, plan, report.changes)
    write_guards(page, report.guards, report.limit_sources, every=report.verbose, but=unjudged)
    if skipped:
        page.gap()
        page.prose(plain(guards.skipped(skipped, report.ledger)), Tone.FAINT, rest="  ")
    if report.saved_to is not None:
        page.gap()
        page.line(f"Saved to {visible(report.saved_to, PROSE_LIMIT)}")
    page.gap()
    page.prose(summary.of_plan(report), Tone.HEADING)
    for step in summary.after_plan(report):
        page.line(step)


def _problems(page: TextPage, content: Content) -> None:
    if not content.problems:
        return
    page.gap()
    page.prose(changes.INCOMPLETE, Tone.ALARM)
    for problem in content.problems:
        page.prose(one_line(problem), Tone.DANGER, first="  ", rest="    ")


def _notices(page: TextPage, content: Content) -> None:
    if content.notices:
        page.gap()
    for notice in content.notices:
        page.prose(f"Warning: {plain(changes.remark(notice))}", Tone.CHANGE, rest="  ")


def _legend(page: TextPage, groups: Mapping[str, list[UserEntry]]) -> None:
    used = {entry.symbol.mark for group in groups.values() for entry in group}
    if not used:
        return
    page.gap()
    page.line(
        *(
            part
            for symbol in PLAN_SYMBOLS
            if symbol.mark in used
            for part in ("  ", (symbol.mark, symbol.tone), (f" {symbol.meaning}", Tone.FAINT))
        )
    )


def _left_alone(page: TextPage, report: PlanReport) -> None:
    unmanaged = report.plan.content.unmanaged
    if not unmanaged:
        return
    page.gap()
    page.line((f"Left alone: {len(unmanaged)}", Tone.HEADING))
    for reason, number in changes.unmanaged_counts(unmanaged).items():
        page.line((f"  = {number}: {reason}", Tone.FAINT))
    if report.verbose:
        for user, group in entries.by_user(entries.unmanaged(report.plan.content)).items():
            for entry in group:
                page.line((f"    {visible(user)}: {plain(entry.why)}", Tone.FAINT))


def _undeclared(page: TextPage, report: PlanReport) -> None:
    """Who is connected and in no manifest: everyone under `fail`, otherwise the first ten."""
    found = report.plan.content.undeclared
    if not found:
        return
    fails = report.undeclared is UndeclaredPolicy.FAIL
    page.gap()
    page.line((changes.undeclared(found, report.undeclared), Tone.ALARM if fails else Tone.HEADING))
    shown = found if fails or report.verbose else found[: changes.MOST_UNDECLARED]
    for entry in shown:
        page.line((f"  = {plain(changes.connected(entry))}", Tone.FAINT))
    if len(shown) < len(found):
        page.line((f"  and {len(found) - len(shown)} more; --verbose lists them", Tone.FAINT))


def _declarations(page: TextPage, content: Content) -> None:
    """The sources and rules, and what begins or ends soon."""
    for title, lines in declarations.sections(content):
        page.gap()
        page.line((title, Tone.HEADING))
        for said in lines:
            page.prose(plain(said), Tone.FAINT, first="  ", rest="    ")


def _contested(page: TextPage, report: PlanReport) -> None:
    """Every contested user; the guard itself names the first ones."""
    found = report.plan.content.contested or ()
    if not (found and report.verbose):
        return
    page.gap()
    page.line((changes.contested(len(found)), Tone.HEADING))
    for entry in found:
        page.line((f"    {visible(entry.user)}: {plain(guards.disagreement(entry))}", Tone.FAINT))


def _selection(page: TextPage, content: Content) -> None:
    if content.selection is None and not content.exclusion:
        return
    page.gap()
    page.prose(plain(changes.selected(content)), Tone.CHANGE)


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
