"""Live state → a manifest: the next plan on it has nothing to do."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml
from msgspec import Struct

from reconciler.domain import CalendarUser, InvalidInput, ObservedState, Platform
from reconciler.engine.preview import IncompleteList
from reconciler.manifest import load_manifests
from reconciler.manifest.search import is_manifest
from reconciler.manifest.source import display_name
from reconciler.reporting import one_line


class Imported(Struct, frozen=True):
    """A manifest (YAML), the ids that it declares, and a remark on each user it leaves out."""

    manifest: str
    ids: tuple[str, ...]
    remarks: tuple[str, ...]


def import_manifest(observed: ObservedState, *, preferences: bool) -> Imported:
    """Declare everyone as they are now; ``preferences`` declares the recording preferences too.

    Somebody with nothing connected is declared without ``platforms``: that nothing *may* be
    connected is a decision, and not one that an import can take. Raises :class:`IncompleteList`.
    """
    if not observed.complete:
        raise IncompleteList("; ".join(observed.problems))
    rows = Counter(user.external_id for user in observed.users)
    entries: list[dict[str, object]] = []
    remarks: list[str] = []
    for user in sorted(observed.users, key=lambda user: (user.external_id or "", user.id)):
        name = user.external_id
        if name is None:
            remarks.append(f"calendar user {user.id}: has no external_id, cannot be declared")
        elif not _writable(name):
            remarks.append(f"{name!r} ({user.id}): a manifest cannot hold such an id")
        elif rows[name] > 1:
            remarks.append(f"{name!r} ({user.id}): {rows[name]} calendar users have this id")
        else:
            entries.append(_entry(name, user, preferences=preferences))
    ids = tuple(str(entry["id"]) for entry in entries)
    return Imported(_document(entries, remarks), ids, tuple(remarks))


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
        declared = load_manifests([path for path in manifests if path.resolve() != place]).users
    except InvalidInput:  # such as a folder without any; the next plan says what is wrong
        return None
    files = Counter(declared[name].source.file for name in ids if name in declared)
    if not files:
        return None
    where = ", ".join(f"{file} ({number})" for file, number in files.items())
    return (
        f"{files.total()} of them are declared already, in {where}; nobody can be declared twice:"
        f" take them out of there or out of {display_name(place, Path.cwd())}"
    )


def _entry(name: str, user: CalendarUser, *, preferences: bool) -> dict[str, object]:
    entry: dict[str, object] = {"id": name}
    if platforms := [platform.value for platform in Platform if user.connected(platform)]:
        entry["platforms"] = platforms
    if preferences and user.preferences:
        declared = {
            key: value
            for key, value in user.preferences.present().items()
            if isinstance(value, bool) or (value is not None and _writable(value))
        }
        if declared:
            entry["preferences"] = declared
    return entry


def _writable(text: str) -> bool:
    """Whether a manifest takes ``text``: something to be seen, and nothing that is not."""
    return bool(text.strip()) and text.isprintable()


def _document(entries: list[dict[str, object]], remarks: list[str]) -> str:
    # Made one line and visible: what the API lists must not write YAML into our comments.
    left_out = "".join(f"# left out: {one_line(remark)}\n" for remark in remarks)
    body = yaml.dump(
        {"apiVersion": "reconciler/v1", "users": entries},
        Dumper=yaml.CSafeDumper,
        sort_keys=False,
        allow_unicode=True,
        width=1000,
        default_flow_style=None,
    )
    return left_out + body
