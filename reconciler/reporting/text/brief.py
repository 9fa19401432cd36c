"""A plan in at most forty lines, however large the fleet is: counts, and the first names."""

from collections.abc import Sequence
from typing import Final

from reconciler.domain import UndeclaredPolicy
from reconciler.planning import Judgement, Tallies, break_down
from reconciler.reporting.documents import PlanReport
from reconciler.reporting.entries import Tone
from reconciler.reporting.phrase import PROSE_LIMIT, plain, visible
from reconciler.reporting.text.page import TextPage, write_header
from reconciler.reporting.wording import breakdown, changes, guards, history, summary

MOST_LINES: Final = 40


def write_brief(page: TextPage, report: PlanReport) -> None:
    """The breakdown of a plan between its header and its last lines.

    Nothing is wrapped: a terminal does that, and a pipe needs none.
    """
    write_header(page, "Plan", report.plan)
    before, after = _before(report), _after(report)
    lists = list(breakdown.lists(break_down(report.plan)))
    used = page.height + len(before) + len(after) + bool(before) + 2 + len(lists)
    shares = _shares([_height(tallies) for _, tallies, _ in lists], MOST_LINES - used)
    if before:
        page.gap()
    for line, tone in before:
        page.line((line, tone))
    page.gap()
    for (heading, tallies, row), share in zip(lists, shares, strict=True):
        page.line((heading, Tone.HEADING))
        shown = tallies.rows[: share if share == _height(tallies) else share - 1]
        for tally in shown:
            page.line(f"  {plain(row(tally))}")
        if others := len(tallies.rows) + tallies.others - len(shown):
            page.line((f"  {breakdown.more(others)}", Tone.FAINT))
    page.gap()
    for line, tone in after:
        page.line((line, tone))


def _height(tallies: Tallies) -> int:
    """The lines of a list that is shown as far as it goes."""
    return len(tallies.rows) + bool(tallies.others)


def _shares(heights: Sequence[int], room: int) -> list[int]:
    """How many of ``room`` lines each list gets, at least one; what a short one leaves goes on."""
    shares = [0] * len(heights)
    in_order = sorted(range(len(heights)), key=lambda index: heights[index])
    for done, index in enumerate(in_order):
        fair = max(1, room // (len(heights) - done))
        shares[index] = min(heights[index], fair)
        room -= shares[index]
    return shares


def _before(report: PlanReport) -> list[tuple[str, Tone]]:
    """What a reader has to know first, a line each."""
    content, ledger = report.plan.content, report.ledger
    lines: list[tuple[str, Tone]] = []
    if ledger is not None and ledger.dead:
        lines.append(
            (f"{history.dead_runs(ledger.dead)}; `reconciler runs` shows them.", Tone.ALARM)
        )
    if content.problems:
        lines.append((breakdown.incomplete(content), Tone.ALARM))
    if content.selection is not None or content.exclusion:
        lines.append((plain(changes.selected(content)), Tone.CHANGE))
    if report.changes is not None:
        lines.append((changes.summary_of_change(report.changes), Tone.HEADING))
    return lines


def _after(report: PlanReport) -> list[tuple[str, Tone]]:
    """What follows the breakdown, a line each."""
    content = report.plan.content
    lines: list[tuple[str, Tone]] = []
    if content.undeclared:
        fails = report.undeclared is UndeclaredPolicy.FAIL
        tone = Tone.ALARM if fails else Tone.HEADING
        heading = changes.undeclared(content.undeclared, report.undeclared)
        names = plain(changes.first_connected(content.undeclared))
        lines.append((f"{heading}: {names}", tone))
    for verdict in report.guards:
        if verdict.judgement is Judgement.REFUSED:
            said = guards.sentence(verdict, report.limit_sources.get(verdict.guard))
            lines.append((plain(said), Tone.ALARM))
    if skipped := guards.without_history(report.guards):
        lines.append((plain(guards.skipped(skipped, report.ledger)), Tone.FAINT))
    if report.saved_to is not None:
        lines.append((f"Saved to {visible(report.saved_to, PROSE_LIMIT)}", Tone.PLAIN))
    lines.append((summary.of_plan(report), Tone.HEADING))
    return [*lines, *((step, Tone.PLAIN) for step in summary.after_plan(report))]
