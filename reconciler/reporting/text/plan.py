"""A plan as text: what would be done and why, and what keeps it back."""

from collections.abc import Mapping

from reconciler.domain import UndeclaredPolicy
from reconciler.planning import Content
from reconciler.reporting import entries
from reconciler.reporting.documents import PlanReport
from reconciler.reporting.entries import PLAN_SYMBOLS, Tone, UserEntry
from reconciler.reporting.phrase import PROSE_LIMIT, one_line, plain, visible
from reconciler.reporting.text.page import (
    TextPage,
    write_changes,
    write_deliveries,
    write_groups,
    write_guards,
    write_header,
    write_ledger,
)
from reconciler.reporting.wording import changes, declarations, guards, summary


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
    write_deliveries(page, report.deliveries)
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
