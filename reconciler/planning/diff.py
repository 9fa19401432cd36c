"""Compares the desired with the observed state of one user.

Both sides get the same shape, which has only the declared parts. DeepDiff explains shapes that
differ. A fleet has few distinct shapes, so we explain each pair once.
"""

from functools import lru_cache
from typing import Any

from msgspec import UNSET, Struct, structs

from reconciler.domain import PLATFORM_NAMES, CalendarUser, DesiredUser, Platform, Preferences

Shape = tuple[frozenset[str] | None, Preferences | None]
"""Connected platforms and preferences, as far as they are declared; None is unmanaged."""


class Difference(Struct, frozen=True):
    """What has to change: platforms to connect, platforms to disconnect, preferences to set."""

    connect: tuple[Platform, ...]
    disconnect: tuple[Platform, ...]
    preferences: tuple[str, ...]


def desired_shape(desired: DesiredUser) -> Shape:
    """The shape that ``desired`` asks for."""
    return desired.platforms, desired.preferences


def observed_shape(desired: DesiredUser, observed: CalendarUser) -> Shape:
    """The part of ``observed`` that ``desired`` declares, in the same shape."""
    platforms: frozenset[str] | None = None
    if desired.platforms is not None:
        platforms = _connected(observed)
    preferences: Preferences | None = None
    if desired.preferences is not None:
        preferences = restrict(observed.preferences, desired.preferences)
    return platforms, preferences


def matches_declaration(desired: DesiredUser, observed: CalendarUser) -> bool:
    """Whether ``observed`` is as ``desired`` declares it."""
    # This runs for every user, so it compares without making the shapes. A connected platform that
    # we do not know does not match either, although no shape shows it.
    if desired.platforms is not None and desired.platforms != frozenset(
        [c.platform for c in observed.connections if c.connected]
    ):
        return False
    declared = desired.preferences
    return declared is None or restrict(observed.preferences, declared) == declared


def restrict(observed: Preferences | None, declared: Preferences) -> Preferences:
    """``observed`` with the fields of ``declared`` only; null for a field that it lacks."""
    fields = observed.present() if observed else {}
    return structs.replace(declared, **{name: fields.get(name) for name in declared.present()})


@lru_cache(maxsize=4096)
def explain(desired: Shape, observed: Shape) -> Difference:
    """The difference between two shapes that are not equal, found by DeepDiff."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - 0.2 s to import, and a converged fleet needs none

    changes = DeepDiff(_mapping(observed), _mapping(desired), view="tree")
    connect: list[Platform] = []
    disconnect: list[Platform] = []
    preferences: list[str] = []
    for kind in changes.values():
        for change in kind:
            part, name = change.path(output_format="list")
            if part == "preferences":
                preferences.append(name)
            elif change.t2:
                connect.append(Platform(name))
            else:
                disconnect.append(Platform(name))
    return Difference(tuple(sorted(connect)), tuple(sorted(disconnect)), tuple(sorted(preferences)))


def part_of(preferences: Preferences, names: tuple[str, ...]) -> Preferences:
    """``preferences`` with the named fields only."""
    left_out = [name for name in preferences.present() if name not in names]
    return structs.replace(preferences, **dict.fromkeys(left_out, UNSET))


def _connected(observed: CalendarUser) -> frozenset[str]:
    return frozenset(
        [c.platform for c in observed.connections if c.connected and c.platform in PLATFORM_NAMES]
    )


def _mapping(shape: Shape) -> dict[str, dict[str, Any]]:
    platforms, preferences = shape
    return {
        "platforms": {}
        if platforms is None
        else {platform.value: platform in platforms for platform in Platform},
        "preferences": preferences.present() if preferences else {},
    }
