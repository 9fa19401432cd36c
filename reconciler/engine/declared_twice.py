"""Finds users that two workspaces declare, which speak to one API with one key.

Their runs would undo each other: what one manifest wants connected, the other may not. A rule
declares whoever it matches, so where there are rules the users are listed for it.
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
    ObservedState,
    RuleMode,
    Secret,
    SourceLocation,
)
from reconciler.engine.inputs import ConfiguredInputs
from reconciler.engine.preview import IncompleteList, load_declarations, observe, require_complete
from reconciler.engine.session import RateLimiters, open_session
from reconciler.planning import desired_state, normalised
from reconciler.recall import RecallError, region_url

_NAMED = 3
"""Users that an error names."""


def declared_twice(
    workspaces: Sequence[Workspace],
    environ: Mapping[str, str],
    clock: Clock,
    cancellation: Cancellation,
    rate_limiters: RateLimiters,
) -> Mapping[str, Exception]:
    """An error for each of ``workspaces`` that shares a declared user with another, by its name.

    Only workspaces at one API are looked at, and their manifests are read for it. One whose key,
    manifests or users cannot be read now has that error: if they could be read later, nobody would
    have compared them. Once ``cancellation`` is requested, nothing more is looked at.
    """
    found: dict[str, Exception] = {}
    for group in _at_one_api(workspaces, environ, found):
        read: dict[str, Declarations] = {}
        for workspace in group:
            inputs = ConfiguredInputs(workspace, environ, clock=clock, cancellation=cancellation)
            try:
                read[workspace.name] = load_declarations(workspace, inputs)
            except InvalidInput as error:
                found[workspace.name] = error
            except Cancelled:
                return found
        listed: ObservedState | None = None
        if len(read) > 1 and any(map(_enforces, read.values())):
            try:
                listed = _listed(group[0], environ, clock, cancellation, rate_limiters)
            except (InvalidInput, RecallError, IncompleteList) as error:
                found.update(dict.fromkeys(read, error))
                continue
            except Cancelled:
                return found
        declared = {name: _declared(read[name], listed, clock) for name in read}
        for (one, ours), (other, theirs) in combinations(declared.items(), 2):
            both = sorted(ours.keys() & theirs.keys())
            if both:
                found.setdefault(one, _error([ours[name] for name in both], other))
                found.setdefault(other, _error([theirs[name] for name in both], one))
    return found


def _enforces(declarations: Declarations) -> bool:
    return any(rule.mode is RuleMode.ENFORCE for rule in declarations.rules)


def _listed(
    workspace: Workspace,
    environ: Mapping[str, str],
    clock: Clock,
    cancellation: Cancellation,
    rate_limiters: RateLimiters,
) -> ObservedState:
    """The whole list. Raises :class:`IncompleteList`, and what :func:`observe` does."""
    with open_session(
        workspace,
        environ,
        clock=clock,
        cancellation=cancellation,
        rate_limiters=rate_limiters,
    ) as session:
        state = observe(session).state
    require_complete(state)
    return state


def _declared(
    declarations: Declarations, listed: ObservedState | None, clock: Clock
) -> Mapping[str, tuple[str, SourceLocation]]:
    """Every user of ``declarations``, and those ``listed`` that their rules match: id and place.

    By the id in which case and spaces do not count: an entry that is misspelt means somebody, too.
    """
    users = dict(declarations.users)
    if listed is not None:
        users = {**desired_state(declarations, listed, clock.now()).users, **users}
    return {normalised(name): (name, user.place) for name, user in users.items()}


def _error(both: Sequence[tuple[str, SourceLocation]], other: str) -> InvalidInput:
    more = len(both) - _NAMED
    named = ", ".join(repr(name) for name, _ in both[:_NAMED])
    names = f"{named} and {more} more" if more > 0 else named
    _, place = both[0]
    return InvalidInput(
        Diagnostic(
            place,
            f"declared in workspace {other!r} too, which has the same key at the same API: {names}",
            "declare each user in one workspace, or leave one workspace out of the command",
        )
    )


def _at_one_api(
    workspaces: Sequence[Workspace], environ: Mapping[str, str], found: dict[str, Exception]
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
