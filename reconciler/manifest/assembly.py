"""Joins all documents into the desired state: who is declared, and what they inherit.

A user's own values override the group's, and those override the defaults. The TypedDicts repeat
what the schema has checked, so that nothing is converted or checked twice for 100 000 users.
"""

import unicodedata
from collections.abc import Mapping
from typing import Required, TypedDict

import msgspec
from msgspec import Struct

from reconciler.domain import (
    DesiredState,
    DesiredUser,
    Diagnostic,
    Handover,
    Platform,
    Preferences,
    SourceLocation,
)
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.source import near_miss, quoted


class LevelFields(TypedDict, total=False):
    """The fields that users, groups and defaults share."""

    platforms: list[str]
    handover: str
    reason: str
    preferences: dict[str, bool | str]


class UserFields(LevelFields, total=False):
    """The fields of a user's entry."""

    id: Required[str]
    group: str


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


class ValidParts(Struct, frozen=True):
    """The parts of a manifest that follow the schema; None for a part that does not.

    They let us check the rest, so that one error does not hide the others. ``places`` are the
    places of ``users``. ``broken_ids`` are the readable ids of broken users, with their places.
    Without ``knows_groups`` the document may define groups that ``groups`` does not have.
    """

    document: YamlDocument
    defaults: LevelFields | None
    groups: Mapping[str, LevelFields | None]
    users: list[UserFields | None]
    places: list[SourceLocation]
    broken_ids: list[tuple[str, SourceLocation]]
    knows_groups: bool = True


def assemble(
    documents: list[ValidParts], diagnostics: list[Diagnostic], *, all_read: bool
) -> DesiredState:
    """The desired state of all ``documents`` together. Errors are added to ``diagnostics``.

    Without ``all_read`` an undefined group is no error: a file that we could not read may define
    it.
    """
    knows_groups = all_read and all(document.knows_groups for document in documents)
    assembly = _Assembly(diagnostics, knows_groups=knows_groups)
    for document in documents:
        assembly.define_groups(document)
    for document in documents:
        assembly.add_users(document)
    users = {user_id: assembly.users[user_id] for user_id in sorted(assembly.users)}
    return DesiredState(users, frozenset(assembly.groups), lookalikes=assembly.lookalikes())


class _Assembly:
    def __init__(self, diagnostics: list[Diagnostic], *, knows_groups: bool) -> None:
        self._diagnostics = diagnostics
        self._knows_groups = knows_groups
        self._reader = LevelReader()
        self.groups: dict[str, Level] = {}
        self._definers: dict[str, YamlDocument] = {}
        self.users: dict[str, DesiredUser] = {}
        self._broken: dict[str, SourceLocation] = {}

    def define_groups(self, document: ValidParts) -> None:
        """Add the groups of a document."""
        for name, fields in document.groups.items():
            definer = self._definers.setdefault(name, document.document)
            if definer is not document.document:
                path = ["groups", name]
                self._error(
                    document.document.locate_key(path),
                    f"the group {quoted(name)} is defined twice, first at "
                    f"{definer.locate_key(path)}",
                    "keep one of them; groups are known to all manifests of the workspace",
                )
                continue
            self.groups[name] = UNREADABLE if fields is None else self._reader.level(fields)

    def add_users(self, document: ValidParts) -> None:
        """Add the users of a document, with the values that they inherit."""
        for user_id, place in document.broken_ids:
            self._refuse_second(user_id, place)
            self._broken.setdefault(user_id, place)
        defaults = document.defaults
        default = UNREADABLE if defaults is None else self._reader.level(defaults)
        inherited: dict[str, Level] = {}
        for index, (fields, place) in enumerate(zip(document.users, document.places, strict=True)):
            if fields is None:
                continue
            user_id, group = fields["id"], fields.get("group")
            if group is None:
                farther = default
            elif group in inherited:
                farther = inherited[group]
            elif group in self.groups:
                farther = inherited[group] = self.groups[group].over(default)
            else:
                self._refuse_unknown_group(document, index, group)
                farther = UNREADABLE
            user = self._user(user_id, group, fields, farther, place)
            if user_id in self.users or user_id in self._broken:
                self._refuse_second(user_id, place)
            else:
                self.users[user_id] = user

    def lookalikes(self) -> tuple[tuple[str, ...], ...]:
        """Groups of ids that look the same."""
        if len({_folded(user_id) for user_id in self.users}) == len(self.users):
            return ()
        groups: dict[str, list[str]] = {}
        for user in sorted(self.users.values(), key=lambda user: user.source):
            groups.setdefault(_folded(user.id), []).append(user.id)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)

    def _user(
        self,
        user_id: str,
        group: str | None,
        fields: UserFields,
        farther: Level,
        place: SourceLocation,
    ) -> DesiredUser:
        """As ``Level.over``, without making a level for each of 100 000 users."""
        names = fields.get("platforms")
        reason = fields.get("reason")
        reason = reason.strip() if reason is not None else None
        if names is None:
            platforms = farther.platforms
            reason = reason or farther.reason
        else:
            platforms = self._reader.platforms(names)
        if platforms is not None and not platforms and not reason:
            self._refuse_without_reason(user_id, place, inherited=names is None)
        handover = fields.get("handover")
        declared = farther.preferences
        if "preferences" in fields:
            declared = {**declared, **fields["preferences"]}
        return DesiredUser(
            user_id,
            platforms,
            HANDOVERS[handover] if handover else farther.handover or Handover.WAIT,
            reason or None,
            self._reader.preferences(declared) if declared else None,
            group,
            place,
        )

    def _refuse_unknown_group(self, document: ValidParts, index: int, name: str) -> None:
        if self._knows_groups:
            self._error(
                document.document.locate(["users", index, "group"]),
                f"the group {quoted(name)} is defined in no manifest",
                near_miss(name, self.groups) or "define it under `groups`",
            )

    def _refuse_without_reason(
        self, user_id: str, place: SourceLocation, *, inherited: bool
    ) -> None:
        whence = " (inherited)" if inherited else ""
        self._error(
            place,
            f"{quoted(user_id)} has `platforms: []`{whence} and no `reason`",
            "add a `reason` where `platforms` is set, or to the user",
        )

    def _refuse_second(self, user_id: str, place: SourceLocation) -> None:
        user = self.users.get(user_id)
        first = user.source if user else self._broken.get(user_id)
        if first is not None:
            self._error(
                place,
                f"{quoted(user_id)} is declared twice, first at {first}",
                "keep one entry for each id",
            )

    def _error(self, place: SourceLocation, message: str, hint: str) -> None:
        self._diagnostics.append(Diagnostic(place, message, hint))


def _folded(user_id: str) -> str:
    if user_id.isascii():
        return user_id.lower().strip()
    folded = unicodedata.normalize("NFKC", user_id).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
