"""What a manifest says as plain values, once the schema has cleared it.

The types tell the type checker what the schema has already made sure of, so that nothing is
converted or asked twice for each of a hundred thousand users.

User over group over defaults: what a user inherits, and which reason counts.
"""

from collections.abc import Mapping
from typing import Required, TypedDict

import msgspec
from msgspec import Struct

from reconciler.domain import Handover, Platform, Preferences


class LevelFields(TypedDict, total=False):
    """What a user, a group and the defaults of a document can all say."""

    platforms: list[str]
    handover: str
    reason: str
    preferences: dict[str, bool | str]


class UserFields(LevelFields, total=False):
    """The entry of a user."""

    id: Required[str]
    group: str


PLATFORMS: Mapping[str, Platform] = {platform.value: platform for platform in Platform}
HANDOVERS: Mapping[str, Handover] = {handover.value: handover for handover in Handover}


class Level(Struct, frozen=True):
    """What one level says, or several of them together; None where nothing is said.

    ``reason`` is one that counts: it comes from the level that set ``platforms`` or a nearer one.
    """

    platforms: frozenset[Platform] | None = None
    handover: Handover | None = None
    reason: str | None = None
    preferences: Mapping[str, bool | str] = {}

    def over(self, farther: "Level") -> "Level":
        """This level where it says something, ``farther`` elsewhere; lists as a whole."""
        inherits = self.platforms is None
        return Level(
            farther.platforms if inherits else self.platforms,
            self.handover or farther.handover,
            self.reason or (farther.reason if inherits else None),
            {**farther.preferences, **self.preferences},
        )


# Stands for a level that could not be read. Its reason keeps users from being blamed for it.
UNREADABLE = Level(reason="unreadable")


class LevelReader:
    """Valid manifest mappings → levels; equal values are one object, shared by all users."""

    def __init__(self) -> None:
        self._platforms: dict[tuple[str, ...], frozenset[Platform]] = {}
        self._preferences: dict[tuple[tuple[str, bool | str], ...], Preferences] = {}

    def level(self, fields: LevelFields) -> Level:
        """The level that a group or the defaults of a document make."""
        platforms = fields.get("platforms")
        handover = fields.get("handover")
        reason = fields.get("reason")
        return Level(
            None if platforms is None else self.platforms(platforms),
            None if handover is None else HANDOVERS[handover],
            None if reason is None else reason.strip(),
            fields.get("preferences", {}),
        )

    def platforms(self, names: list[str]) -> frozenset[Platform]:
        """The set of the platforms with these names."""
        key = tuple(names)
        platforms = self._platforms.get(key)
        if platforms is None:
            platforms = self._platforms[key] = frozenset(PLATFORMS[name] for name in names)
        return platforms

    def preferences(self, declared: Mapping[str, bool | str]) -> Preferences:
        """The preferences with these fields declared."""
        key = tuple(declared.items())
        preferences = self._preferences.get(key)
        if preferences is None:
            preferences = self._preferences[key] = msgspec.convert(declared, Preferences)
        return preferences
