"""Reports as text for people, on a terminal or in a log.

A header that says where, then what, grouped by user, and the summary as the last line.
"""

import shlex
from collections.abc import Mapping

from reconciler.domain import Diagnostic
from reconciler.planning import Content, GuardName, Judgement, Plan, Verdict
from reconciler.reporting import entries
from reconciler.reporting.documents import (
    CheckState,
    DoctorReport,
    ErrorReport,
    PlanReport,
    Report,
    RunReport,
    ValidationReport,
)
from reconciler.reporting.entries import Entry
from reconciler.reporting.page import Page
from reconciler.reporting.phrase import plain
from reconciler.reporting.sign import PLAN_SIGNS, Sign, Tone
from reconciler.reporting.untrusted import PROSE_LIMIT, one_line, visible
from reconciler.reporting.wording import changes, guards, outcomes, summary


def render_text(report: Report, *, width: int, color: bool) -> str:
    """``report`` as lines of at most ``width`` where they are prose, with ANSI colours or none."""
    page = Page(width=width, color=color)
    if isinstance(report, PlanReport):
        _plan(page, report)
    elif isinstance(report, RunReport):
        _run(page, report)
    elif isinstance(report, ValidationReport):
        _validation(page, report)
    elif isinstance(report, DoctorReport):
        _doctor(page, report)
    else:
        _error(page, report)
    return str(page)


def _plan(page: Page, report: PlanReport) -> None:
    plan, content = report.plan, report.plan.content
    _header(page, "Plan", plan)
    _problems(page, content)
    _notices(page, content)
    groups = entries.by_user(
        entries.actions(content),
        entries.held(content),
        entries.pending(content),
        entries.undetermined(content),
    )
    _legend(page, groups)
    _groups(page, plan, groups)
    _left_alone(page, report)
    _selection(page, content)
    if content.disconnects:
        page.gap()
        page.prose(changes.IRREVERSIBLE, Tone.DANGER)
    _guards(page, report.guards, report.limit_sources, every=report.verbose)
    _saved(page, report)
    page.gap()
    page.prose(summary.of_plan(report), Tone.HEADING)


def _run(page: Page, report: RunReport) -> None:
    result = report.result
    _header(page, f"Run {visible(result.run)}", report.plan)
    _groups(page, report.plan, entries.by_user(entries.results(result.results)))
    if result.halted is not None:
        page.gap()
        page.prose(plain(outcomes.halt(result)), Tone.ALARM)
    steps = outcomes.next_steps(result.results)
    if steps:
        page.gap()
        page.line(("What to do next", Tone.HEADING))
    for step in steps:
        page.prose(step, first="  ", rest="    ")
    if beyond := summary.beyond_actions(report.plan.content):
        page.gap()
        page.prose(beyond)
    _guards(page, report.guards, report.limit_sources, every=False)
    page.gap()
    page.prose(summary.of_run(report), Tone.HEADING)


def _validation(page: Page, report: ValidationReport) -> None:
    if report.workspace is not None:
        page.line(
            ("Manifests of workspace ", Tone.HEADING), (visible(report.workspace), Tone.HEADING)
        )
        page.gap()
    for diagnostic in report.diagnostics:
        _diagnostic(page, diagnostic)
    page.gap()
    page.prose(summary.of_validation(report), Tone.HEADING)


CHECK_SIGNS: Mapping[CheckState, Sign] = {
    CheckState.OK: Sign("✓", Tone.GOOD, "ok"),
    CheckState.WARNING: Sign("!", Tone.CHANGE, "warning"),
    CheckState.FAILED: Sign("✗", Tone.DANGER, "failed"),
    CheckState.SKIPPED: Sign("·", Tone.FAINT, "skipped"),
}


def _doctor(page: Page, report: DoctorReport) -> None:
    if report.workspace is not None:
        at = "" if report.address is None else f" at {visible(report.address)}"
        page.line((f"Workspace {visible(report.workspace)}{at}", Tone.HEADING))
        page.gap()
    for check in report.checks:
        sign = CHECK_SIGNS[check.state]
        page.line(
            "  ", (sign.mark, sign.tone), f" {visible(check.name)}: {one_line(check.message)}"
        )
        if check.hint is not None:
            page.prose(one_line(check.hint), Tone.FAINT, first="      ", rest="      ")
    page.gap()
    page.prose(summary.of_doctor(report), Tone.HEADING)


def _error(page: Page, report: ErrorReport) -> None:
    if report.plan is not None:
        _header(page, "Plan", report.plan)
        page.gap()
        page.line(summary.of_planned(report.plan.content))
        page.gap()
    for problem in report.problems:
        _diagnostic(page, problem)
    page.gap()
    page.prose(summary.of_error(report), Tone.HEADING)


