"""What is connected and left alone, because no manifest speaks of it."""

from reconciler.domain import CalendarUser, DesiredState, ObservedState
from reconciler.planning.plan import Spared, SparedReason


def spared(desired: DesiredState, observed: ObservedState) -> tuple[Spared, ...]:
    """Every calendar user of whom something stays untouched, and why, ordered by id."""
    found: list[Spared] = []
    for user in observed.users:
        declared = None if user.external_id is None else desired.users.get(user.external_id)
        if declared is None:
            reason = (
                SparedReason.NO_EXTERNAL_ID
                if user.external_id is None
                else SparedReason.UNMANAGED_USER
            )
            found.append(Spared(user.external_id, user.id, _connected(user), reason))
        elif declared.platforms is None and (platforms := _connected(user)):
            found.append(
                Spared(declared.id, user.id, platforms, SparedReason.UNMANAGED_CONNECTIONS)
            )
    found.sort(key=_order)
    return tuple(found)


def _order(entry: Spared) -> tuple[str, str, tuple[str, ...], str]:
    return entry.user or "", entry.recall_id, entry.platforms, entry.reason


def _connected(user: CalendarUser) -> tuple[str, ...]:
    return tuple(sorted({c.platform for c in user.connections if c.connected}))
