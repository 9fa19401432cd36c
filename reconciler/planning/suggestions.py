"""Similar names: suggestions for an unknown name, and checks of declared ids that look the same.

Two ids that look the same are two people if Recall.ai lists both; otherwise one is misspelt. Only a
plan can decide that, because it has the list.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Set

from reconciler.domain import (
    CalendarUser,
    Declarations,
    DesiredState,
    Diagnostic,
    InvalidInput,
    ObservedState,
)
from reconciler.planning.user_index import UserIndex

_MOST_LOOKED_UP = 200  # a look-up takes 10 ms in a fleet of 100 000
_CLOSE_ENOUGH = 86  # of 100


def normalised(name: str) -> str:
    """``name`` without differences that nobody sees: case, outer space, Unicode form."""
    if name.isascii():  # the same as below in a fraction of the time, for nearly every name
        return name.lower().strip()
    return _composed(_composed(name).casefold()).strip()


def unseen_differences(name: str, other: str) -> tuple[str, ...]:
    """How two names differ that look the same; empty for names that look different."""
    if normalised(name) != normalised(other):
        return ()
    found = []
    if _composed(name).strip() != _composed(other).strip():
        found.append("case")
    if _outer_space(name) != _outer_space(other):
        found.append("space")
    if name.casefold().strip() != other.casefold().strip() or not found:
        found.append("Unicode form")
    return tuple(found)


def differing(name: str, other: str) -> str:
    """A remark to follow ``other``: how it differs from ``name`` invisibly; or nothing."""
    unseen = unseen_differences(name, other)
    return f" (another {' and '.join(unseen)})" if unseen else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error about ``name``: the most similar of ``known``; or nothing."""
    similar = most_similar(name, known, 1)
    return f"; did you mean {similar[0]!r}{differing(name, similar[0])}?" if similar else ""


def _composed(name: str) -> str:
    return unicodedata.normalize("NFKC", name)


def _outer_space(name: str) -> tuple[str, str]:
    bare = name.strip()
    before, _, after = name.partition(bare)
    return before, after


def most_similar(name: str, known: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """Up to ``limit`` of ``known`` that look like ``name``, the best first."""
    return _closest(name, _by_looks(known), limit)


def similar_users(
    unknown: Iterable[str],
    observed: tuple[CalendarUser, ...],
    declared: Iterable[str],
    once_seen: Set[str] = frozenset(),
) -> dict[str, tuple[str, ...]]:
    """For each id in ``unknown`` the observed, undeclared external ids that are probably meant.

    An id that equals the e-mail of a connection, or that looks the same as another id, surely means
    that user. The first two hundred others are compared by similarity, except ids ``once_seen`` in
    exactly this form: those are not misspelt.
    """
    declared = frozenset(declared)
    same: dict[str, set[str]] = {}
    candidates: set[str] = set()
    for user in observed:
        if user.external_id is None or user.external_id in declared:
            continue
        candidates.add(user.external_id)
        same.setdefault(normalised(user.external_id), set()).add(user.external_id)
        for connection in user.connections:
            if connection.email:
                same.setdefault(normalised(connection.email), set()).add(user.external_id)
    looks = _by_looks(sorted(candidates))
    found: dict[str, tuple[str, ...]] = {}
    looked_up = 0
    for name in sorted(unknown):
        if meant := same.get(normalised(name)):
            found[name] = tuple(sorted(meant))
        elif looked_up < _MOST_LOOKED_UP and name not in once_seen:
            looked_up += 1
            found[name] = _closest(name, looks)
    return found


def _by_looks(known: Iterable[str]) -> dict[str, str]:
    return {name: normalised(name) for name in known}


def _closest(name: str, looks: Mapping[str, str], limit: int = 3) -> tuple[str, ...]:
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - only where something is unknown

    matches = process.extract(
        normalised(name), looks, scorer=fuzz.ratio, score_cutoff=_CLOSE_ENOUGH, limit=limit
    )
    return tuple(match for _, _, match in matches)


def check_lookalikes(
    desired: DesiredState, observed: ObservedState, user_index: UserIndex, seen: Set[str]
) -> None:
    """Refuse ids that look the same unless each is listed, or was ``seen`` once.

    An incomplete list says nothing about missing users, and no plan on it can be applied. Raises
    :class:`InvalidInput`.
    """
    if not observed.complete:
        return
    wrong = [
        Diagnostic(
            desired.declarations.users[name].place,
            f"{_differ(desired.declarations, name, other)}, and Recall.ai does not list {name!r}",
            "keep the id as Recall.ai lists it",
        )
        for group in desired.declarations.lookalikes
        for name, other in _unlisted(group, user_index, seen)
    ]
    if wrong:
        raise InvalidInput(*sorted(wrong, key=lambda diagnostic: diagnostic.order))


def lookalike_remarks(declarations: Declarations) -> Iterator[str]:
    """A sentence about each pair of look-alikes, with both places, for use without a list."""
    for first, *others in declarations.lookalikes:
        for name in others:
            yield (
                f"{declarations.users[name].place}: {_differ(declarations, name, first)}:"
                " a plan takes both only if Recall.ai lists both"
            )


def _unlisted(
    group: tuple[str, ...], user_index: UserIndex, seen: Set[str]
) -> Iterator[tuple[str, str]]:
    """The unknown ids of ``group``, each with a known one or, if there is none, with any other."""
    known = [name for name in group if user_index.rows(name) or name in seen]
    for name in group:
        if name not in known:
            yield name, next(other for other in (*known, *group) if other != name)


def _differ(declarations: Declarations, name: str, other: str) -> str:
    unseen = " and ".join(unseen_differences(name, other))
    return f"{name!r} and {other!r} at {declarations.users[other].place} differ only in {unseen}"
