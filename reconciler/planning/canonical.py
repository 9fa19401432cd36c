"""Canonical JSON, which gives equal values equal digests; and the digest of what is declared.

Canonical is UTF-8 without insignificant space; object keys and sets are sorted, absent fields left
out.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from msgspec import structs

from reconciler.domain import Declarations, DesiredUser, Platform, SourceLocation

_encoder = msgspec.json.Encoder(order="sorted")


def canonical_json(value: Any) -> bytes:
    """``value`` (structs, mappings, sequences, scalars) as canonical JSON."""
    return _encoder.encode(value)


def digest(data: bytes) -> str:
    """The SHA-256 of ``data`` as ``sha256:<64 hex digits>``."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def desired_digest(declarations: Declarations) -> str:
    """A digest of what is declared, whatever files declare it.

    Comments, moved lines, split files, and a group in place of a field do not change it. An id, a
    platform, a handover, a reason, a preference or a date does; so does what a source or a rule is.
    The rows of a source do not: they change every day.
    """
    entries = list(_entries(declarations))
    if not (declarations.sources or declarations.rules):
        return digest(canonical_json(entries))
    return digest(
        canonical_json(
            {
                "entries": entries,
                "sources": {source.name: source.definition for source in declarations.sources},
                "rules": [
                    structs.replace(rule, place=SourceLocation(""))
                    for rule in sorted(declarations.rules, key=lambda rule: rule.name)
                ],
            }
        )
    )


def _entries(declarations: Declarations) -> Iterator[tuple[object, ...]]:
    for name in sorted(declarations.users):
        first, others = declarations.users[name], declarations.others.get(name)
        if others is None:  # nearly every user
            if first.source is None:
                yield _declared(first)
            continue
        entries = [_declared(user) for user in (first, *others) if user.source is None]
        yield from sorted(entries, key=canonical_json)


def _declared(user: DesiredUser) -> tuple[object, ...]:
    platforms = None if user.platforms is None else _sorted(user.platforms)
    plain = (user.id, platforms, user.handover, user.reason, user.preferences)
    if user.window is None and not user.takes_rules and not user.overrides_sources:
        return plain
    return (*plain, user.window, user.takes_rules, user.overrides_sources)


@cache
def _sorted(platforms: frozenset[Platform]) -> list[Platform]:
    return sorted(platforms)
