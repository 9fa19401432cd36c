"""The list of the workspaces that one watch looks at, each with a link to its page."""

from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup

from reconciler.reporting.documents import WatchedState, WatchedWorkspace
from reconciler.reporting.html.markup import ours, phrase_markup, theirs
from reconciler.reporting.html.page import Callout, Page, Section, write
from reconciler.reporting.phrase import visible
from reconciler.reporting.wording import watching


def watched_html(rows: Sequence[WatchedWorkspace], hidden: int) -> str:
    """The page of ``rows``; ``hidden`` more are for those who give another token."""
    fine = all(row.state is WatchedState.CURRENT for row in rows)
    page = Page(
        kind="Watch",
        where=(),
        headline=Markup("<b>{:,}</b> {}").format(
            len(rows), "workspace" if len(rows) == 1 else "workspaces"
        ),
        tone="good" if fine else "danger",
        lead=(ours(watching.not_fine(rows)),) if rows else (),
        callouts=[Callout("faint", ours(watching.others(hidden)))] if hidden else [],
        sections=[Section(Markup("Workspaces"), tuple(map(_item, rows)), open=True)],
    )
    return write(page, None)


def _item(row: WatchedWorkspace) -> Markup:
    place = f"w/{quote(row.name, safe='')}/"
    links = Markup('<a href="{}">{}</a>{}').format(
        place, theirs(visible(row.name)), phrase_markup(watching.standing(row))
    )
    return Markup('{} <a href="{}plan.json">JSON of {}</a>').format(
        links, place, theirs(visible(row.name))
    )
