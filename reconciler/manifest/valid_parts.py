"""The parts of a manifest that follow the schema, so that one error does not hide the others."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from msgspec import Struct

from reconciler.domain import SourceLocation
from reconciler.manifest.composer import Value
from reconciler.manifest.document import YamlDocument
from reconciler.manifest.levels import (
    GroupFields,
    LevelFields,
    RuleFields,
    SourceFields,
    UserFields,
)
from reconciler.manifest.validation import ValidationResult


class ValidParts(Struct, frozen=True):
    """The parts of a manifest that follow the schema; None for a part that does not.

    They let us check the rest, so that one error does not hide the others. ``places`` are the
    places of ``users``. ``broken_ids`` are the readable ids of broken users, with their places.
    Without ``knows_groups`` the document may define groups that ``groups`` does not have.
    ``folder`` is that of the manifest.
    """

    document: YamlDocument
    folder: Path
    defaults: LevelFields | None
    groups: Mapping[str, GroupFields | None]
    users: list[UserFields | None]
    places: list[SourceLocation]
    broken_ids: list[tuple[str, SourceLocation]]
    sources: list[SourceFields | None] = []
    rules: list[RuleFields | None] = []
    knows_groups: bool = True


def valid_parts(document: YamlDocument, validation: ValidationResult, folder: Path) -> ValidParts:
    """The parts of ``document``, a manifest in ``folder``, without a violation."""
    value = document.value
    if not isinstance(value, dict) or not validation.complete:
        return ValidParts(document, folder, None, {}, [], [], [], knows_groups=False)
    users, groups = value.get("users", []), value.get("groups", {})
    defaults = cast("LevelFields", value.get("defaults", {}))
    if not validation.violations:
        return ValidParts(
            document,
            folder,
            defaults,
            cast("dict[str, GroupFields | None]", groups),
            cast("list[UserFields | None]", users),
            document.entries.get("users", []),
            [],
            cast("list[SourceFields | None]", value.get("sources", [])),
            cast("list[RuleFields | None]", value.get("rules", [])),
        )
    broken = {violation.path[:2] for violation in validation.violations}
    sound: dict[str, GroupFields | None] = {}
    for name, group in groups.items() if isinstance(groups, dict) else ():
        whole = ("groups",) in broken or ("groups", name) in broken
        sound[name] = None if whole else cast("GroupFields", group)
    entries = _items(users)

    def sound_items(key: str) -> list[object]:
        return [
            None if (key, index) in broken else item
            for index, item in enumerate(_items(value.get(key)))
        ]

    return ValidParts(
        document,
        folder,
        None if any(path[:1] == ("defaults",) for path in broken) else defaults,
        sound,
        cast("list[UserFields | None]", sound_items("users")),
        document.entries.get("users", []),
        list(_broken_ids(document, entries, broken)),
        cast("list[SourceFields | None]", sound_items("sources")),
        cast("list[RuleFields | None]", sound_items("rules")),
        knows_groups=isinstance(groups, dict),
    )


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _broken_ids(
    document: YamlDocument, entries: Sequence[object], broken: set[tuple[str | int, ...]]
) -> Iterator[tuple[str, SourceLocation]]:
    for index, entry in enumerate(entries):
        if ("users", index) in broken and isinstance(entry, dict):
            user_id = entry.get("id")
            if isinstance(user_id, str) and user_id:
                yield user_id, document.entries["users"][index]
