"""A plan as Markdown."""

from reconciler.reporting import entries
from reconciler.reporting.comment import Comment, code, inline
from reconciler.reporting.documents import PlanReport
from reconciler.reporting.markdown.differences import write_changes
from reconciler.reporting.markdown.memory import write_memory
from reconciler.reporting.markdown.parts import row, write_folded, write_guards, write_heading
from reconciler.reporting.phrase import counted, prose
from reconciler.reporting.wording import changes, guards, summary

_ACTIONS = ("", "User", "Action", "Account", "Why", "Source")


def write_plan(comment: Comment, report: PlanReport) -> None:
    """What would be done in a table, the rest folded."""
    plan, content = report.plan, report.plan.content
    write_heading(comment, "Plan", content)
    comment.block(f"**{summary.of_plan(report)}**")
    unjudged = guards.without_history(report.guards)
    skipped = unjudged if report.verdicts is None else ()
    write_memory(comment, report.memory, missing=not skipped)
    write_guards(comment, report.guards, report.limit_sources, but=unjudged)
    if skipped:
        comment.block(f"> {inline(guards.skipped(skipped, report.memory))}")
    if content.selection is not None:
        comment.block(inline(changes.selected(content)))
    if content.problems:
        comment.block(f"> [!WARNING]\n> {changes.INCOMPLETE}")
        comment.items(inline((prose(problem),)) for problem in content.problems)
    if content.actions:
        comment.table(_ACTIONS, [row(plan, entry) for entry in entries.actions(content.actions)])
    if content.disconnects:
        comment.block(changes.IRREVERSIBLE)
    write_folded(comment, "held", entries.held(content.blocked))
    write_folded(comment, "waiting for a person", entries.pending(content.pending))
    write_folded(comment, "undetermined", entries.undetermined(content))
    if content.notices:
        notices = [inline(changes.remark(notice)) for notice in content.notices]
        comment.folded(counted(len(notices), "warning"), notices)
    write_folded(comment, "left alone", entries.spared(content))
    if content.contested:
        contested = [f"{code(c.user)}: {inline(guards.disagreement(c))}" for c in content.contested]
        comment.folded(changes.contested(len(contested)), contested)
    write_changes(comment, report.changes)
    comment.block(f"Plan `{content.digest()}`, made {code(plan.envelope.made)}")
