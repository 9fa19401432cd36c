"""A command without a result, as text."""

from reconciler.reporting.documents import ErrorReport
from reconciler.reporting.page import Page
from reconciler.reporting.sign import Tone
from reconciler.reporting.text.differences import write_changes
from reconciler.reporting.text.memory import write_memory
from reconciler.reporting.text.parts import write_diagnostic, write_header
from reconciler.reporting.wording import summary


def write_error(page: Page, report: ErrorReport) -> None:
    """All that kept the command from a result, and the plan that was in hand."""
    if report.plan is not None:
        write_header(page, "Plan", report.plan)
        page.gap()
        page.line(summary.of_planned(report.plan.content))
    write_memory(page, report.memory)
    page.gap()
    for problem in report.problems:
        write_diagnostic(page, problem)
    write_changes(page, report.plan, report.changes)
    page.gap()
    page.prose(summary.of_error(report), Tone.HEADING)
