"""Documents → the desired state: everything that can be judged only with all manifests at hand."""

import unicodedata

from reconciler.domain import DesiredState, DesiredUser, Diagnostic, Handover, SourceLocation
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.inheritance import HANDOVERS, UNREADABLE, Level, LevelReader, UserFields
from reconciler.manifest.source import near_miss, shown
from reconciler.manifest.valid_parts import UsableDocument


def assemble(
    documents: list[UsableDocument], diagnostics: list[Diagnostic], *, all_read: bool
) -> DesiredState:
    """The desired state of all ``documents`` together; errors are added to ``diagnostics``.

    Without ``all_read`` a group that is defined nowhere is no error: it may stand in what could
    not be read.
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

    def define_groups(self, document: UsableDocument) -> None:
        """Take over the groups of a document."""
        for name, fields in document.groups.items():
            definer = self._definers.setdefault(name, document.document)
            if definer is not document.document:
                path = ["groups", name]
                self._error(
                    document.document.locate_key(path),
                    f"the group {shown(name)} is defined twice, first at "
                    f"{definer.locate_key(path)}",
                    "keep one of them; groups are known to all manifests of the workspace",
                )
                continue
            self.groups[name] = UNREADABLE if fields is None else self._reader.level(fields)

    def add_users(self, document: UsableDocument) -> None:
        """Take over the users of a document, with what they inherit."""
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
        """The ids that only a machine can tell apart, in groups."""
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
        """What ``Level.over`` does, without a level for each of a hundred thousand users."""
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

    def _refuse_unknown_group(self, document: UsableDocument, index: int, name: str) -> None:
        if self._knows_groups:
            self._error(
                document.document.locate(["users", index, "group"]),
                f"the group {shown(name)} is defined in no manifest",
                near_miss(name, self.groups) or "define it under `groups`",
            )

    def _refuse_without_reason(
        self, user_id: str, place: SourceLocation, *, inherited: bool
    ) -> None:
        whence = " (inherited)" if inherited else ""
        self._error(
            place,
            f"{shown(user_id)} is left with no platform and no `reason`: `platforms: []`{whence}",
            "add a `reason` where `platforms` is set, or to the user",
        )

    def _refuse_second(self, user_id: str, place: SourceLocation) -> None:
        user = self.users.get(user_id)
        first = user.source if user else self._broken.get(user_id)
        if first is not None:
            self._error(
                place,
                f"{shown(user_id)} is declared twice, first at {first}",
                "keep one entry for each id",
            )

    def _error(self, place: SourceLocation, message: str, hint: str) -> None:
        self._diagnostics.append(Diagnostic(place, message, hint))


def _folded(user_id: str) -> str:
    if user_id.isascii():
        return user_id.lower().strip()
    folded = unicodedata.normalize("NFKC", user_id).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
