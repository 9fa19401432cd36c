"""Reports as text for people, on a terminal or in a log.

A header that says where, then what, grouped by user, and the summary as the last line but for what
to type next.
"""

from reconciler.reporting.documents import (
    DoctorReport,
    PlanReport,
    Report,
    RunReport,
    RunsReport,
    StoryReport,
    UnlockReport,
    ValidationReport,
)
from reconciler.reporting.page import Page
from reconciler.reporting.text.checks import write_doctor, write_validation
from reconciler.reporting.text.error import write_error
from reconciler.reporting.text.plan import write_plan
from reconciler.reporting.text.run import write_run
from reconciler.reporting.text.runs import write_runs, write_unlock
from reconciler.reporting.text.story import write_story


def render_text(report: Report, *, width: int, color: bool) -> str:
    """``report`` as lines of at most ``width`` where they are prose, with ANSI colours or none."""
    page = Page(width=width, color=color)
    if isinstance(report, PlanReport):
        write_plan(page, report)
    elif isinstance(report, RunReport):
        write_run(page, report)
    elif isinstance(report, RunsReport):
        write_runs(page, report)
    elif isinstance(report, StoryReport):
        write_story(page, report)
    elif isinstance(report, UnlockReport):
        write_unlock(page, report)
    elif isinstance(report, ValidationReport):
        write_validation(page, report)
    elif isinstance(report, DoctorReport):
        write_doctor(page, report)
    else:
        write_error(page, report)
    return str(page)
