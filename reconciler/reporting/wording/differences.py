"""What changed between a saved plan and the one that would be made now, in words."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning import Fleet, GuardChange, PlanChanges, Stale
from reconciler.reporting.phrase import Phrase
from reconciler.reporting.wording.guards import JUDGEMENTS
from reconciler.reporting.wording.outcomes import meaning

HEADING: Final = "What changed since the plan was made"
NOTHING: Final = "Nothing changed since the plan was made"
MANIFESTS: Final = "The manifests changed."
CONFIGURATION: Final = "The configuration changed: limits or protected patterns."


def summary(changes: PlanChanges) -> str:
    """All of ``changes`` in a line."""
    if changes.nothing:
        fleet = _fleet(changes.then, changes.now)
        return f"{NOTHING}{f', but for the fleet: {fleet}' if fleet else ''}."
    parts = {
        "added": len(changes.added),
        "gone": len(changes.gone),
        "still planned": changes.kept,
        "newly waiting for a person": len(changes.pending),
        "newly held": len(changes.blocked),
    }
    shown = ", ".join(f"{n} {name}" for name, n in parts.items() if n)
    return f"{HEADING}: {shown or 'no action'}."


def remarks(changes: PlanChanges) -> Iterator[str]:
    """What is different beside actions, a sentence each."""
    if changes.manifests:
        yield MANIFESTS
    if changes.configuration:
        yield CONFIGURATION
    if fleet := _fleet(changes.then, changes.now):
        yield f"The fleet: {fleet}."
    for change in changes.guards:
        yield otherwise(change)


def otherwise(change: GuardChange) -> str:
    """A guard that judges otherwise now."""
    then, now = (
        "did not judge" if judgement is None else JUDGEMENTS[judgement]
        for judgement in (change.then, change.now)
    )
    return f"{change.guard}: {then} → {now}."


def why_gone(stale: Stale) -> Phrase:
    """What a planned action stumbled over since."""
    return meaning(stale.standing, stale.action)


def _fleet(then: Fleet, now: Fleet) -> str:
    parts = {
        "declared": (then.declared, now.declared),
        "listed": (then.observed, now.observed),
        "connections": (then.connections, now.connections),
        "converged": (then.converged, now.converged),
    }
    return ", ".join(f"{a} → {b} {name}" for name, (a, b) in parts.items() if a != b)
