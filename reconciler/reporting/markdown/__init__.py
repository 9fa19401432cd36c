"""Reports as Markdown for a comment on a pull request.

What others wrote is in code spans only, where neither HTML, links nor mentions work. A
comment of GitHub holds 65 536 characters: what does not fit is cut where the reader sees it.
"""

from collections.abc import Mapping

from reconciler.domain import Diagnostic, UndeclaredPolicy
from reconciler.planning import (
    Content,
    GuardName,
    Judgement,
    Plan,
    PlanChanges,
    Verdict,
    break_down,
)
from reconciler.reporting import entries
from reconciler.reporting.documents import (
    ConnectLinkReport,
    DoctorReport,
    ErrorReport,
    ExplanationReport,
    LedgerAccess,
    LedgerView,
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
from reconciler.reporting.entries import UserEntry
from reconciler.reporting.links import Links
from reconciler.reporting.markdown.comment import Comment, code, inline
from reconciler.reporting.markdown.people import write_people
from reconciler.reporting.phrase import counted, prose
from reconciler.reporting.wording import (
    breakdown,
    changes,
    declarations,
    guards,
    history,
    outcomes,
    rules,
    runs,
    summary,
)
from reconciler.runs.history import ActionHistory, RunHistory


def render_markdown(report: Report, links: Links | None = None) -> str:
    """``report`` as a comment, never longer than GitHub takes; places of manifests are links."""
    comment = Comment(links)
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
    return str(comment)


_MOST_OF_LIST = 3_000
"""Bytes of one list of the breakdown: the actions below need room too."""

_ACTIONS = ("", "User", "Action", "Account", "Why", "Source")


def write_plan(comment: Comment, report: PlanReport) -> None:
    """What would be done in a table, the rest folded."""
    plan, content = report.plan, report.plan.content
    write_heading(comment, "Plan", content)
    comment.block(f"**{summary.of_plan(report)}**")
    unjudged = guards.without_history(report.guards)
    skipped = unjudged if report.verdicts is None else ()
    write_ledger(comment, report.ledger, missing=not skipped)
    write_breakdown(comment, plan)
    write_guards(comment, report.guards, report.limit_sources, but=unjudged)
    if skipped:
        comment.block(f"> {inline(guards.skipped(skipped, report.ledger))}")
    if content.selection is not None or content.exclusion:
        comment.block(inline(changes.selected(content)))
    if content.problems:
        comment.block(f"> [!WARNING]\n> {changes.INCOMPLETE}")
        comment.items(inline((prose(problem),)) for problem in content.problems)
    if content.actions:
        comment.table(
            _ACTIONS, [row(comment, plan, entry) for entry in entries.actions(content.actions)]
        )
    if content.disconnects:
        comment.block(changes.IRREVERSIBLE)
    write_folded(comment, "held", entries.held(content.blocked))
    write_folded(comment, "waiting for a person", entries.pending(content.pending))
    write_folded(comment, "undetermined", entries.undetermined(content))
    if content.notices:
        notices = [inline(changes.remark(notice)) for notice in content.notices]
        comment.folded(counted(len(notices), "warning"), notices)
    write_folded(comment, "left alone", entries.unmanaged(content))
    write_undeclared(comment, report)
    for title, lines in declarations.sections(content):
        comment.folded(title, map(inline, lines))
    if content.contested:
        contested = [f"{code(c.user)}: {inline(guards.disagreement(c))}" for c in content.contested]
        comment.folded(changes.contested(len(contested)), contested)
    write_changes(comment, report.changes)
    comment.block(f"Plan `{content.digest()}`, made {code(plan.envelope.made)}")


def write_breakdown(comment: Comment, plan: Plan) -> None:
    """What the plan comes to, in a part of the room."""
    for heading, tallies, row in breakdown.lists(break_down(plan)):
        comment.block(f"{heading}:")
        comment.items((inline(row(tally)) for tally in tallies.rows), most=_MOST_OF_LIST)


def write_undeclared(comment: Comment, report: PlanReport) -> None:
    """Who is connected and in no manifest: everyone under `fail`, otherwise the first of them."""
    found = report.plan.content.undeclared
    if not found:
        return
    heading = changes.undeclared(found, report.undeclared)
    if report.undeclared is UndeclaredPolicy.REPORT:
        comment.block(f"{heading}: {inline(changes.first_connected(found))}")
        return
    comment.block(f"> [!WARNING]\n> {heading}")
    comment.folded(
        f"{len(found)} connected and in no manifest",
        [inline(changes.connected(entry)) for entry in found],
    )


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


def write_heading(comment: Comment, subject: str, content: Content) -> None:
    """Of what, and where."""
    comment.block(f"### {subject} for {code(content.workspace)} at {code(content.base_url)}")


def write_guards(
    comment: Comment,
    verdicts: tuple[Verdict, ...],
    sources: Mapping[GuardName, str],
    *,
    remedies: bool = True,
    but: tuple[Verdict, ...] = (),
) -> None:
    """The guards that did not let the plan pass; what was not judged did not pass.

    None of those in ``but``.
    """
    for verdict in verdicts:
        if verdict in but:
            continue
        said = inline(guards.sentence(verdict, sources.get(verdict.guard)))
        if verdict.judgement is Judgement.REFUSED:
            remedy = f"\n>\n> {inline(guards.remedy(verdict))}" if remedies else ""
            comment.block(f"> [!WARNING]\n> {said}{remedy}")
        elif verdict.judgement in (Judgement.ALLOWED, Judgement.NOT_JUDGED):
            comment.block(f"> {said}")


def row(comment: Comment, plan: Plan | None, entry: UserEntry) -> tuple[str, ...]:
    """An entry as a row: sign, user, action, account, why, source."""
    place = entries.source(plan, entry.user)
    return (
        f"`{entry.symbol.mark}`",
        code(entry.user),
        entry.what,
        code(entry.account) if entry.account else "",
        why(entry),
        comment.place(place, None if plan is None else plan.envelope.commit),
    )


def item(entry: UserEntry) -> str:
    """An entry as an item of a list."""
    return f"`{entry.symbol.mark}` {code(entry.user)} {entry.what}: {why(entry)}"


def why(entry: UserEntry) -> str:
    """Why, with what others had to say of it."""
    note = f"; note: {inline((prose(entry.note),))}" if entry.note else ""
    detail = f": {inline((prose(entry.detail),))}" if entry.detail else ""
    return f"{inline(entry.why)}{detail}{note}"


def write_folded(comment: Comment, title: str, found: list[UserEntry]) -> None:
    """Entries behind their number."""
    if found:
        comment.folded(f"{len(found)} {title}", map(item, found))


def diagnostic(diagnostic: Diagnostic) -> str:
    """An error, its place and what helps."""
    place = "" if diagnostic.location is None else f"{code(str(diagnostic.location))}: "
    return f"{place}{inline((prose(diagnostic.message),))}{hint(diagnostic.hint)}"


def hint(hint: str | None) -> str:
    """What helps, in brackets."""
    return f" ({inline((prose(hint),))})" if hint else ""


def write_ledger(
    comment: Comment, ledger: LedgerView | None, *, resumes: str | None = None, missing: bool = True
) -> None:
    """Which runs died, what was resolved of them, and, if asked, where a ledger is ``missing``."""
    if ledger is None:
        return
    if ledger.dead:
        comment.block(f"> [!CAUTION]\n> {history.dead_runs(ledger.dead)}:")
        comment.items(inline(history.announced(ledger, run, resumes)) for run in ledger.dead)
    said = history.state(ledger)
    if said is not None and (missing or ledger.state is not LedgerAccess.NONE):
        comment.block(f"> [!WARNING]\n> {inline(said)}")
    if (used := history.used(ledger)) is not None:
        comment.block(f"> [!WARNING]\n> {inline(used)}")
    for run, resolved in entries.resolved(ledger.resolved).items():
        comment.block(f"{inline(history.resolved_of(run))}:")
        comment.items(map(item, resolved))


def write_changes(comment: Comment, found: PlanChanges | None) -> None:
    """What is different beside actions, and the actions folded."""
    if found is None:
        return
    comment.block(changes.summary_of_change(found))
    if found.nothing:
        return
    comment.items(changes.remarks_on_change(found))
    write_folded(comment, "gone", entries.gone(found))
    write_folded(comment, "added", entries.added(found))
    write_folded(comment, "newly held", entries.held(found.blocked))
    write_folded(comment, "newly waiting for a person", entries.pending(found.pending))
