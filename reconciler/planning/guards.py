"""The refusals: guards that judge the whole plan.

(The other kind, holds, judge one action and stand in ``holds``.) A refusal can be allowed by
the operator of one acting run, by name; an incomplete observation can not.
"""

from collections.abc import Callable, Set
from typing import Final

from msgspec import UNSET, Struct, structs

from reconciler.domain import PLATFORM_NAMES, Limits, ObservedState
from reconciler.planning.history import Contested, History
from reconciler.planning.plan import GuardName, Judgement, Verdict

SMALL_FLEET: Final = 25
"""With fewer connected rows a percentage says nothing, and only the absolute limit counts."""

NAMED: Final = 10
"""How many a verdict names of those whom it counts; the plan has them all."""

ALLOWABLE: Final = tuple(name for name in GuardName if name is not GuardName.COMPLETE_OBSERVATION)
"""The guards whose refusal a run may be told to go past."""


class Evidence(Struct, frozen=True):
    """What is judged: the whole fleet whatever is selected, the disconnects after selection.

    ``only_unknown`` counts the connected rows of the list where no platform of them is known.
    """

    declared: int
    observed: int
    connections: int
    only_unknown: int
    problems: int
    disconnects: int
    limits: Limits
    history: History
    contested: tuple[Contested, ...] = ()


def judge(evidence: Evidence, allowed: Set[GuardName] = frozenset()) -> tuple[Verdict, ...]:
    """Every guard's verdict on ``evidence``; refusals named in ``allowed`` become ``allowed``."""
    return tuple(_allow(guard(evidence), allowed) for guard in _GUARDS)


def judge_list(
    observed: ObservedState, limits: Limits, history: History, allowed: Set[GuardName]
) -> tuple[Verdict, ...]:
    """The verdicts on a list that nothing is planned by, but that somebody may be missing from."""
    evidence = Evidence(
        declared=0,
        observed=len(observed.users),
        connections=0,
        only_unknown=only_unknown(observed),
        problems=len(observed.problems),
        disconnects=0,
        limits=limits,
        history=history,
    )
    return tuple(_allow(guard(evidence), allowed) for guard in _GUARDS_OF_THE_LIST)


def only_unknown(observed: ObservedState) -> int:
    """How many rows are connected, if no platform of them is known; else 0."""
    count = 0
    for user in observed.users:
        for connection in user.connections:
            if connection.connected:
                if connection.platform in PLATFORM_NAMES:
                    return 0
                count += 1
    return count


def _allow(verdict: Verdict, allowed: Set[GuardName]) -> Verdict:
    if verdict.judgement is not Judgement.REFUSED or verdict.guard not in allowed:
        return verdict
    if verdict.guard not in ALLOWABLE:
        return verdict
    return structs.replace(verdict, judgement=Judgement.ALLOWED)


def _complete_observation(evidence: Evidence) -> Verdict:
    return Verdict(
        GuardName.COMPLETE_OBSERVATION, _refuse(when=evidence.problems > 0), evidence.problems
    )


def _empty_desired(evidence: Evidence) -> Verdict:
    return Verdict(GuardName.EMPTY_DESIRED, _refuse(when=evidence.declared == 0), evidence.declared)


def _empty_observed(evidence: Evidence) -> Verdict:
    """A list that shows nobody, or nothing connected that is known: another API, or a changed one.

    An incomplete observation that shows nobody is unknown, which is another guard's refusal.
    """
    empty = evidence.observed == 0 or evidence.only_unknown > 0
    return Verdict(
        GuardName.EMPTY_OBSERVED,
        _refuse(when=empty and not evidence.problems),
        evidence.observed,
        total=evidence.only_unknown or None,
    )


def _observed_fleet_shrink(evidence: Evidence) -> Verdict:
    """An incomplete list says nothing of how many there are; another guard refuses it."""
    accepted = evidence.history.accepted
    return _shrink(
        GuardName.OBSERVED_FLEET_SHRINK,
        evidence.observed,
        None if accepted is None else accepted.observed,
        evidence.limits.max_fleet_shrink_percent,
        known=not evidence.problems,
    )


def _desired_fleet_shrink(evidence: Evidence) -> Verdict:
    accepted = evidence.history.accepted
    return _shrink(
        GuardName.DESIRED_FLEET_SHRINK,
        evidence.declared,
        None if accepted is None else accepted.declared,
        evidence.limits.max_fleet_shrink_percent,
    )


def _shrink(
    guard: GuardName, now: int, before: int | None, percent: int | None, *, known: bool = True
) -> Verdict:
    """What is missing of the ``before`` users of the last accepted fleet; growth passes.

    ``known`` says whether ``now`` is the whole fleet.
    """
    if percent is None:
        judgement = Judgement.NOT_APPLICABLE
    elif before is None or not known:
        judgement = Judgement.NOT_JUDGED
    else:
        judgement = _refuse(when=100 * (before - now) > percent * before)
    return Verdict(guard, judgement, now, percent, before)


def _takeover(evidence: Evidence) -> Verdict:
    """Two owners that disagree on somebody must not take turns: the second has to mean it."""
    if evidence.history.ownership is None:
        return Verdict(GuardName.TAKEOVER, Judgement.NOT_JUDGED, 0)
    contested = evidence.contested
    return Verdict(
        GuardName.TAKEOVER,
        _refuse(when=bool(contested)),
        len(contested),
        contested=contested[:NAMED] or UNSET,
    )


def _max_disconnects(evidence: Evidence) -> Verdict:
    limit = evidence.limits.max_disconnects
    return Verdict(
        GuardName.MAX_DISCONNECTS,
        _refuse(when=limit is not None and evidence.disconnects > limit),
        evidence.disconnects,
        limit,
    )


def _max_disconnect_percent(evidence: Evidence) -> Verdict:
    limit, count, total = (
        evidence.limits.max_disconnect_percent,
        evidence.disconnects,
        evidence.connections,
    )
    judgement = _refuse(when=limit is not None and 100 * count > limit * total)
    if limit and total < SMALL_FLEET:  # `0` means none allowed, in a fleet of any size
        judgement = Judgement.NOT_APPLICABLE
    return Verdict(GuardName.MAX_DISCONNECT_PERCENT, judgement, count, limit, total)


def _refuse(*, when: bool) -> Judgement:
    return Judgement.REFUSED if when else Judgement.PASSED


_GUARDS: Final[tuple[Callable[[Evidence], Verdict], ...]] = (
    _complete_observation,
    _empty_desired,
    _empty_observed,
    _observed_fleet_shrink,
    _desired_fleet_shrink,
    _takeover,
    _max_disconnects,
    _max_disconnect_percent,
)

_GUARDS_OF_THE_LIST: Final = (_complete_observation, _empty_observed, _observed_fleet_shrink)
