"""What was checked, as Markdown: manifests, and an installation."""

from reconciler.reporting.comment import Comment, code, inline
from reconciler.reporting.documents import DoctorReport, ValidationReport
from reconciler.reporting.markdown.parts import diagnostic, hint
from reconciler.reporting.phrase import prose
from reconciler.reporting.wording import statuses, summary


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
        f"{statuses.CHECKS[check.state]}: {code(check.name)} {inline((prose(check.message),))}"
        + hint(check.hint)
        for check in report.checks
    )
