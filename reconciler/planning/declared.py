"""Declarations → the desired state: at one moment, for the calendar users that one list shows.

The nearest declaration of a user counts: an entry, then rows of sources, then rules. They are
joined field by field, and ``platforms`` brings its ``handover`` and its ``reason`` along.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import structs

from reconciler.domain import (
    Boundary,
    BoundaryKind,
    Connection,
    Dated,
    Declarations,
    DesiredState,
    DesiredUser,
    ObservedState,
    Window,
    rfc3339,
)
from reconciler.planning.rules import apply_rules, preferences_over

SOON: Final = timedelta(days=14)
"""A plan names what begins or ends within this time."""


def desired_state(
    declarations: Declarations,
    observed: ObservedState,
    now: datetime,
    disconnected: Mapping[str, Sequence[Connection]] = {},
) -> DesiredState:
    """What ``declarations`` ask for ``now``, of the users of ``observed``.

    No rule applies to an incomplete list: a user who is missing from it may be declared elsewhere.
    ``disconnected`` are the connections, by the id of the calendar user, that an interrupted run
    disconnected; for rules they count as they were when it began.
    """
    users = declarations.users
    if declarations.others or declarations.dated:
        users = {
            name: user
            for name, first in declarations.users.items()
            if (user := _declared(first, declarations.others.get(name, ()), now)) is not None
        }
    # By name: the order in which files have them changes no plan.
    rules = sorted(declarations.rules, key=lambda rule: rule.name)
    rules = [rule for rule in rules if _counts(rule.window, now)]
    upcoming = boundaries(declarations, now, now + SOON)
    desired = DesiredState(users, declarations, upcoming=upcoming)
    if not rules or not observed.complete:
        return desired
    return apply_rules(desired, rules, observed, disconnected)


def _declared(
    first: DesiredUser, others: Sequence[DesiredUser], now: datetime
) -> DesiredUser | None:
    """The user as the declarations that count ``now`` have them; None if none of them does."""
    if not others:
        return first if _counts(first.window, now) else None
    counting = [declared for declared in (first, *others) if _counts(declared.window, now)]
    if not counting:
        return None
    nearest, *farther = counting
    for declared in farther:
        nearest = _over(nearest, declared)
    return structs.replace(nearest, others=tuple(farther)) if farther else nearest


def _counts(window: Window | None, now: datetime) -> bool:
    """Whether what has this window, or none, counts ``now``."""
    return window is None or window.covers(now)


def _over(near: DesiredUser, far: DesiredUser) -> DesiredUser:
    """``near``, with what ``far`` declares where it declares nothing."""
    inherits = near.platforms is None and far.platforms is not None
    return structs.replace(
        near,
        platforms=far.platforms if inherits else near.platforms,
        handover=far.handover if inherits else near.handover,
        reason=near.reason or (far.reason if inherits or near.platforms is None else None),
        preferences=preferences_over(near.preferences, far.preferences),
        group=near.group or far.group,
        source=near.source or (far.source if inherits else None),
        takes_rules=near.takes_rules or far.takes_rules,
    )


def boundaries(
    declarations: Declarations, after: datetime, until: datetime
) -> tuple[Boundary, ...]:
    """What begins or ends after ``after`` and no later than ``until``; the first comes first."""
    found = [
        (moment, kind, dated)
        for dated in declarations.dated
        for moment, kind in _moments(dated)
        if after < moment <= until
    ]
    found.sort(key=lambda at: (at[0], at[1], at[2].kind, at[2].name))
    return tuple(
        Boundary(rfc3339(moment), kind, dated.kind, dated.name, str(dated.place))
        for moment, kind, dated in found
    )


def next_changes(
    declarations: Declarations, users: Iterable[str], now: datetime
) -> dict[str, datetime]:
    """When something that may speak of a user begins or ends next after ``now``: one of their
    declarations, or a rule. Has those of ``users`` for which anything does."""
    if not declarations.dated:
        return {}
    of_rules = _edges([rule.window for rule in declarations.rules])
    found = {}
    for name in users:
        first, others = declarations.users.get(name), declarations.others.get(name, ())
        own = _edges([each.window for each in (first, *others) if each is not None])
        later = [edge for edge in (*own, *of_rules) if edge > now]
        if later:
            found[name] = min(later)
    return found


def _edges(windows: Iterable[Window | None]) -> list[datetime]:
    """The moments at which ``windows`` begin or end."""
    return [
        edge
        for window in windows
        if window is not None
        for edge in (window.start, window.end)
        if edge is not None
    ]


def past_remarks(declarations: Declarations, now: datetime) -> Iterator[str]:
    """A sentence about each declaration that has ended."""
    for dated in declarations.dated:
        end = dated.window.end
        if end is not None and end <= now:
            yield (
                f"{dated.place}: the {dated.kind} {dated.name!r} ended at {rfc3339(end)} and counts"
                " no more: remove it"
            )


def _moments(dated: Dated) -> Iterator[tuple[datetime, BoundaryKind]]:
    if dated.window.start is not None:
        yield dated.window.start, BoundaryKind.BEGINS
    if dated.window.end is not None:
        yield dated.window.end, BoundaryKind.ENDS
