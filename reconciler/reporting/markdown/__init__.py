"""Reports as Markdown for a comment on a pull request.

What others wrote stands in code spans only, where neither HTML, links nor mentions work. A
comment of GitHub holds 65 536 characters: what does not fit is cut where the reader sees it.
"""

from reconciler.reporting.comment import Comment
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
from reconciler.reporting.markdown.checks import write_doctor, write_validation
from reconciler.reporting.markdown.error import write_error
from reconciler.reporting.markdown.plan import write_plan
from reconciler.reporting.markdown.run import write_run
from reconciler.reporting.markdown.runs import write_runs, write_unlock
from reconciler.reporting.markdown.story import write_story


def render_markdown(report: Report) -> str:
    """``report`` as a comment, never longer than GitHub takes."""
    comment = Comment()
    if isinstance(report, PlanReport):
        write_plan(comment, report)
    elif isinstance(report, RunReport):
        write_run(comment, report)
    elif isinstance(report, RunsReport):
        write_runs(comment, report)
    elif isinstance(report, StoryReport):
        write_story(comment, report)
    elif isinstance(report, UnlockReport):
        write_unlock(comment, report)
    elif isinstance(report, ValidationReport):
        write_validation(comment, report)
    elif isinstance(report, DoctorReport):
        write_doctor(comment, report)
    else:
        write_error(comment, report)
    return str(comment)
