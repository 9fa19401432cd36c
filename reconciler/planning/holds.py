"""The holds: guards that judge one action and leave the rest of the plan applicable.

(The other kind, refusals, judge the whole plan and stand in ``guards``.) A hold is lifted by
editing the manifest or the configuration, or when its cause is settled; never by a flag.
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
    """What keeps back ``action`` on ``row`` of ``user``; nothing when it may be done.

    ``protected`` and ``shared_id`` speak of all rows that answer to the user's id: one that a
    pattern matches or may match, and whether there is more than one. ``in_doubt`` says that an
    earlier run may have sent a call for the user of which is not known what became.
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


def _ambiguous(row: CalendarUser, platform: Platform) -> bool:
    """A person has one calendar a platform; of two the call could not say which it means."""
    return sum(1 for c in row.connections if c.connected and c.platform == platform) > 1
