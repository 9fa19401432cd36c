"""Live state → a manifest: the next plan on it has nothing to do."""

from collections import Counter

import yaml
from msgspec import Struct

from reconciler.domain import CalendarUser, ObservedState, Platform
from reconciler.engine.previewing import IncompleteList
from reconciler.reporting import one_line


class Imported(Struct, frozen=True):
    """A manifest (YAML), how many users it declares, and a remark on each whom it leaves out."""

    manifest: str
    users: int
    remarks: tuple[str, ...]


def import_manifest(observed: ObservedState, *, preferences: bool) -> Imported:
    """Declare everyone as he is now; ``preferences`` declares the recording preferences too.

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
    return Imported(_document(entries, remarks), len(entries), tuple(remarks))


def _entry(name: str, user: CalendarUser, *, preferences: bool) -> dict[str, object]:
    entry: dict[str, object] = {"id": name}
    if platforms := [platform.value for platform in Platform if user.connected(platform)]:
        entry["platforms"] = platforms
    if preferences and user.preferences:
        told = {
            key: value
            for key, value in user.preferences.told().items()
            if isinstance(value, bool) or (value is not None and _writable(value))
        }
        if told:
            entry["preferences"] = told
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
