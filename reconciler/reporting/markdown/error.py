"""A command without a result, as Markdown."""

from reconciler.reporting.comment import Comment
from reconciler.reporting.documents import ErrorReport
from reconciler.reporting.markdown.differences import write_changes
from reconciler.reporting.markdown.memory import write_memory
from reconciler.reporting.markdown.parts import diagnostic, write_heading
from reconciler.reporting.wording import summary


def write_error(comment: Comment, report: ErrorReport) -> None:
    """All that kept the command from a result, and the plan that was in hand."""
    if report.plan is not None:
        write_heading(comment, "Plan", report.plan.content)
        comment.block(summary.of_planned(report.plan.content))
    else:
        comment.block("### Error")
    comment.block(f"> [!CAUTION]\n> {summary.of_error(report)}")
    comment.items(map(diagnostic, report.problems))
    write_memory(comment, report.memory)
    write_changes(comment, report.changes)
