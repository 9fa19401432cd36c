"""What a notification says first, and how the attempt to deliver one ended."""

from collections.abc import Mapping
from typing import Final

from reconciler.domain import DeliveryCause, DeliveryState, NotificationEvent
from reconciler.planning import Content
from reconciler.reporting.documents import Delivery
from reconciler.reporting.phrase import Phrase, counted

CLEARED: Final[Mapping[NotificationEvent, str]] = {
    NotificationEvent.DRIFT: "Workspace {workspace} matches its manifests again",
    NotificationEvent.REFUSED: "No guard refuses the plan of workspace {workspace} any more",
    NotificationEvent.DEAD_RUN: "Workspace {workspace} has no dead run any more",
    NotificationEvent.PENDING: "Nobody has to connect anything in workspace {workspace} any more",
}
"""That what an earlier notification said is over."""

CAUSES: Final[Mapping[DeliveryCause, str]] = {
    DeliveryCause.NOT_REACHED: "the target could not be reached",
    DeliveryCause.NO_ANSWER: "the target did not answer in time",
    DeliveryCause.REDIRECTED: "the target answered with a redirect, which is not followed",
    DeliveryCause.REJECTED: "the target rejected the notification",
    DeliveryCause.OVERLOADED: "the target answered each attempt with an error of its own",
    DeliveryCause.NOT_ACCEPTED: "the service did not accept the notification",
    DeliveryCause.DEFECT: "a defect in this tool or in a library of it",
    DeliveryCause.NOT_RECORDED: (
        "the ledger could not record it, so another process may notify the target again"
    ),
}

STATES: Final[Mapping[DeliveryState, str]] = {
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.FAILED: "failed",
}

NO_LINK: Final = "There is no link: it needs a run, and no run is behind this."
"""The last line where a link has `{run}`."""

HEADING: Final = "Notifications"
REMAINING: Final = "and {more} more"


def stopping(seconds: float) -> str:
    """What a command does before it stops while it notifies."""
    return f"Stopping: finishing the notifications, up to {seconds:g} s. Press again to abort."


def drift(content: Content) -> str:
    """``Workspace prod differs from its manifests: 3 to disconnect, 1 held``."""
    disconnects = len(content.disconnects)
    parts = {
        "to disconnect": disconnects,
        "to update": len(content.actions) - disconnects,
        "held": len(content.blocked),
    }
    shown = ", ".join(f"{number} {what}" for what, number in parts.items() if number)
    return f"Workspace {content.workspace} differs from its manifests: {shown}"


def refused(content: Content, guards: int, *, acting: bool) -> str:
    """That guards refuse a plan, or refused a run."""
    what = "A run" if acting else "The plan"
    by = counted(guards, "guard")
    return f"{what} of workspace {content.workspace} {'was' if acting else 'is'} refused by {by}"


def run_ended(workspace: str, *, partial: bool) -> str:
    """That a run ended, and whether something is left."""
    if partial:
        return f"A run of workspace {workspace} ended with something not done"
    return f"A run of workspace {workspace} did all of its plan"


def dead(workspace: str, runs: int) -> str:
    """That runs died."""
    return f"{counted(runs, 'run')} of workspace {workspace} died or left calls in doubt"


def pending(workspace: str, people: int, connections: int) -> str:
    """``2 people have to connect 3 platforms in workspace prod``."""
    who = "1 person has" if people == 1 else f"{people} people have"
    return f"{who} to connect {counted(connections, 'platform')} in workspace {workspace}"


def delivery(made: Delivery) -> Phrase:
    """``ops (drift): delivered``, with the cause of what is not as it should be."""
    cause = "" if made.cause is None else f": {CAUSES[made.cause]}"
    return (f"{made.target} ({made.event}): {STATES[made.state]}{cause}",)
