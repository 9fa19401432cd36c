"""Reports as a page to look at: one self-contained file that asks nobody for anything."""

from reconciler.reporting.documents import (
    ErrorReport,
    PlanReport,
    Report,
    RunHistoryReport,
    RunReport,
    RunsReport,
    WorkspaceReport,
    WorkspacesReport,
)
from reconciler.reporting.html.markup import ours
from reconciler.reporting.html.page import Page, write
from reconciler.reporting.html.plan_page import plan_facts, plan_page
from reconciler.reporting.html.run_page import history_page, run_page, runs_page
from reconciler.reporting.html.sections import (
    changes_section,
    ledger_callouts,
    problem_callouts,
    resolved_sections,
)
from reconciler.reporting.html.workspaces_page import workspaces_page
from reconciler.reporting.links import Links
from reconciler.reporting.wording import summary


def render_html(report: Report, links: Links | None = None) -> str:
    """``report`` as a page; places of manifests are ``links``.

    Raises ``TypeError`` for a report that has no page.
    """
    if isinstance(report, WorkspacesReport):
        return write(workspaces_page(report, lambda one: _page(one, links), links), links)
    return write(_page(report, links), links)


def _page(report: WorkspaceReport, links: Links | None) -> Page:
    if isinstance(report, PlanReport):
        return plan_page(report)
    if isinstance(report, RunReport):
        return run_page(report)
    if isinstance(report, RunHistoryReport):
        return history_page(report)
    if isinstance(report, RunsReport):
        return runs_page(report)
    if isinstance(report, ErrorReport):
        return _error_page(report, links)
    raise TypeError(f"a {type(report).__name__} has no page")


def _error_page(report: ErrorReport, links: Links | None) -> Page:
    """All that kept a command from a result, and the plan that was in hand."""
    plan = report.plan
    where = () if plan is None else (plan.content.workspace, plan.content.base_url)
    planned = () if plan is None else (ours(summary.of_planned(plan.content)),)
    return Page(
        kind="Error",
        where=where,
        headline=ours(summary.of_error(report)),
        tone="danger",
        lead=planned,
        callouts=[
            *problem_callouts(report.problems, links),
            *ledger_callouts(report.ledger),
        ],
        sections=[
            *resolved_sections(report.ledger),
            *([changes_section(report.changes)] if report.changes else ()),
        ],
        facts=[] if plan is None else plan_facts(plan),
        commit=None if plan is None else plan.envelope.commit,
    )
