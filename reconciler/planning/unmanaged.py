"""What is connected and left alone, because no manifest speaks of it."""

from reconciler.domain import CalendarUser, DesiredState, ObservedState
from reconciler.planning.plan import Unmanaged, UnmanagedReason


def spared(desired: DesiredState, observed: ObservedState) -> tuple[Unmanaged, ...]:
    """Every calendar user of whom something stays untouched, and why, ordered by id."""
    found: list[Unmanaged] = []
    for user in observed.users:
        declared = None if user.external_id is None else desired.users.get(user.external_id)
        if declared is None:
            reason = (
                UnmanagedReason.NO_EXTERNAL_ID
                if user.external_id is None
                else UnmanagedReason.UNMANAGED_USER
            )
            found.append(Unmanaged(user.external_id, user.id, _connected(user), reason))
        elif declared.platforms is None and (platforms := _connected(user)):
            found.append(
                Unmanaged(declared.id, user.id, platforms, UnmanagedReason.UNMANAGED_CONNECTIONS)
            )
    found.sort(key=_order)
    return tuple(found)


def _order(entry: Unmanaged) -> tuple[str, str, tuple[str, ...], str]:
    return entry.user or "", entry.recall_id, entry.platforms, entry.reason


def _connected(user: CalendarUser) -> tuple[str, ...]:
    return tuple(sorted({c.platform for c in user.connections if c.connected}))
