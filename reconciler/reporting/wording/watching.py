"""What the pages of the watch say of a plan that is not of the last cycle."""

from reconciler.reporting.documents import OutdatedPlan
from reconciler.reporting.phrase import Foreign, Phrase


def outdated(plan: OutdatedPlan) -> Phrase:
    """That this is the last plan, and of when its list is."""
    return (
        "This is the last plan that could be made. It is of the list of ",
        Foreign(plan.at),
        "; what is written or connected now may be different:",
    )
