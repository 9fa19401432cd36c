"""What of a document can be judged further, so that one error does not hide the others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct

from reconciler.domain import SourceLocation
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.inheritance import LevelFields, UserFields
from reconciler.manifest.validation import SchemaVerdict


class UsableDocument(Struct, frozen=True):
    """A manifest's parts; None stands for one that breaks the schema.

    ``places`` are where each of ``users`` stands. ``broken_ids`` are the ids, with their entries'
    places, that could still be read of broken users. Without ``knows_groups`` the document may
    have meant to define groups that ``groups`` does not name.
    """

    document: YamlDocument
    defaults: LevelFields | None
    groups: Mapping[str, LevelFields | None]
    users: list[UserFields | None]
    places: list[SourceLocation]
    broken_ids: list[tuple[str, SourceLocation]]
    knows_groups: bool = True


def usable(document: YamlDocument, verdict: SchemaVerdict) -> UsableDocument:
    """The parts of ``document`` without those that ``verdict`` finds broken."""
    value = document.value
    if not isinstance(value, dict) or not verdict.complete:
        return UsableDocument(document, None, {}, [], [], [], knows_groups=False)
    users, groups = value.get("users", []), value.get("groups", {})
    defaults = cast("LevelFields", value.get("defaults", {}))
    if not verdict.violations:
        return UsableDocument(
            document,
            defaults,
            cast("dict[str, LevelFields | None]", groups),
            cast("list[UserFields | None]", users),
            document.entries.get("users", []),
            [],
        )
    broken = {violation.path[:2] for violation in verdict.violations}
    sound: dict[str, LevelFields | None] = {}
    for name, group in groups.items() if isinstance(groups, dict) else ():
        whole = ("groups",) in broken or ("groups", name) in broken
        sound[name] = None if whole else cast("LevelFields", group)
    entries = users if isinstance(users, list) else []
    return UsableDocument(
        document,
        None if any(path[:1] == ("defaults",) for path in broken) else defaults,
        sound,
        [
            None if ("users", index) in broken else cast("UserFields", entry)
            for index, entry in enumerate(entries)
        ],
        document.entries.get("users", []),
        list(_ids(document, entries, broken)),
        knows_groups=isinstance(groups, dict),
    )


def _ids(
    document: YamlDocument, entries: Sequence[object], broken: set[tuple[str | int, ...]]
) -> Iterator[tuple[str, SourceLocation]]:
    for index, entry in enumerate(entries):
        if ("users", index) in broken and isinstance(entry, dict):
            user_id = entry.get("id")
            if isinstance(user_id, str) and user_id:
                yield user_id, document.entries["users"][index]
