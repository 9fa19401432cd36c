"""Several workspaces on one page: a list of them, and of each the top of its own page.

The rows of a fleet would make one page of many workspaces too large: of each, the first are here,
and the rest is in the page of that workspace alone.
"""

from collections.abc import Callable, Sequence
from typing import Final

from markupsafe import Markup

from reconciler.domain import Exit
from reconciler.reporting.documents import (
    PlanReport,
    WorkspaceReport,
    WorkspaceSection,
    WorkspacesReport,
)
from reconciler.reporting.html.markup import ours, theirs
from reconciler.reporting.html.page import Page, Part, Section
from reconciler.reporting.links import Links
from reconciler.reporting.phrase import visible
from reconciler.reporting.wording import summary
from reconciler.reporting.wording.breakdown import more

MOST_PARTS: Final = 100
"""Workspaces that have more than a line on a page."""

MOST_ROWS: Final = 10
"""Rows of each."""


def workspaces_page(
    report: WorkspacesReport, page_of: Callable[[WorkspaceReport], Page], links: Links | None
) -> Page:
    """The page of ``report``, those that are not fine first. ``page_of`` is the page of one."""
    ordered = sorted(report.sections, key=lambda section: section.report.status == Exit.OK)
    pages = [(section, page_of(section.report)) for section in ordered]
    lines = summary.of_workspaces(report)
    return Page(
        kind="Workspaces",
        where=(),
        headline=ours(lines[0]),
        tone="good" if report.status == Exit.OK else "danger",
        lead=tuple(map(ours, lines[1:])),
        sections=[Section(Markup("Workspaces"), tuple(_line(*each) for each in pages), open=True)],
        parts=[_part(*each, links) for each in pages[:MOST_PARTS]],
    )


def _line(section: WorkspaceSection, page: Page) -> Markup:
    planned = isinstance(section.report, PlanReport)  # its headline is in its first line
    said = Markup(" ").join((*(() if planned else (page.headline,)), *page.lead[:1]))
    name = theirs(visible(section.workspace))
    return Markup("<b>{}</b>, status {}: {}").format(name, section.report.status, said)


def _part(section: WorkspaceSection, page: Page, links: Links | None) -> Part:
    return Part(
        title=theirs(visible(section.workspace)),
        open=section.report.status != Exit.OK,
        lead=page.lead,
        callouts=[*page.warnings, *page.callouts],
        bar=page.bar,
        sections=[*page.sections, *_rows(page, links)],
    )


def _rows(page: Page, links: Links | None) -> Sequence[Section]:
    """The first rows of a table, each as a line."""
    if page.table is None or not page.table.rows:
        return ()
    rows = page.table.first_rows(links, page.commit)[:MOST_ROWS]
    items = [Markup(" · ").join(cell for cell in row if cell) for row in rows]
    if (left := page.table.rows - len(items)) > 0:
        items.append(Markup.escape(more(left)))
    return (Section(Markup.escape(page.table.title), tuple(items)),)
