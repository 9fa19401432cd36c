"""What a plan knows of one of its entries, in words: what must still hold, and what was before."""

from collections.abc import Iterator

from reconciler.planning import Action, Disconnect
from reconciler.reporting.phrase import Foreign, Phrase, ShellCommand
from reconciler.reporting.wording.outcomes import OUTCOMES
from reconciler.runs.history import PastOutcome


def preconditions(action: Action) -> Iterator[Phrase]:
    """What the re-read before the call has to show; otherwise nothing is sent."""
    yield ("the user has the same id at Recall.ai",)
    if isinstance(action, Disconnect):
        yield (f"{action.platform} is still connected, by the same connection",)
        for platform in action.requires_connected:
            yield (f"{platform} is connected",)
    else:
        yield ("nobody has changed these preferences since",)
    for rule in action.rules or ():
        yield ("the rule ", Foreign(rule.name), " still matches the user")


def past(outcome: PastOutcome) -> Phrase:
    """``2026-10-02T08:00:07Z verified: reconciler runs 1f0c…``, of an earlier run."""
    return (
        Foreign(outcome.at),
        f" {OUTCOMES[outcome.outcome]}: ",
        ShellCommand("reconciler runs", outcome.run),
    )
