"""The refusals: guards that judge the whole plan.

(The other kind, holds, judge one action and stand in ``holds``.) A refusal can be allowed by
the operator of one acting run, by name; an incomplete observation can not.
"""

from collections.abc import Callable, Set
from typing import Final

from msgspec import Struct, structs

from reconciler.domain import Limits
from reconciler.planning.history import History
from reconciler.planning.plan import GuardName, Judgement, Verdict

SMALL_FLEET: Final = 25
"""With fewer connected rows a percentage says nothing, and only the absolute limit counts."""

ALLOWABLE: Final = tuple(name for name in GuardName if name is not GuardName.COMPLETE_OBSERVATION)
"""The guards whose refusal a run may be told to go past."""


class Evidence(Struct, frozen=True):
    """What is judged: the whole fleet whatever is selected, the disconnects after selection."""

    declared: int
    observed: int
    connections: int
    problems: int
    disconnects: int
    limits: Limits
    history: History


def judge(evidence: Evidence, allowed: Set[GuardName] = frozenset()) -> tuple[Verdict, ...]:
    """Every guard's verdict on ``evidence``; refusals named in ``allowed`` become ``allowed``."""
    return tuple(_allow(guard(evidence), allowed) for guard in _GUARDS)


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
    """An incomplete observation that shows nobody is unknown, which is another guard's refusal."""
    return Verdict(
        GuardName.EMPTY_OBSERVED,
        _refuse(when=evidence.observed == 0 and not evidence.problems),
        evidence.observed,
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
    _max_disconnects,
    _max_disconnect_percent,
)
