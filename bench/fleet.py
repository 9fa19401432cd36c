"""Generated fleets: manifests of so many users, and the list call's answer that goes with them.

Deterministic, so that two runs measure the same work. Nearly all users are as declared, as in a
fleet that is reconciled every hour; the others differ in every way that a plan tells apart.
"""

import random

import msgspec
from msgspec import Struct

from bench.fleet_user import BOTH, GOOGLE, MICROSOFT, NOTHING, FleetUser, UserRow

CHANGED_PER_MILLE = 5
UNMANAGED_PER_MILLE = 10
PROTECTED = ("ceo@example.com", "*@board.example.com")

_HEAD = """\
apiVersion: reconciler/v1
groups:
  contractors:
    platforms: []
    reason: contractors keep no notetaker (SEC-12)
  sales:
    platforms: [google]
    preferences: {record_external: true}
users:
"""

_MOSTLY = (
    (600, FleetUser(("platforms: [google]",), GOOGLE)),
    (300, FleetUser(("platforms: [microsoft]",), MICROSOFT)),
    (20, FleetUser(("group: contractors",), NOTHING)),
    (20, FleetUser(("group: sales",), GOOGLE, record_external=True)),
    (20, FleetUser(("platforms: [google]", "handover: immediate"), GOOGLE)),
    (20, FleetUser(("platforms: []", "reason: left 2026-10-31 (HR-1234)"), NOTHING)),
    (20, FleetUser(("platforms: [google]", "preferences: {record_external: false}"), GOOGLE)),
)
"""How users are that are as declared, with their share in a thousand."""

_CHANGED = (
    FleetUser(("platforms: [google]",), BOTH),  # a disconnect
    FleetUser(("platforms: []", "reason: left 2026-10-31 (HR-1234)"), GOOGLE),  # a disconnect
    FleetUser(("platforms: [microsoft]",), GOOGLE),  # held: the handover waits; pending
    FleetUser(("platforms: [microsoft]", "handover: immediate"), GOOGLE),  # a disconnect; pending
    FleetUser(("platforms: [google]",), NOTHING),  # pending
    FleetUser(("platforms: [google]",), None),  # pending, unknown to the API
    FleetUser(("group: sales",), GOOGLE),  # preferences
    FleetUser(("platforms: [google]", "preferences: {bot_name: Minutes}"), GOOGLE),  # preferences
)
_GUEST = FleetUser((), GOOGLE)  # nobody declares him
_BOARD = FleetUser(("platforms: []", "reason: asked for it"), GOOGLE)  # held: protected


class Fleet(Struct, frozen=True):
    """``declared`` users, ``changed`` of whom are not as declared; the rest is converged.

    ``manifest`` is one YAML file, ``listing`` the body of the list call's answer.
    """

    declared: int
    changed: int
    manifest: str
    listing: bytes


EVERY_CHANGE = 9
"""How many changed users are enough for one of each kind."""


def generate_fleet(declared: int, changed: int | None = None) -> Fleet:
    """A fleet of ``declared`` users, the same for the same numbers.

    ``changed`` of them are not as declared; half a percent, unless another number is given.
    """
    chance = random.Random(declared)
    if changed is None:
        changed = declared * CHANGED_PER_MILLE // 1000
    users = [_CHANGED[number % len(_CHANGED)] for number in range(changed - 1)]
    users += [_BOARD] if changed else []
    kinds = [kind for _, kind in _MOSTLY]
    users += chance.choices(kinds, [share for share, _ in _MOSTLY], k=declared - changed)
    chance.shuffle(users)
    entries: list[str] = []
    rows: list[UserRow | None] = []
    for number, user in enumerate(users):
        name = _name(number, user)
        entries.append(user.entry(name))
        rows.append(user.row(name, chance))
    guests = range(declared * UNMANAGED_PER_MILLE // 1000)
    rows += [_GUEST.row(f"guest.{number:06}@elsewhere.example.com", chance) for number in guests]
    listed = [row for row in rows if row is not None]
    chance.shuffle(listed)
    return Fleet(declared, changed, _HEAD + "".join(entries), msgspec.json.encode(listed))


def _name(number: int, user: FleetUser) -> str:
    if user is _BOARD:
        return "chair@board.example.com"
    return PROTECTED[0] if number == 0 else f"person.{number:06}@example.com"
