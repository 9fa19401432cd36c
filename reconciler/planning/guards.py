"""Guards: checks of the whole plan that can refuse it.

Holds (``holds.py``) keep back a single action. The operator of a run can allow a guard that refuses
by its name, except the guard against an incomplete observation.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Final

from msgspec import UNSET, Struct, structs

from reconciler.domain import PLATFORM_NAMES, Limits, ObservedState, RuleEffect
from reconciler.planning.history import Contested, History
from reconciler.planning.plan import GuardName, Judgement, Verdict
from reconciler.planning.rules import takes_all_away

SMALL_FLEET: Final = 25
"""With fewer connected rows a percentage means little, so only the absolute limit applies."""

NAMED: Final = 10
"""How many users a verdict names at most; the plan has all of them."""

ALLOWABLE: Final = tuple(name for name in GuardName if name is not GuardName.COMPLETE_OBSERVATION)
"""The guards whose refusal an operator can allow."""


class Evidence(Struct, frozen=True):
    """What the guards judge: counts of the whole fleet, and the disconnects after selection.

    ``unrecognised_rows`` counts the connected rows of the list if none of their platforms is known.
    ``rows`` has the number of rows of each source. ``rules`` counts the declared rules, in force or
    not; ``effects`` are those of the rules in force.
    """

    declared: int
    observed: int
    connections: int
    unrecognised_rows: int
    problems: int
    disconnects: int
    limits: Limits
    history: History
    contested: tuple[Contested, ...] = ()
    rows: Mapping[str, int] = {}
    rules: int = 0
    effects: tuple[RuleEffect, ...] = ()


def judge(evidence: Evidence) -> tuple[Verdict, ...]:
    """The verdict of every guard; without a guard that has nothing to judge in any such fleet."""
    return tuple(verdict for guard in _GUARDS if (verdict := guard(evidence)) is not None)


def allow(verdicts: Iterable[Verdict], allowed: Set[GuardName]) -> tuple[Verdict, ...]:
    """``verdicts``, with ``refused`` changed to ``allowed`` for the guards in ``allowed``."""
    return tuple(_allow(verdict, allowed) for verdict in verdicts)


def judge_list(
    observed: ObservedState, limits: Limits, history: History, allowed: Set[GuardName]
) -> tuple[Verdict, ...]:
    """The verdicts on a list that is read without a plan, as by ``pulumi refresh``."""
    evidence = Evidence(
        declared=0,
        observed=len(observed.users),
        connections=0,
        unrecognised_rows=unrecognised_rows(observed),
        problems=len(observed.problems),
        disconnects=0,
        limits=limits,
        history=history,
    )
    return allow((guard(evidence) for guard in _GUARDS_OF_THE_LIST), allowed)


def unrecognised_rows(observed: ObservedState) -> int:
    """The number of connected rows if none of their platforms is known; else 0."""
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
    """A rule declares somebody too, whoever it matches today."""
    return Verdict(
        GuardName.EMPTY_DESIRED,
        _refuse(when=not (evidence.declared or evidence.rules)),
        evidence.declared,
        total=evidence.rules or None,
    )


def _empty_observed(evidence: Evidence) -> Verdict:
    """A list without users, or without any known platform: a wrong API, or a changed one.

    An incomplete list without users may not be empty; ``complete-observation`` refuses that.
    """
    empty = evidence.observed == 0 or evidence.unrecognised_rows > 0
    return Verdict(
        GuardName.EMPTY_OBSERVED,
        _refuse(when=empty and not evidence.problems),
        evidence.observed,
        total=evidence.unrecognised_rows or None,
    )


def _observed_fleet_shrink(evidence: Evidence) -> Verdict:
    """Not judged on an incomplete list, which ``complete-observation`` refuses."""
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
    """Judge how far a fleet shrank: from ``before``, in the last accepted run, to ``now``.

    Growth passes. ``known`` says whether ``now`` is the whole fleet.
    """
    if percent is None:
        judgement = Judgement.NOT_APPLICABLE
    elif before is None or not known:
        judgement = Judgement.NOT_JUDGED
    else:
        judgement = _refuse(when=100 * (before - now) > percent * before)
    return Verdict(guard, judgement, now, percent, before)


def _source_shrink(evidence: Evidence) -> Verdict | None:
    """Each source for itself: a file that suddenly has half its rows is suspicious.

    The verdict is that on the source that shrank most.
    """
    percent = evidence.limits.source_shrink_percent
    verdicts = [
        structs.replace(
            _shrink(GuardName.SOURCE_SHRINK, now, evidence.history.rows.get(name), percent),
            subject=name,
        )
        for name, now in evidence.rows.items()
    ]
    return max(verdicts, key=_shrinkage, default=None)


def _shrinkage(verdict: Verdict) -> tuple[float, str]:
    before = verdict.total or 0
    return (before - verdict.actual) / before if before else -1, str(verdict.subject)


def _rule_breadth(evidence: Evidence) -> Verdict | None:
    """A pattern that is a little too wide disconnects a whole company.

    The verdict is that on the broadest of the rules that take everything away. How many users it
    matches counts, whatever an entry says of them and whatever they have connected.
    """
    broadest = max(
        (effect for effect in evidence.effects if takes_all_away(effect.rule)),
        key=lambda effect: (len(effect.matched), effect.rule.name),
        default=None,
    )
    if broadest is None:
        return None
    matched, limit = len(broadest.matched), evidence.limits.rule_matches
    beyond = limit is not None and matched > limit
    # Also a rule that leaves out only its exceptions, and who has nothing connected.
    everybody = matched > 0 and (
        broadest.listed <= matched or (bool(broadest.concerned) and broadest.means_everybody)
    )
    return Verdict(
        GuardName.RULE_BREADTH,
        _refuse(when=beyond or everybody),
        matched,
        limit,
        matched if everybody else broadest.listed,
        subject=broadest.rule.name,
    )


def _takeover(evidence: Evidence) -> Verdict:
    """Two owners must not undo each other's changes: the second has to allow the takeover."""
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


def _max_disconnects_per_day(evidence: Evidence) -> Verdict | None:
    """All runs together: whatever starts a run again and again starts a limit a run again too.

    ``total`` is how many were made within the last 24 hours.
    """
    limit, made = evidence.limits.disconnects_per_day, evidence.history.disconnects_of_the_day
    if limit is None:
        return None
    count = evidence.disconnects
    judgement = (
        Judgement.NOT_JUDGED if made is None else _refuse(when=count > 0 and made + count > limit)
    )
    return Verdict(GuardName.MAX_DISCONNECTS_PER_DAY, judgement, count, limit, made)


def _refuse(*, when: bool) -> Judgement:
    return Judgement.REFUSED if when else Judgement.PASSED


_GUARDS: Final[tuple[Callable[[Evidence], Verdict | None], ...]] = (
    _complete_observation,
    _empty_desired,
    _empty_observed,
    _observed_fleet_shrink,
    _desired_fleet_shrink,
    _source_shrink,
    _rule_breadth,
    _takeover,
    _max_disconnects,
    _max_disconnect_percent,
    _max_disconnects_per_day,
)

_GUARDS_OF_THE_LIST: Final = (_complete_observation, _empty_observed, _observed_fleet_shrink)
