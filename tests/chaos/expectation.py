"""What a plan has to say, computed a second time: desired against the sandbox's true state.

Written from the documentation's tables, without the planner's code.
"""

from msgspec import Struct

from reconciler.domain import CalendarUser
from reconciler.planning import Content, Disconnect
from tests.chaos.facts import protected_by
from tests.chaos.readings import Row, connected
from tests.chaos.schedule import Declared
from tests.chaos.world import Force, wanted

PLATFORMS = ("google", "microsoft")


class Expected(Struct, frozen=True):
    """Disconnects to do and held back (Recall's id, platform), who has to connect what, and
    whose preferences differ."""

    disconnects: frozenset[tuple[str, str]]
    blocked: frozenset[tuple[str, str]]
    pending: frozenset[tuple[str, str]]
    updates: frozenset[str]


def rows_of(users: tuple[CalendarUser, ...]) -> list[Row]:
    """The true state in the shape of the API's answers."""
    return [
        {
            "id": user.id,
            "external_id": user.external_id,
            "connections": [
                {"platform": c.platform, "connected": c.connected, "email": c.email, "id": c.id}
                for c in user.connections
            ],
            "preferences": user.preferences.present() if user.preferences else None,
        }
        for user in users
    ]


def expected(force: Force, rows: list[Row]) -> Expected:
    """What should be planned for ``rows``."""
    disconnects: set[tuple[str, str]] = set()
    blocked: set[tuple[str, str]] = set()
    pending: set[tuple[str, str]] = set()
    updates: set[str] = set()
    for name in force.names:
        declared = force.declared(name)
        assert declared is not None
        theirs = [row for row in rows if row["external_id"] == name]
        if declared.by == "rule" and not theirs:
            continue  # a rule selects among those that are listed
        held = len(theirs) > 1 or any(protected_by(row, force.config.protected) for row in theirs)
        _connections(declared, theirs, held, disconnects, blocked, pending)
        if declared.bot_name is not None and not held:
            updates |= {
                row["id"]
                for row in theirs
                if (row["preferences"] or {}).get("bot_name") != declared.bot_name
            }
    return Expected(
        frozenset(disconnects), frozenset(blocked), frozenset(pending), frozenset(updates)
    )


def _connections(
    declared: Declared,
    theirs: list[Row],
    held: bool,
    disconnects: set[tuple[str, str]],
    blocked: set[tuple[str, str]],
    pending: set[tuple[str, str]],
) -> None:
    platforms = wanted(declared)
    if platforms is None:
        return
    missing = {p for p in platforms if not any(connected(row, p) for row in theirs)}
    pending |= {(declared.name, platform) for platform in missing}
    waits = bool(missing) and not declared.immediate
    for row in theirs:
        for platform in set(PLATFORMS) - platforms:
            there = connected(row, platform)
            if there:
                back = held or waits or len(there) > 1
                (blocked if back else disconnects).add((row["id"], platform))


def planned(content: Content) -> Expected:
    """What the tool planned, in the same words."""
    return Expected(
        frozenset(
            (a.recall_id, a.platform.value) for a in content.actions if isinstance(a, Disconnect)
        ),
        frozenset(
            (b.action.recall_id, b.action.platform.value)
            for b in content.blocked
            if isinstance(b.action, Disconnect)
        ),
        frozenset((p.user, p.platform.value) for p in content.pending if p.platform is not None),
        frozenset(a.recall_id for a in content.actions if not isinstance(a, Disconnect)),
    )
