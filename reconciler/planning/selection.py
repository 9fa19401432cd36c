"""Selection: the declared users that a run is about.

A selector is an id, ``group:NAME``, or a pattern with ``*``. It narrows the actions; the guards on
the whole fleet ignore it.
"""

from collections.abc import Sequence

from reconciler.domain import DesiredState
from reconciler.planning.protection import Wildcard
from reconciler.planning.suggestions import did_you_mean

GROUP_PREFIX = "group:"


class UnmatchedSelector(ValueError):
    """A selector that matches nobody: a typing error must not look like a converged fleet."""


def select(desired: DesiredState, selectors: Sequence[str]) -> frozenset[str]:
    """The ids of the declared users that any of ``selectors`` matches.

    Raises :class:`UnmatchedSelector` for a selector that matches nobody, and for an empty list.
    """
    if not selectors:
        raise UnmatchedSelector("nothing is selected: the list of selectors is empty")
    return frozenset(user for selector in selectors for user in _matches(desired, selector))


def _matches(desired: DesiredState, selector: str) -> list[str]:
    if selector in desired.users:
        return [selector]
    if selector.startswith(GROUP_PREFIX):
        return _in_group(desired, selector.removeprefix(GROUP_PREFIX))
    pattern = Wildcard(selector)
    found = [user for user in desired.users if pattern.matches(user)]
    if not found:
        raise UnmatchedSelector(
            f"no declared user matches {selector!r}" + did_you_mean(selector, list(desired.users))
        )
    return found


def _in_group(desired: DesiredState, group: str) -> list[str]:
    groups = desired.declarations.groups
    if group not in groups:
        raise UnmatchedSelector(
            f"no manifest defines the group {group!r}" + did_you_mean(group, sorted(groups))
        )
    found = [user.id for user in desired.users.values() if user.group == group]
    if not found:
        raise UnmatchedSelector(f"no declared user is in the group {group!r}")
    return found
