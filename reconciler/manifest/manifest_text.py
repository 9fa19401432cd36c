"""Manifests as YAML text: what the loader reads back exactly as it was.

We write the text ourselves, since a YAML library takes a second for 25 000 users. So every text is
either an address of a form that no YAML reads as anything else, or a JSON string. YAML reads those
alike, as long as the text is printable.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from reconciler.domain import Platform
from reconciler.domain.text import visible

_ADDRESS: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9][A-Za-z0-9.-]*", re.ASCII)


class ManifestEntry(Struct, frozen=True):
    """A user to declare. No ``platforms`` leaves their connections unmanaged.

    ``remark`` is for the reader alone, and may be anybody's text.
    """

    id: str
    platforms: tuple[Platform, ...] = ()
    preferences: Mapping[str, bool | str] = {}
    remark: str | None = None


def is_writable(text: str) -> bool:
    """Whether a manifest takes ``text``: something to be seen, and nothing that is not."""
    return bool(text.strip()) and text.isprintable()


def manifest_text(entries: Sequence[ManifestEntry], comments: Iterable[str]) -> str:
    """A manifest of ``entries``, below ``comments``: each is one line, and may be anybody's text.

    The ids, and the texts among the preferences, have to be writable.
    """
    lines = [f"# {_one_line(comment)}" for comment in comments]
    lines += ["apiVersion: reconciler/v1", "users:" if entries else "users: []"]
    for entry in entries:
        remark = f"  # {_one_line(entry.remark)}" if entry.remark else ""
        lines.append(f"  - id: {_scalar(entry.id)}{remark}")
        if entry.platforms:
            lines.append(f"    platforms: [{', '.join(entry.platforms)}]")
        if entry.preferences:
            lines.append("    preferences:")
            lines += [f"      {name}: {_value(v)}" for name, v in entry.preferences.items()]
    return "\n".join(lines) + "\n"


def _value(preference: object) -> str:
    return _scalar(preference) if isinstance(preference, str) else json.dumps(preference)


def _scalar(text: str) -> str:
    return text if _ADDRESS.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))
