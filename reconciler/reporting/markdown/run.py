"""An acting run as Markdown."""

from reconciler.reporting import entries
from reconciler.reporting.comment import Comment, code, inline
from reconciler.reporting.documents import RunReport
from reconciler.reporting.markdown.differences import write_changes
from reconciler.reporting.markdown.memory import write_memory
from reconciler.reporting.markdown.parts import row, write_guards, write_heading
from reconciler.reporting.wording import guards, outcomes, stopping, summary

_RESULTS = ("", "User", "Action", "Account", "Outcome", "Source")


def write_run(comment: Comment, report: RunReport) -> None:
    """How each action ended in a table, and what to do next."""
    plan, result = report.plan, report.result
    write_heading(comment, "Run", plan.content)
    comment.block(f"**{summary.of_run(report)}**")
    if result.halted is not None:
        comment.block(f"> [!CAUTION]\n> {inline(outcomes.halt(result))}")
    write_memory(comment, report.memory, resumes=report.resumes)
    write_guards(
        comment,
        report.guards,
        report.limit_sources,
        but=guards.without_history(report.guards),
    )
    steps = outcomes.next_steps(result.results)
    if steps:
        comment.block("What to do next:")
        comment.items(steps)
    ended = entries.results(result.results, result.carried)
    held = entries.held(plan.content.in_doubt)
    if ended or held:
        comment.table(_RESULTS, [row(plan, entry) for entry in (*ended, *held)])
    if beyond := summary.beyond_actions(plan.content):
        comment.block(beyond)
    write_changes(comment, report.changes)
    resumes = "" if report.resumes is None else f", resumes run {code(report.resumes)}"
    comment.block(f"Run {code(result.run)} of plan `{plan.content.digest()}`{resumes}")
    if report.continue_with:
        comment.block(f"{stopping.TO_CONTINUE} {code(stopping.command(report.continue_with))}")
