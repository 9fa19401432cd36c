"""Declared ids that only a machine can tell apart: two people, or one of whom an id is misspelt.

They are two people where Recall lists both. So only a plan can say so, who has the list.
"""

from collections.abc import Iterator, Set

from reconciler.domain import DesiredState, Diagnostic, InvalidInput, ObservedState
from reconciler.planning.roster import Roster
from reconciler.planning.similar import unseen_differences


def check_lookalikes(
    desired: DesiredState, observed: ObservedState, roster: Roster, seen: Set[str]
) -> None:
    """Refuse look-alikes that are not all listed, or ``seen`` once. Raises :class:`InvalidInput`.

    An incomplete list says nothing of who is not in it, and no plan on it is applied.
    """
    if not observed.complete:
        return
    wrong = [
        Diagnostic(
            desired.users[name].source,
            f"{_differ(desired, name, other)}, and Recall.ai does not list {name!r}",
            "keep the id that Recall.ai lists, written as it is there",
        )
        for group in desired.lookalikes
        for name, other in _unlisted(group, roster, seen)
    ]
    if wrong:
        raise InvalidInput(*sorted(wrong, key=lambda diagnostic: diagnostic.order))


def lookalike_remarks(desired: DesiredState) -> Iterator[str]:
    """A sentence on each of them for who has no list, with both places."""
    for first, *others in desired.lookalikes:
        for name in others:
            yield (
                f"{desired.users[name].source}: {_differ(desired, name, first)}:"
                " a plan takes both only if Recall.ai lists both"
            )


def _unlisted(group: tuple[str, ...], roster: Roster, seen: Set[str]) -> Iterator[tuple[str, str]]:
    """Those of ``group`` who are not known, each with another that is, or with any other."""
    known = [name for name in group if roster.rows(name) or name in seen]
    for name in group:
        if name not in known:
            yield name, next(other for other in (*known, *group) if other != name)


def _differ(desired: DesiredState, name: str, other: str) -> str:
    unseen = " and ".join(unseen_differences(name, other))
    return f"{name!r} and {other!r} at {desired.users[other].source} differ only in {unseen}"