def _header(page: Page, subject: str, plan: Plan) -> None:
    content, envelope = plan.content, plan.envelope
    where = f"workspace {visible(content.workspace)} at {visible(content.base_url)}"
    page.line((f"{subject} for {where}", Tone.HEADING))
    page.line((f"  plan {content.digest()}", Tone.FAINT))
    commit = f", commit {visible(envelope.commit)}" if envelope.commit else ""
    when = f"made {visible(envelope.made)}, expires {visible(envelope.expires)}"
    page.line((f"  {when}{commit}", Tone.FAINT))


def _saved(page: Page, report: PlanReport) -> None:
    if report.saved_to is None:
        return
    path = visible(report.saved_to, PROSE_LIMIT)
    page.gap()
    page.line(f"Saved to {path}")
    refused = any(verdict.judgement is Judgement.REFUSED for verdict in report.guards)
    if report.plan.content.actions and not refused:
        page.line(f"Apply exactly this plan with `reconciler apply {shlex.quote(path)}`")


def _problems(page: Page, content: Content) -> None:
    if not content.problems:
        return
    page.gap()
    page.prose(changes.INCOMPLETE, Tone.ALARM)
    for problem in content.problems:
        page.prose(one_line(problem), Tone.DANGER, first="  ", rest="    ")


def _notices(page: Page, content: Content) -> None:
    if content.notices:
        page.gap()
    for notice in content.notices:
        page.prose(f"Warning: {plain(changes.remark(notice))}", Tone.CHANGE, rest="  ")


def _legend(page: Page, groups: Mapping[str, list[Entry]]) -> None:
    used = {entry.sign.mark for group in groups.values() for entry in group}
    if not used:
        return
    page.gap()
    page.line(
        *(
            part
            for sign in PLAN_SIGNS
            if sign.mark in used
            for part in ("  ", (sign.mark, sign.tone), (f" {sign.meaning}", Tone.FAINT))
        )
    )


def _groups(page: Page, plan: Plan, groups: Mapping[str, list[Entry]]) -> None:
    for user, group in groups.items():
        place = entries.source(plan, user)
        page.gap()
        page.line(
            (visible(user), Tone.HEADING),
            (f"  # {visible(place)}" if place else "", Tone.FAINT),
        )
        for note in dict.fromkeys(entry.note for entry in group if entry.note):
            page.line((f"  note: {one_line(note)}", Tone.FAINT))
        for entry in group:
            _entry(page, entry)


def _entry(page: Page, entry: Entry) -> None:
    sign = entry.sign
    account = f" ({visible(entry.account)})" if entry.account else ""
    page.entry(f"{sign.mark} {entry.what}{account}", sign.tone, f": {plain(entry.why)}")
    if entry.detail:
        page.prose(one_line(entry.detail), first="      ", rest="      ")


def _left_alone(page: Page, report: PlanReport) -> None:
    spared = report.plan.content.spared
    if not spared:
        return
    page.gap()
    page.line((f"Left alone: {len(spared)}", Tone.HEADING))
    for reason, number in changes.spared_counts(spared).items():
        page.line((f"  = {number}: {reason}", Tone.FAINT))
    if report.verbose:
        for user, group in entries.by_user(entries.spared(report.plan.content)).items():
            for entry in group:
                page.line((f"    {visible(user)}: {plain(entry.why)}", Tone.FAINT))


def _selection(page: Page, content: Content) -> None:
    if content.selection is None:
        return
    page.gap()
    page.prose(plain(changes.selected(content)), Tone.CHANGE)


def _guards(
    page: Page,
    verdicts: tuple[Verdict, ...],
    sources: Mapping[GuardName, str],
    *,
    every: bool,
) -> None:
    for verdict in verdicts:
        refused = verdict.judgement is Judgement.REFUSED
        if not (every or refused or verdict.judgement is Judgement.ALLOWED):
            continue
        page.gap()
        tone = Tone.ALARM if refused else Tone.FAINT
        page.prose(plain(guards.sentence(verdict, sources.get(verdict.guard))), tone, rest="  ")
        if refused:
            page.prose(plain(guards.remedy(verdict)), first="  ", rest="  ")


def _diagnostic(page: Page, diagnostic: Diagnostic) -> None:
    place = "" if diagnostic.location is None else f"{visible(str(diagnostic.location))}: "
    page.line(("error: ", Tone.ALARM), (place, Tone.HEADING), one_line(diagnostic.message))
    if diagnostic.hint is not None:
        page.prose(one_line(diagnostic.hint), Tone.FAINT, first="  ", rest="  ")
