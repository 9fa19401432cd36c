"""Holds: reasons to keep back a single action, while the rest of the plan can be applied.

Guards (``guards.py``) judge the whole plan. An edit of the manifest or the configuration lifts a
hold, or the end of its cause does; a flag never does.
"""

from collections.abc import Iterator

from reconciler.domain import CalendarUser, DesiredUser, Handover, Platform
from reconciler.planning.action import Action, Disconnect, UnknownConnection
from reconciler.planning.diff import Difference
from reconciler.planning.plan import Hold


def holds_of(
    action: Action | UnknownConnection,
    user: DesiredUser,
    row: CalendarUser,
    difference: Difference,
    *,
    protected: bool,
    shared_id: bool,
    in_doubt: bool,
) -> tuple[Hold, ...]:
    """The holds on ``action`` for ``row`` of ``user``; empty when it may be done.

    ``protected`` and ``shared_id`` are about all rows with the user's id: a pattern matches, or may
    match, one of them; there is more than one. ``in_doubt`` says that an earlier run may have sent
    a call for the user whose effect is unknown.
    """
    return tuple(
        _holds(
            action,
            user,
            row,
            difference,
            protected=protected,
            shared_id=shared_id,
            in_doubt=in_doubt,
        )
    )


def _holds(
    action: Action | UnknownConnection,
    user: DesiredUser,
    row: CalendarUser,
    difference: Difference,
    *,
    protected: bool,
    shared_id: bool,
    in_doubt: bool,
) -> Iterator[Hold]:
    if isinstance(action, Disconnect) and difference.connect and user.handover is Handover.WAIT:
        yield Hold.HANDOVER
    if protected:
        yield Hold.PROTECTED
    if shared_id or (isinstance(action, Disconnect) and _ambiguous(row, action.platform)):
        yield Hold.AMBIGUOUS_IDENTITY
    if isinstance(action, UnknownConnection):
        yield Hold.UNKNOWN_PLATFORM
    if in_doubt:
        yield Hold.IN_DOUBT
    if user.conflicting:
        yield Hold.CONFLICTING_RULES


def _ambiguous(row: CalendarUser, platform: Platform) -> bool:
    """Whether ``platform`` is connected twice: a call could not say which connection it means."""
    return sum(1 for c in row.connections if c.connected and c.platform == platform) > 1
