"""Whether an action may still be done to the user as he is now.

Asked of the list when a run begins and of the re-read just before the call: one rule for both.
"""

from enum import StrEnum

from reconciler.domain import PLATFORM_NAMES, CalendarUser, Connection
from reconciler.planning.action import Action, Disconnect, UpdatePreferences
from reconciler.planning.diff import restrict
from reconciler.planning.protection import Protection


class PreconditionResult(StrEnum):
    """How an action stands towards the world. All but the first two make it stale."""

    READY = "ready"
    DONE = "done"  # the world already is as the action would make it
    USER_GONE = "user_gone"
    USER_REPLACED = "user_replaced"  # the id answers to another calendar user now
    AMBIGUOUS_IDENTITY = "ambiguous_identity"
    PROTECTED = "protected"
    EMAIL_NOT_KNOWN = "email_not_known"  # a `protected` pattern may match an e-mail nobody told
    UNKNOWN_PLATFORM = "unknown_platform"  # ours may go by a name that this version does not know
    ROWS_MISSING = "rows_missing"  # no row of the platform, and another one went too: not whole
    CONNECTION_CHANGED = "connection_changed"  # reconnected since: another connection id
    WANTED_NOT_CONNECTED = "wanted_not_connected"
    PREFERENCES_CHANGED = "preferences_changed"
    NOT_PLANNED_ANY_MORE = "not_planned_any_more"  # a plan made now would not hold it


def standing(action: Action, user: CalendarUser, protection: Protection) -> PreconditionResult:
    """How ``action`` stands towards ``user`` as read now."""
    if user.id != action.recall_id or user.external_id != action.user:
        return PreconditionResult.USER_REPLACED
    now = _disconnect(action, user) if isinstance(action, Disconnect) else _update(action, user)
    if now is PreconditionResult.DONE:
        return now
    if protection.covers(user):
        return PreconditionResult.PROTECTED
    return PreconditionResult.EMAIL_NOT_KNOWN if protection.cannot_tell(user) else now


def listed_standing(
    action: Action, rows: tuple[CalendarUser, ...], protection: Protection
) -> PreconditionResult:
    """How ``action`` stands towards the ``rows`` that a list shows for its user's id."""
    if not rows:
        return PreconditionResult.USER_GONE
    if len(rows) > 1:
        return PreconditionResult.AMBIGUOUS_IDENTITY
    return standing(action, rows[0], protection)


def effect_shows(action: Action, user: CalendarUser) -> bool:
    """Whether ``user``, as read after the call, shows the effect of ``action``.

    Another connection where ours stood shows it too: ours is gone and the person reconnected.
    That needs both ids; without them a connected platform is taken for ours, and so is one of a
    name that is not known: it may be ours under another name.
    """
    if user.id != action.recall_id:
        return False
    if isinstance(action, UpdatePreferences):
        return _update(action, user) is PreconditionResult.DONE
    return not any(
        c.platform == action.platform and _may_be_ours(action, c) for c in user.connections
    ) and not _renamed(action, user)


def _may_be_ours(action: Disconnect, connection: Connection) -> bool:
    ours = action.connection_id
    return connection.connected and (ours is None or connection.id in (None, ours))


def _renamed(action: Disconnect, user: CalendarUser) -> bool:
    """Whether what is to be disconnected may be connected under a name that is not known."""
    return any(
        c.platform not in PLATFORM_NAMES and _may_be_ours(action, c) for c in user.connections
    )


def _disconnect(action: Disconnect, user: CalendarUser) -> PreconditionResult:
    rows = [c for c in user.connections if c.connected and c.platform == action.platform]
    if not rows:
        return (
            PreconditionResult.UNKNOWN_PLATFORM
            if _renamed(action, user)
            else PreconditionResult.DONE
        )
    if len(rows) > 1:
        return PreconditionResult.AMBIGUOUS_IDENTITY
    if rows[0].id != action.connection_id:
        return PreconditionResult.CONNECTION_CHANGED
    if not all(user.connected(platform) for platform in action.requires_connected):
        return PreconditionResult.WANTED_NOT_CONNECTED
    return PreconditionResult.READY


def _update(action: UpdatePreferences, user: CalendarUser) -> PreconditionResult:
    now = restrict(user.preferences, action.preferences) if user.preferences else None
    if now == action.preferences:
        return PreconditionResult.DONE
    return (
        PreconditionResult.READY if now == action.seen else PreconditionResult.PREFERENCES_CHANGED
    )
