"""Finds users that two workspaces declare, which speak to one API with one key.

Their runs would undo each other: what one manifest wants connected, the other may not.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from reconciler.config import BaseUrl, Region, Remote, SandboxSource, Workspace, resolve_key
from reconciler.domain import (
    Cancellation,
    Cancelled,
    Clock,
    Declarations,
    Diagnostic,
    InvalidInput,
    Secret,
)
from reconciler.engine.inputs import ConfiguredInputs
from reconciler.engine.preview import load_declarations
from reconciler.recall import region_url

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
    manifests cannot be read now has that error: if they could be read later, nobody would have
    compared them. Once ``cancellation`` is requested, nothing more is looked at.
    """
    found: dict[str, InvalidInput] = {}
    for group in _at_one_api(workspaces, environ, found):
        read = []
        for workspace in group:
            inputs = ConfiguredInputs(workspace, environ, clock=clock, cancellation=cancellation)
            try:
                read.append((workspace.name, load_declarations(workspace, inputs)))
            except InvalidInput as error:
                found[workspace.name] = error
            except Cancelled:
                return found
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
    workspaces: Sequence[Workspace], environ: Mapping[str, str], found: dict[str, InvalidInput]
) -> list[list[Workspace]]:
    """Those of ``workspaces`` that have another one with the same key at the same API.

    Into ``found`` goes the error of each whose key is needed for that and cannot be had.
    """
    by_place: dict[str | Path, list[Workspace]] = {}
    for workspace in workspaces:
        try:
            by_place.setdefault(_place(workspace.remote), []).append(workspace)
        except InvalidInput as error:
            found[workspace.name] = error
    groups: list[list[Workspace]] = []
    for neighbours in by_place.values():
        by_key: dict[Secret | None, list[Workspace]] = {}
        for workspace in neighbours if len(neighbours) > 1 else ():
            source = workspace.api_key
            if isinstance(workspace.remote, SandboxSource):
                source = None  # a sandbox has one key, however workspaces come by it
            try:
                key = None if source is None else resolve_key(source, environ)
            except InvalidInput as error:
                found[workspace.name] = error
                continue
            by_key.setdefault(key, []).append(workspace)
        groups += [group for group in by_key.values() if len(group) > 1]
    return groups


def _place(remote: Remote) -> str | Path:
    """Where an API is, however the configuration spells it. Raises :class:`InvalidInput`."""
    match remote:
        case Region(name=name):
            return region_url(name)
        case BaseUrl(url=url):
            return url
        case SandboxSource(state=state):
            return state.resolve()
