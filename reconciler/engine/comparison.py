"""A saved plan compared with the one that would be made now."""

from typing import Final

from msgspec import Struct

from reconciler.domain import DesiredState, Observation
from reconciler.engine.preview import preview
from reconciler.engine.session import Session, protection_of
from reconciler.planning import (
    Action,
    Content,
    History,
    Plan,
    PlanChanges,
    PlanUnusable,
    Stale,
    UnmatchedSelector,
    UserIndex,
    changes_since,
    divide,
)

_LONGEST: Final = 300
"""Characters of a selection that a message repeats: it may be hostile."""


def preview_again(
    session: Session, saved: Plan, desired: DesiredState, observation: Observation, history: History
) -> Plan:
    """The plan made now with the selection of ``saved``.

    Raises ``planning.PlanUnusable`` if that selection names nobody any more.
    """
    try:
        return preview(session, desired, observation, history, saved.content.selection)
    except UnmatchedSelector as error:
        raise PlanUnusable(f"the plan's selection: {str(error)[:_LONGEST]}; plan again") from None


class Comparison(Struct, frozen=True):
    """A saved ``plan`` compared with today's: its actions that are ``ready`` and those that went
    ``stale``, and what ``changes`` there are for people to read."""

    plan: Plan
    ready: tuple[Action, ...]
    stale: tuple[Stale, ...]
    changes: PlanChanges


def compare(session: Session, saved: Plan, today: Content, observation: Observation) -> Comparison:
    """Compare ``saved`` with the plan that ``observation`` gives ``today``."""
    ready, stale = divide(
        saved.content, today, UserIndex(observation.state), protection_of(session.workspace)
    )
    return Comparison(saved, ready, stale, changes_since(saved.content, today, stale))
