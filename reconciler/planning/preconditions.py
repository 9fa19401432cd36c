"""Preconditions: whether an action may still be done to the user as they are now.

The same rule applies to the list when a run begins, and to the re-read just before the call.
"""

from collections.abc import Sequence
from enum import StrEnum

from reconciler.domain import PLATFORM_NAMES, CalendarUser, Connection
from reconciler.planning.action import Action, Disconnect, UpdatePreferences
from reconciler.planning.diff import restrict
from reconciler.planning.protection import Protection
from reconciler.planning.rules import still_matches, with_disconnected


class PreconditionResult(StrEnum):
    """The result of checking an action. All but the first two make it stale."""

    READY = "ready"
    DONE = "done"  # the user already is as the action would make them
    USER_GONE = "user_gone"
    USER_REPLACED = "user_replaced"  # the id belongs to another calendar user now
    AMBIGUOUS_IDENTITY = "ambiguous_identity"
    PROTECTED = "protected"
    EMAIL_NOT_KNOWN = "email_not_known"  # a `protected` pattern may match the unknown e-mail
    UNKNOWN_PLATFORM = "unknown_platform"  # ours may have a name that this version does not know
    ROWS_MISSING = "rows_missing"  # the platform's row is gone, and another one too: incomplete
    CONNECTION_CHANGED = "connection_changed"  # reconnected since: another connection id
    WANTED_NOT_CONNECTED = "wanted_not_connected"
    PREFERENCES_CHANGED = "preferences_changed"
    RULE_NO_LONGER_MATCHES = "rule_no_longer_matches"  # a rule that asks for it selects others now
    NOT_PLANNED_ANY_MORE = "not_planned_any_more"  # a new plan would not have it


def check_preconditions(
    action: Action,
    user: CalendarUser,
    protection: Protection,
    disconnected: Sequence[Connection] = (),
) -> PreconditionResult:
    """Check ``action`` against ``user`` as read now.

    ``disconnected`` are the connections of the user that this run has disconnected, as they were
    before: what we did ourselves does not make a rule stop matching.
    """
    if user.id != action.recall_id or user.external_id != action.user:
        return PreconditionResult.USER_REPLACED
    now = _disconnect(action, user) if isinstance(action, Disconnect) else _update(action, user)
    if now is PreconditionResult.DONE:
        return now
    if protection.covers(user):
        return PreconditionResult.PROTECTED
    if protection.may_cover(user):
        return PreconditionResult.EMAIL_NOT_KNOWN
    if now is PreconditionResult.AMBIGUOUS_IDENTITY or _asked_for(action, user, disconnected):
        return now
    return PreconditionResult.RULE_NO_LONGER_MATCHES


def check_listed_preconditions(
    action: Action,
    rows: tuple[CalendarUser, ...],
    protection: Protection,
    disconnected: Sequence[Connection] = (),
) -> PreconditionResult:
    """Check ``action`` against the ``rows`` that a list has for its user's id.

    ``disconnected``: as for :func:`check_preconditions`.
    """
    if not rows:
        return PreconditionResult.USER_GONE
    if len(rows) > 1:
        return PreconditionResult.AMBIGUOUS_IDENTITY
    return check_preconditions(action, rows[0], protection, disconnected)


def effect_shows(action: Action, user: CalendarUser) -> bool:
    """Whether ``user``, as read after the call, shows the effect of ``action``.

    Another connection in place of ours shows it too: ours is gone, and the person reconnected. That
    needs both ids. Without them a connected platform counts as ours. So does a platform with an
    unknown name: it may be ours under another name.
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
    """Whether the connection may still be there under an unknown platform name."""
    return any(
        c.platform not in PLATFORM_NAMES and _may_be_ours(action, c) for c in user.connections
    )


def _asked_for(action: Action, user: CalendarUser, disconnected: Sequence[Connection]) -> bool:
    """Whether every rule that asks for ``action`` still selects ``user``."""
    if not action.rules:
        return True
    seen = with_disconnected(user, disconnected)
    return all(still_matches(condition, seen) for condition in action.rules)


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
