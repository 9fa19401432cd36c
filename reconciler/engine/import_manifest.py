"""Live state → a manifest: the next plan on it has nothing to do."""

import os
from collections import Counter
from collections.abc import Sequence, Set
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from reconciler.domain import CalendarUser, Declarations, InvalidInput, ObservedState, Platform
from reconciler.engine.preview import require_complete
from reconciler.manifest import load_manifests, skip_input
from reconciler.manifest.manifest_text import ManifestEntry, is_writable, manifest_text
from reconciler.manifest.search import is_manifest
from reconciler.manifest.source import display_name
from reconciler.planning import desired_state

SCHEMA: Final = Path("schemas/manifest.schema.json")
"""Where editors look for the schema, from the folder of the configuration on."""


class Imported(Struct, frozen=True):
    """Users to declare as they are, and a remark on each user that is left out."""

    entries: tuple[ManifestEntry, ...]
    remarks: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that are declared."""
        return tuple(entry.id for entry in self.entries)

    def manifest(self, configuration: Path, target: Path) -> str:
        """The YAML to write to ``target``, which is read with the file ``configuration``."""
        schema = os.path.relpath(configuration.parent / SCHEMA, target.parent)
        head = (
            f"yaml-language-server: $schema={quote(schema)}",
            f"`reconciler schema manifest > {SCHEMA}` writes the schema for your editor.",
        )
        return manifest_text(self.entries, [*head, *(f"left out: {r}" for r in self.remarks)])


def import_manifest(
    observed: ObservedState, *, preferences: bool, but: Set[str] = frozenset()
) -> Imported:
    """Declare everyone as they are now, except the ids in ``but``.

    ``preferences`` declares the recording preferences too. Somebody with nothing connected is
    declared without ``platforms``: that nothing *may* be connected is a decision, and not one that
    an import can take. Raises ``IncompleteList``.
    """
    require_complete(observed)
    rows = Counter(user.external_id for user in observed.users)
    entries: list[ManifestEntry] = []
    remarks: list[str] = []
    for user in sorted(observed.users, key=lambda user: (user.external_id or "", user.id)):
        name = user.external_id
        if name is None:
            remarks.append(f"calendar user {user.id}: has no external_id, cannot be declared")
        elif name in but:
            continue
        elif not is_writable(name):
            remarks.append(f"{name!r} ({user.id}): a manifest cannot hold such an id")
        elif rows[name] > 1:
            remarks.append(f"{name!r} ({user.id}): {rows[name]} calendar users have this id")
        else:
            entries.append(_entry(name, user, preferences=preferences))
    return Imported(tuple(entries), tuple(remarks))


def declared_ids(declarations: Declarations, observed: ObservedState, now: datetime) -> Set[str]:
    """The ids that a manifest names, at whatever time, or that a rule gives platforms ``now``."""
    if not declarations.rules:
        return declarations.users.keys()
    desired = desired_state(declarations, observed, now)
    return declarations.users.keys() | desired.platforms.keys()


def declared_already(ids: Sequence[str], manifests: Sequence[Path], target: Path) -> str | None:
    """How many of ``ids`` the ``manifests`` declare, and where; None where that does no harm.

    It does none where nobody of them is declared, or ``target``, which is to declare them, is no
    file that is read with the ``manifests``.
    """
    place = target.resolve()
    folders = [path.resolve() for path in manifests]
    beside = is_manifest(place.name) and any(folder in place.parents for folder in folders)
    if not (beside or place in folders):
        return None
    try:
        others = [path for path in manifests if path.resolve() != place]
        declared = load_manifests(others, inputs=skip_input).users
    except InvalidInput:  # such as a folder without any; the next plan says what is wrong
        return None
    files = Counter(declared[name].place.file for name in ids if name in declared)
    if not files:
        return None
    where = ", ".join(f"{file} ({number})" for file, number in files.items())
    return (
        f"{files.total()} of them are declared already, in {where}; nobody can be declared twice:"
        f" take them out of there or out of {display_name(place, Path.cwd())}, or import again"
        " with --missing"
    )


def _entry(name: str, user: CalendarUser, *, preferences: bool) -> ManifestEntry:
    connected = [(p, row) for p in Platform if (row := user.connected(p)) is not None]
    shown = name.casefold()
    emails = [row.email for _, row in connected if row.email and row.email.casefold() not in shown]
    declared: dict[str, bool | str] = {}
    if preferences and user.preferences:
        declared = {
            key: value
            for key, value in user.preferences.present().items()
            if isinstance(value, bool) or (value is not None and is_writable(value))
        }
    return ManifestEntry(
        name,
        tuple(platform for platform, _ in connected),
        declared,
        ", ".join(dict.fromkeys(emails)) or None,
    )
