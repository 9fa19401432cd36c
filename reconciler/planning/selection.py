"""Selection: the part of the fleet that a run is about.

Selectors name it, and others exclude from it. A selector is an id, a pattern with ``*``,
``group:NAME``, ``reason:TEXT``, ``source:NAME``, ``rule:NAME`` or ``platform:NAME``. The last one
means what is done on one platform, whoever it is for; all others mean everything of some declared
users. If several declarations name a user, each of them counts. Selection narrows the actions; the
guards on the whole fleet ignore it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from reconciler.domain import DesiredState, DesiredUser, Platform, RuleMode
from reconciler.planning.action import Action, UnknownConnection, UpdatePreferences
from reconciler.planning.protection import Wildcard
from reconciler.planning.suggestions import did_you_mean, normalised

PLATFORM_PREFIX: Final = "platform:"


class UnmatchedSelector(ValueError):
    """A selector that matches nobody: a typing error must not look like a converged fleet."""


class _Chosen(Struct, frozen=True):
    """Everything of ``users``, and what is done on ``platforms``."""

    users: frozenset[str]
    platforms: frozenset[str]

    def has(self, user: str, platform: str | None) -> bool:
        return user in self.users or platform in self.platforms


class FleetPart(Struct, frozen=True):
    """What is ``selected`` (None for all) but for what is ``excluded``."""

    selected: _Chosen | None = None
    excluded: _Chosen | None = None

    def covers(self, user: str, platform: str | None) -> bool:
        """Whether the run is about ``platform`` of ``user``; None is what is on no platform."""
        if self.selected is not None and not self.selected.has(user, platform):
            return False
        return self.excluded is None or not self.excluded.has(user, platform)

    def covers_action(self, action: Action | UnknownConnection) -> bool:
        """Whether the run is about ``action``."""
        platform = None if isinstance(action, UpdatePreferences) else action.platform
        return self.covers(action.user, platform)

    def may_cover(self, user: str) -> bool:
        """Whether the run may be about ``user``, who is unknown."""
        selected, excluded = self.selected, self.excluded
        if selected is not None and not (user in selected.users or selected.platforms):
            return False
        return excluded is None or user not in excluded.users


def fleet_part(
    desired: DesiredState,
    selectors: Sequence[str] | None,
    excluded: Sequence[str] | None = None,
    *,
    complete: bool = True,
) -> FleetPart:
    """The part of the fleet that ``selectors`` (None for all) name and ``excluded`` do not.

    ``complete`` says whether the list is: no rule applies to an incomplete one. Raises
    :class:`UnmatchedSelector` for a selector that matches nobody, and for an empty list of them.
    """
    selected = None
    if selectors is not None:
        if not selectors:
            raise UnmatchedSelector("nothing is selected: the list of selectors is empty")
        selected = _chosen(desired, selectors, complete=complete)
    if excluded is None:
        return FleetPart(selected)
    if not excluded:
        raise UnmatchedSelector("nothing is excluded: the list of selectors is empty")
    try:
        return FleetPart(selected, _chosen(desired, excluded, complete=complete))
    except UnmatchedSelector as error:
        raise UnmatchedSelector(f"cannot exclude: {error}") from None


def _chosen(desired: DesiredState, selectors: Sequence[str], *, complete: bool) -> _Chosen:
    users: set[str] = set()
    platforms: set[str] = set()
    for selector in selectors:
        kind, separator, name = selector.partition(":")
        if selector in desired.users:
            users.add(selector)
        elif f"{kind}{separator}" == PLATFORM_PREFIX:
            platforms.add(_platform(desired, name))
        elif kind == "rule" and separator and not complete and name in _rules(desired):
            continue
        else:
            users.update(user.id for user in _matching(desired, selector))
    return _Chosen(frozenset(users), frozenset(platforms))


def _matching(desired: DesiredState, selector: str) -> list[DesiredUser]:
    kind, separator, name = selector.partition(":")
    find = _KINDS.get(kind) if separator else None
    return _by_id(desired, selector) if find is None else find(desired, name)


def _by_id(desired: DesiredState, selector: str) -> list[DesiredUser]:
    pattern = Wildcard(normalised(selector))
    found = [
        user
        for user in (desired.users.values() if "*" in selector else ())
        if pattern.matches(normalised(user.id))
    ]
    if not found:
        raise UnmatchedSelector(
            f"no declared user matches {selector!r}" + did_you_mean(selector, list(desired.users))
        )
    return found


def _by_reason(desired: DesiredState, text: str) -> list[DesiredUser]:
    pattern = Wildcard(normalised(text))
    found = [
        user
        for user in desired.users.values()
        if any(pattern.matches(normalised(reason)) for reason in _reasons(user))
    ]
    if not found:
        reasons = dict.fromkeys(each for user in desired.users.values() for each in _reasons(user))
        raise UnmatchedSelector(
            f"no declared user has the reason {text!r}" + did_you_mean(text, reasons)
        )
    return found


def _reasons(user: DesiredUser) -> Iterator[str]:
    """The reasons of every declaration of ``user``."""
    declared = [each.reason for each in (user, *user.others)]
    yield from filter(None, [*declared, *(rule.reason for rule in user.rules)])


def _by_group(desired: DesiredState, group: str) -> list[DesiredUser]:
    _check_defined("group", group, desired.declarations.groups)
    return _some(
        (
            user
            for user in desired.users.values()
            if user.group == group or any(other.group == group for other in user.others)
        ),
        f"no declared user is in the group {group!r}",
    )


def _by_source(desired: DesiredState, source: str) -> list[DesiredUser]:
    _check_defined("source", source, (each.name for each in desired.declarations.sources))
    return _some(
        (
            user
            for user in desired.users.values()
            if user.source == source or any(other.source == source for other in user.others)
        ),
        f"no user is declared by the source {source!r} now",
    )


def _by_rule(desired: DesiredState, name: str) -> list[DesiredUser]:
    rules = _rules(desired)
    _check_defined("rule", name, rules)
    reports = rules[name] is RuleMode.REPORT
    return _some(
        (user for user in desired.users.values() if any(r.name == name for r in user.rules)),
        f"no user is declared by the rule {name!r} now"
        + (": its mode is `report`" if reports else ""),
    )


def _platform(desired: DesiredState, name: str) -> Platform:
    try:
        platform = Platform(name)
    except ValueError:
        known = [platform.value for platform in Platform]
        raise UnmatchedSelector(
            f"there is no platform {name!r}"
            + (did_you_mean(name, known) or f"; there are: {', '.join(known)}")
        ) from None
    if all(user.platforms is None for user in desired.users.values()):
        raise UnmatchedSelector("no declared user has `platforms`, so no platform is managed")
    return platform


def _rules(desired: DesiredState) -> Mapping[str, RuleMode]:
    return {rule.name: rule.mode for rule in desired.declarations.rules}


def _check_defined(kind: str, name: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if name not in names:
        raise UnmatchedSelector(
            f"no manifest defines the {kind} {name!r}" + did_you_mean(name, names)
        )


def _some(found: Iterable[DesiredUser], nobody: str) -> list[DesiredUser]:
    users = list(found)
    if not users:
        raise UnmatchedSelector(nobody)
    return users


_KINDS: Final[Mapping[str, Callable[[DesiredState, str], list[DesiredUser]]]] = {
    "group": _by_group,
    "reason": _by_reason,
    "source": _by_source,
    "rule": _by_rule,
}
