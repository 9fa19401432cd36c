"""A saved plan held against the one that would be made now."""

from typing import Final

from reconciler.domain import DesiredState, Observation
from reconciler.engine.preview import preview
from reconciler.engine.session import Session, protection_of
from reconciler.planning import (
    History,
    Plan,
    PlanChanges,
    PlanUnusable,
    UnmatchedSelector,
    UserIndex,
    changes_since,
)

_LONGEST: Final = 300
"""Characters that a message repeats of a selection, which may be a hostile one."""


def preview_again(
    session: Session, saved: Plan, desired: DesiredState, observation: Observation, history: History
) -> Plan:
    """The plan made now with the selection of ``saved``.

    Raises ``planning.PlanUnusable`` when that selection names nobody any more.
    """
    try:
        return preview(session, desired, observation, history, saved.content.selection)
    except UnmatchedSelector as error:
        told = str(error)[:_LONGEST]
        raise PlanUnusable(f"the plan's selection: {told}; plan again") from None


def compare(session: Session, saved: Plan, today: Plan, observation: Observation) -> PlanChanges:
    """What is different ``today`` from ``saved``."""
    return changes_since(
        saved.content,
        today.content,
        UserIndex(observation.state),
        protection_of(session.workspace),
    )
