"""What changed since a saved plan was made, as Markdown."""

from reconciler.planning import PlanChanges
from reconciler.reporting import entries
from reconciler.reporting.comment import Comment
from reconciler.reporting.markdown.parts import write_folded
from reconciler.reporting.wording import differences


def write_changes(comment: Comment, changes: PlanChanges | None) -> None:
    """What is different beside actions, and the actions folded."""
    if changes is None:
        return
    comment.block(differences.summary(changes))
    if changes.nothing:
        return
    comment.items(differences.remarks(changes))
    write_folded(comment, "gone", entries.gone(changes))
    write_folded(comment, "added", entries.added(changes))
    write_folded(comment, "newly held", entries.held(changes.blocked))
    write_folded(comment, "newly waiting for a person", entries.pending(changes.pending))
