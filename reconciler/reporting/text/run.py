"""An acting run as text."""

from reconciler.reporting import entries
from reconciler.reporting.documents import RunReport
from reconciler.reporting.page import Page
from reconciler.reporting.phrase import plain
from reconciler.reporting.sign import Tone
from reconciler.reporting.text.differences import write_changes
from reconciler.reporting.text.memory import write_memory
from reconciler.reporting.text.parts import write_groups, write_guards, write_header
from reconciler.reporting.untrusted import visible
from reconciler.reporting.wording import guards, outcomes, stopping, summary


def write_run(page: Page, report: RunReport) -> None:
    """How each action ended, why the run stopped early, and what can be done now."""
    result = report.result
    write_header(page, f"Run {visible(result.run)}", report.plan)
    if report.resumes is not None:
        page.line((f"  resumes run {visible(report.resumes)}", Tone.FAINT))
    write_memory(page, report.memory, resumes=report.resumes)
    ended = entries.results(result.results, result.carried)
    held = entries.held(report.plan.content.in_doubt)
    write_groups(page, report.plan, entries.by_user([*ended, *held]))
    if result.halted is not None:
        page.gap()
        page.prose(plain(outcomes.halt(result)), Tone.ALARM)
    steps = outcomes.next_steps(result.results)
    if steps:
        page.gap()
        page.line(("What to do next", Tone.HEADING))
    for step in steps:
        page.prose(step, first="  ", rest="    ")
    if beyond := summary.beyond_actions(report.plan.content):
        page.gap()
        page.prose(beyond)
    write_changes(page, report.plan, report.changes)
    write_guards(
        page,
        report.guards,
        report.limit_sources,
        but=guards.without_history(report.guards),
    )
    page.gap()
    page.prose(summary.of_run(report), Tone.HEADING)
    if report.continue_with:
        page.line(stopping.TO_CONTINUE)
        page.line(f"  {stopping.command(report.continue_with)}")
