"""A plan as text."""

from collections.abc import Mapping

from reconciler.planning import Content
from reconciler.reporting import entries
from reconciler.reporting.documents import PlanReport
from reconciler.reporting.entries import Entry
from reconciler.reporting.page import Page
from reconciler.reporting.phrase import plain
from reconciler.reporting.sign import PLAN_SIGNS, Tone
from reconciler.reporting.text.differences import write_changes
from reconciler.reporting.text.memory import write_memory
from reconciler.reporting.text.parts import write_groups, write_guards, write_header
from reconciler.reporting.untrusted import PROSE_LIMIT, one_line, visible
from reconciler.reporting.wording import changes, guards, steps, summary


def write_plan(page: Page, report: PlanReport) -> None:
    """What would be done and why, what keeps it back, and what was saved."""
    plan, content = report.plan, report.plan.content
    write_header(page, "Plan", plan)
    unjudged = guards.without_history(report.guards)
    # In a run, the plan that it carries out has said it.
    skipped = unjudged if report.verdicts is None and not report.verbose else ()
    write_memory(page, report.memory, missing=not skipped)
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
    _contested(page, report)
    _selection(page, content)
    if content.disconnects:
        page.gap()
        page.prose(changes.IRREVERSIBLE, Tone.DANGER)
    write_changes(page, plan, report.changes)
    write_guards(page, report.guards, report.limit_sources, every=report.verbose, but=unjudged)
    if skipped:
        page.gap()
        page.prose(plain(guards.skipped(skipped, report.memory)), Tone.FAINT, rest="  ")
    if report.saved_to is not None:
        page.gap()
        page.line(f"Saved to {visible(report.saved_to, PROSE_LIMIT)}")
    page.gap()
    page.prose(summary.of_plan(report), Tone.HEADING)
    for step in steps.after_plan(report):
        page.line(step)


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


def _contested(page: Page, report: PlanReport) -> None:
    """All of whom the guard names but the first."""
    found = report.plan.content.contested or ()
    if not (found and report.verbose):
        return
    page.gap()
    page.line((changes.contested(len(found)), Tone.HEADING))
    for entry in found:
        page.line((f"    {visible(entry.user)}: {plain(guards.disagreement(entry))}", Tone.FAINT))


def _selection(page: Page, content: Content) -> None:
    if content.selection is None:
        return
    page.gap()
    page.prose(plain(changes.selected(content)), Tone.CHANGE)
