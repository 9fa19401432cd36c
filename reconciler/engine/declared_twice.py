"""Finds users that two workspaces declare, which speak to one API with one key.

Their runs would undo each other: what one manifest wants connected, the other may not.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from reconciler.config import SandboxSource, Workspace, resolve_key
from reconciler.domain import Cancellation, Clock, Declarations, Diagnostic, InvalidInput, Secret
from reconciler.engine.inputs import ConfiguredInputs
from reconciler.engine.preview import load_declarations

_NAMED = 3
"""Users that an error names."""


def declared_twice(
    workspaces: Sequence[Workspace],
    environ: Mapping[str, str],
    clock: Clock,
    cancellation: Cancellation,
) -> Mapping[str, InvalidInput]:
    """An error for each of ``workspaces`` that shares a declared user with another, by its name.

    Only workspaces at one API are looked at, and their manifests are read for it. One whose key or
    manifests cannot be read has an error of its own later.
    """
    found: dict[str, InvalidInput] = {}
    for group in _at_one_api(workspaces, environ):
        read = []
        for workspace in group:
            inputs = ConfiguredInputs(workspace, environ, clock=clock, cancellation=cancellation)
            try:
                read.append((workspace.name, load_declarations(workspace, inputs)))
            except InvalidInput:
                continue
        for (one, ours), (other, theirs) in combinations(read, 2):
            both = sorted(ours.users.keys() & theirs.users.keys())
            if both:
                found.setdefault(one, _error(both, ours, other))
                found.setdefault(other, _error(both, theirs, one))
    return found


def _error(both: Sequence[str], ours: Declarations, other: str) -> InvalidInput:
    more = len(both) - _NAMED
    named = ", ".join(map(repr, both[:_NAMED]))
    names = f"{named} and {more} more" if more > 0 else named
    return InvalidInput(
        Diagnostic(
            ours.users[both[0]].place,
            f"declared in workspace {other!r} too, which has the same key at the same API: {names}",
            "declare each user in one workspace, or leave one workspace out of the command",
        )
    )


def _at_one_api(
    workspaces: Sequence[Workspace], environ: Mapping[str, str]
) -> list[list[Workspace]]:
    """Those of ``workspaces`` that have another one with the same key at the same API."""
    by_remote: dict[object, list[Workspace]] = {}
    for workspace in workspaces:
        remote = workspace.remote
        there = remote.state if isinstance(remote, SandboxSource) else remote
        by_remote.setdefault(there, []).append(workspace)
    groups: list[list[Workspace]] = []
    for neighbours in by_remote.values():
        by_key: dict[Secret | None, list[Workspace]] = {}
        for workspace in neighbours if len(neighbours) > 1 else ():
            try:
                source = workspace.api_key
                key = None if source is None else resolve_key(source, environ)
            except InvalidInput:
                continue
            by_key.setdefault(key, []).append(workspace)
        groups += [group for group in by_key.values() if len(group) > 1]
    return groups
