"""What users, groups, defaults, sources and rules set, and how one level overrides another.

The TypedDicts repeat what the schema has checked, so that nothing is converted or checked twice for
100 000 users.
"""

from collections.abc import Mapping
from typing import Required, TypedDict

import msgspec
from msgspec import Struct

from reconciler.domain import (
    Handover,
    Layer,
    LayerKind,
    Platform,
    Preferences,
    Rule,
    RuleMatch,
    RuleMode,
    SourceLocation,
    Window,
)


class LevelFields(TypedDict, total=False):
    """The fields that users, groups and defaults share."""

    platforms: list[str]
    handover: str
    reason: str
    preferences: dict[str, bool | str]


DatedFields = TypedDict("DatedFields", {"from": str, "until": str}, total=False)


class GroupFields(LevelFields, DatedFields, total=False):
    """The fields of a group."""


class UserFields(GroupFields, total=False):
    """The fields of a user's entry."""

    id: Required[str]
    group: str
    rules: str
    sources: str


class SourceFields(GroupFields, total=False):
    """The fields of a source."""

    name: Required[str]
    id: Required[str]
    file: str
    input: str
    format: str
    records: str
    where: dict[str, list[str]]
    group: str
    rules: str


class MatchFields(TypedDict, total=False):
    """The conditions of a rule."""

    id: str
    email: str
    connected: list[str]
    unmanaged: bool


RuleFields = TypedDict(
    "RuleFields",
    {
        "name": Required[str],
        "match": Required[MatchFields],
        "except": list[str],
        "platforms": list[str],
        "handover": str,
        "reason": str,
        "preferences": dict[str, bool | str],
        "mode": str,
        "from": str,
        "until": str,
    },
    total=False,
)


PLATFORMS: Mapping[str, Platform] = {platform.value: platform for platform in Platform}
HANDOVERS: Mapping[str, Handover] = {handover.value: handover for handover in Handover}


class Level(Struct, frozen=True):
    """The values of one level, or of several levels joined; None where no value is set.

    ``reason`` comes from the level that set ``platforms``, or from one nearer to the user.
    """

    platforms: frozenset[Platform] | None = None
    handover: Handover | None = None
    reason: str | None = None
    preferences: Mapping[str, bool | str] = {}

    def over(self, farther: "Level") -> "Level":
        """This level's values, and those of ``farther`` where it has none; lists as a whole."""
        inherits = self.platforms is None
        return Level(
            farther.platforms if inherits else self.platforms,
            self.handover or farther.handover,
            self.reason or (farther.reason if inherits else None),
            {**farther.preferences, **self.preferences},
        )


# A level that could not be read. It has a reason so that its users get no error for lacking one.
UNREADABLE = Level(reason="unreadable")


class LevelReader:
    """Makes levels of valid mappings; users share one object for equal values."""

    def __init__(self) -> None:
        self._platforms: dict[tuple[str, ...], frozenset[Platform]] = {}
        self._preferences: dict[tuple[tuple[str, bool | str], ...], Preferences] = {}

    def level(self, fields: LevelFields) -> Level:
        """The level of a group or of a document's defaults."""
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


def rule_of(
    fields: RuleFields,
    level: Level,
    preferences: Preferences | None,
    window: Window | None,
    place: SourceLocation,
) -> Rule:
    """The rule at ``place``, with what its own ``level`` sets."""
    match = fields["match"]
    return Rule(
        fields["name"],
        RuleMatch(
            match.get("id"),
            match.get("email"),
            tuple(PLATFORMS[platform] for platform in match.get("connected", ())),
            match.get("unmanaged", False),
        ),
        tuple(fields.get("except", ())),
        level.platforms,
        level.handover or Handover.WAIT,
        preferences,
        level.reason,
        RuleMode(fields.get("mode", RuleMode.REPORT)),
        window,
        place,
    )


class LayerTrace:
    """Records the layers of one user (nobody for None), the nearest of each declaration first."""

    def __init__(self, user: str | None, reader: LevelReader) -> None:
        self.user = user
        self.layers: list[Layer] = []
        self._reader = reader
        self._declaration = 0

    def begin(
        self,
        kind: LayerKind,
        name: str,
        level: Level,
        place: SourceLocation,
        window: Window | None,
    ) -> None:
        """Add the nearest layer of a declaration that counts in ``window``."""
        self._declaration += 1
        self.add(kind, name, level, place, window)

    def add(
        self,
        kind: LayerKind,
        name: str,
        level: Level,
        place: SourceLocation,
        window: Window | None = None,
    ) -> None:
        """Add a layer that the declaration inherits from."""
        preferences = self._reader.preferences(level.preferences) if level.preferences else None
        self.layers.append(
            Layer(
                kind,
                name,
                place,
                self._declaration,
                level.platforms,
                level.handover,
                level.reason,
                preferences,
                window,
            )
        )
