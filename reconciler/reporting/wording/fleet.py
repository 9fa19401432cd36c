"""The fleet of a plan in words: how many users are in which state, each of them counted once."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from reconciler.planning import Content, Disconnect, PlanPart, UnmanagedReason
from reconciler.reporting.wording.breakdown import PARTS

CONVERGED: Final = "converged"
LEFT_ALONE: Final = "left alone"
LEFT_OUT: Final = "left out by the selection"


class Share(Struct, frozen=True):
    """So many ``users`` of the fleet are in one state, which has a ``code`` and a ``name``."""

    code: str
    name: str
    users: int


def shares(content: Content) -> tuple[Share, ...]:
    """The fleet by state, those that need attention first; none without users.

    A user who is in several states counts in the first of them.
    """
    seen: set[str] = set()
    found = []
    for part, users in _by_part(content):
        new = set(users) - seen
        seen |= new
        found.append(Share(part, PARTS[part], len(new)))
    # Users who are declared without platforms, and as declared, count as converged.
    found.append(Share("converged", CONVERGED, content.fleet.converged))
    found.append(Share("unmanaged", LEFT_ALONE, _strangers(content)))
    if content.selection is not None or content.exclusion:
        left_out = content.fleet.declared - len(seen) - content.fleet.converged
        found.append(Share("deselected", LEFT_OUT, max(0, left_out)))
    return tuple(share for share in found if share.users)


def heading(content: Content, found: tuple[Share, ...]) -> str:
    """``Fleet: 17 users, each counted once (14 declared, 3 only in the list; the list has 16)``"""
    users, listed = sum(share.users for share in found), content.fleet.observed
    strangers = _strangers(content)
    fleet = f"Fleet: {users:,} {'user' if users == 1 else 'users'}, each counted once"
    of = f"{users - strangers:,} declared, {strangers:,} only in the list"
    return f"{fleet} ({of}; the list has {listed:,})"


def _strangers(content: Content) -> int:
    """How many users are only in the list."""
    reasons = (entry.reason for entry in content.unmanaged)
    return sum(reason is not UnmanagedReason.UNMANAGED_CONNECTIONS for reason in reasons)


def _by_part(content: Content) -> Iterator[tuple[PlanPart, Iterator[str]]]:
    acting = content.actions
    yield PlanPart.DISCONNECT, (a.user for a in acting if isinstance(a, Disconnect))
    yield PlanPart.UPDATE_PREFERENCES, (a.user for a in acting if not isinstance(a, Disconnect))
    yield PlanPart.BLOCKED, (held.action.user for held in content.blocked)
    yield PlanPart.PENDING, (p.user for p in content.pending if p.platform is not None)
    yield PlanPart.NOT_FOUND, (p.user for p in content.pending if p.platform is None)
    yield PlanPart.UNDETERMINED, (entry.user for entry in content.undetermined)
