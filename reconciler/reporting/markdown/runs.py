"""The runs of a workspace, and a lock that was taken away, as Markdown."""

from reconciler.reporting.comment import Comment, code, inline
from reconciler.reporting.documents import RunsReport, UnlockReport
from reconciler.reporting.wording import runs, summary


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
