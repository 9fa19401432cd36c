"""What of a saved plan may still be done today.

One rule: an action is done only if a plan made now, from the same manifests and today's list and
configuration, holds the same action. Everything else is stale, with the reason.
"""

from msgspec import Struct

from reconciler.planning.action import Action, Disconnect, UnknownConnection
from reconciler.planning.plan import Content
from reconciler.planning.preconditions import Standing, listed_standing
from reconciler.planning.protection import Protection
from reconciler.planning.roster import Roster


class Stale(Struct, frozen=True):
    """An action that is not done any more, and what it stumbled over."""

    action: Action
    standing: Standing


def divide(
    saved: Content, today: Content, roster: Roster, protection: Protection
) -> tuple[tuple[Action, ...], tuple[Stale, ...]]:
    """The actions of ``saved`` that ``today``'s plan holds too, and those that went stale."""
    planned_today = {identity(action) for action in today.actions}
    ready = tuple(action for action in saved.actions if identity(action) in planned_today)
    stale = tuple(
        Stale(action, _why(action, roster, protection))
        for action in saved.actions
        if identity(action) not in planned_today
    )
    return ready, stale


def identity(action: Action | UnknownConnection) -> object:
    """What makes two actions the same call on the same state of the world."""
    if isinstance(action, UnknownConnection):
        return action.user, action.recall_id, action.platform, action.connection_id
    if isinstance(action, Disconnect):
        return (
            action.workspace,
            action.user,
            action.recall_id,
            action.platform,
            action.connection_id,
            action.requires_connected,
        )
    return action.workspace, action.user, action.recall_id, action.preferences, action.seen


def _why(action: Action, roster: Roster, protection: Protection) -> Standing:
    standing = listed_standing(action, roster.rows(action.user), protection)
    return Standing.NOT_PLANNED_ANY_MORE if standing is Standing.READY else standing
