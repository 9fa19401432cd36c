"""What changed since a saved plan was made, as text."""

from reconciler.planning import Plan, PlanChanges
from reconciler.reporting import entries
from reconciler.reporting.page import Page
from reconciler.reporting.sign import Tone
from reconciler.reporting.text.parts import write_groups
from reconciler.reporting.wording import differences


def write_changes(page: Page, plan: Plan | None, changes: PlanChanges | None) -> None:
    """What is different beside actions, then the actions, grouped like those of a plan."""
    if changes is None:
        return
    page.gap()
    page.prose(differences.summary(changes), Tone.HEADING, rest="  ")
    if changes.nothing:
        return
    for remark in differences.remarks(changes):
        page.prose(remark, first="  ", rest="    ")
    write_groups(
        page,
        plan,
        entries.by_user(
            entries.gone(changes),
            entries.added(changes),
            entries.held(changes.blocked),
            entries.pending(changes.pending),
        ),
    )
