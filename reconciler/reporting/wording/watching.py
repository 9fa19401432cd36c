"""What the pages of the watch say of a plan that is not of the last cycle."""

from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.reporting.documents import OutdatedPlan, WatchedState, WatchedWorkspace
from reconciler.reporting.phrase import Foreign, Phrase, counted
from reconciler.reporting.wording import summary

STATES: Final[Mapping[WatchedState, str]] = {
    WatchedState.CURRENT: "up to date",
    WatchedState.INCOMPLETE: "of an incomplete list",
    WatchedState.OUTDATED: "not up to date",
    WatchedState.NONE: "no plan could be made yet",
    WatchedState.WAITING: "the first cycle has not ended",
}


def outdated(plan: OutdatedPlan) -> Phrase:
    """That this is the last plan, and of when its list is."""
    return (
        "This is the last plan that could be made. It is of the list of ",
        Foreign(plan.at),
        "; what is written or connected now may be different:",
    )


def not_fine(rows: Sequence[WatchedWorkspace]) -> str:
    """How many workspaces have no plan that is whole and up to date."""
    number = sum(row.state is not WatchedState.CURRENT for row in rows)
    if not number:
        return "Every plan is up to date."
    return f"{number} of {len(rows)} without a plan that is whole and up to date."


def others(hidden: int) -> str:
    """That there are workspaces whose token was not given."""
    what = counted(hidden, "more workspace")
    return f"{what} {'is' if hidden == 1 else 'are'} shown to those who give another token."


def standing(row: WatchedWorkspace) -> Phrase:
    """How the plan of a workspace stands, what it says, and how old its list is."""
    said: list[str | Foreign] = [f": {STATES[row.state]}"]
    if row.report is not None:
        said.append(f". {summary.of_planned(row.report.plan.content)}")
    if row.at is not None and row.seconds is not None:
        said += [" List of ", Foreign(row.at), f", {_age(row.seconds)} ago."]
    return tuple(said)


def _age(seconds: float) -> str:
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return counted(int(seconds // size), noun)
    return counted(max(0, int(seconds)), "second")
