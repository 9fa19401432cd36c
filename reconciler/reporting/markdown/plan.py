"""A plan as Markdown: what would be done in a table, the rest folded."""

from reconciler.domain import UndeclaredPolicy
from reconciler.planning import (
    Plan,
    break_down,
)
from reconciler.reporting import entries
from reconciler.reporting.documents import (
    PlanReport,
)
from reconciler.reporting.markdown.comment import PART, Comment, code, inline
from reconciler.reporting.markdown.parts import (
    row,
    write_changes,
    write_deliveries,
    write_folded,
    write_guards,
    write_heading,
    write_ledger,
)
from reconciler.reporting.phrase import counted, prose
from reconciler.reporting.wording import (
    breakdown,
    changes,
    declarations,
    guards,
    summary,
)

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
        problems = (inline((prose(problem),)) for problem in content.problems)
        comment.items(problems, most=PART)
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
    write_deliveries(comment, report.deliveries)
    comment.block(f"Plan `{content.digest()}`, made {code(plan.envelope.made)}")


def write_breakdown(comment: Comment, plan: Plan) -> None:
    """What the plan comes to, in a part of the room."""
    for heading, tallies, line in breakdown.lists(break_down(plan)):
        comment.block(f"{heading}:")
        comment.items((inline(line(tally)) for tally in tallies.rows), most=_MOST_OF_LIST)


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
