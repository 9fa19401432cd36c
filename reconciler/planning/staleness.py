"""What of a saved plan may still be done today.

One rule: an action is done only if a plan made now, from the same manifests and today's list and
configuration, holds the same action. Everything else is stale, with the reason.

A plan that is held to a part of its actions.
"""

from collections.abc import Callable

from msgspec import Struct, structs

from reconciler.planning.action import Action, Disconnect, UnknownConnection
from reconciler.planning.guards import Evidence, judge
from reconciler.planning.plan import Content
from reconciler.planning.preconditions import PreconditionResult, listed_standing
from reconciler.planning.protection import Protection
from reconciler.planning.user_index import UserIndex


class Stale(Struct, frozen=True):
    """An action that is not done any more, and what it stumbled over."""

    action: Action
    standing: PreconditionResult


def divide(
    saved: Content, today: Content, roster: UserIndex, protection: Protection
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


def _why(action: Action, roster: UserIndex, protection: Protection) -> PreconditionResult:
    standing = listed_standing(action, roster.rows(action.user), protection)
    return (
        PreconditionResult.NOT_PLANNED_ANY_MORE
        if standing is PreconditionResult.READY
        else standing
    )


def narrowed(content: Content, keep: Callable[[Action], bool], evidence: Evidence) -> Content:
    """``content`` with the actions that ``keep`` takes, judged by ``evidence`` for so many.

    The others count as left out, like those that a selection leaves out.
    """
    actions = tuple(action for action in content.actions if keep(action))
    disconnects = sum(1 for action in actions if isinstance(action, Disconnect))
    return structs.replace(
        content,
        actions=actions,
        deselected=content.deselected + len(content.actions) - len(actions),
        guards=judge(structs.replace(evidence, disconnects=disconnects)),
    )
