"""What a plan comes to, in words: a row for each kind, reason, group, source and rule."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from reconciler.planning import (
    ActionReason,
    Breakdown,
    Content,
    Hold,
    HoldCause,
    PendingReason,
    PlanPart,
    Tallies,
    Tally,
)
from reconciler.reporting.phrase import Foreign, Phrase, counted, prose
from reconciler.reporting.wording.changes import (
    ACTION_REASONS,
    HOLD_CAUSES,
    HOLDS,
    PENDING_REASONS,
    UNDETERMINED,
)

PARTS: Final[Mapping[PlanPart, str]] = {
    PlanPart.DISCONNECT: "to disconnect",
    PlanPart.UPDATE_PREFERENCES: "to update",
    PlanPart.PENDING: "waiting for a person",
    PlanPart.NOT_FOUND: "not found",
    PlanPart.BLOCKED: "held",
    PlanPart.UNDETERMINED: "undetermined",
}
_LONGEST: Final = 60
"""Characters of a name in a row: there are ten of them."""

Row = Callable[[Tally], Phrase]


def lists(breakdown: Breakdown) -> Iterator[tuple[str, Tallies, Row]]:
    """The lists that have rows: heading, rows, and how to write one."""
    for heading, tallies, row in (
        ("By kind", breakdown.kinds, _kind),
        ("By reason", breakdown.reasons, _labelled),
        ("By group", breakdown.groups, _labelled),
        ("By source", breakdown.sources, _labelled),
        ("By rule", breakdown.rules, _labelled),
    ):
        if tallies.rows:
            yield heading, tallies, row


def incomplete(content: Content) -> str:
    """That the list is incomplete, in a line."""
    problems = counted(len(content.problems), "problem")
    return (
        f"The observation is incomplete ({problems}). Users who are missing from it are unknown,"
        " not disconnected."
    )


def more(number: int) -> str:
    """That a list has so many other rows."""
    return f"and {number} more"


def _kind(tally: Tally) -> Phrase:
    """``6 to disconnect, the manifest wants nothing connected; 4 users: anna, …``"""
    ((part, entries),) = tally.parts.items()
    why = _why(part, tally.name)
    what = "" if part is PlanPart.BLOCKED else f"{PARTS[part]}, "  # the sentence of a hold says it
    of = "" if entries == tally.people else f"; {counted(tally.people, 'user')}"
    return (f"{entries} {what}{why}{of}: ", *_names(tally))


def _labelled(tally: Tally) -> Phrase:
    """``42 hr-leavers (40 to disconnect, 2 held): anna, …``"""
    parts = ", ".join(f"{number} {PARTS[part]}" for part, number in tally.parts.items())
    return (f"{tally.people} ", prose(_short(tally.name)), f" ({parts}): ", *_names(tally))


def _why(part: PlanPart, codes: str) -> str:
    """The sentence of the codes of a kind."""
    if part is PlanPart.UNDETERMINED:
        return UNDETERMINED
    if part in (PlanPart.PENDING, PlanPart.NOT_FOUND):
        return PENDING_REASONS[PendingReason(codes)]
    if part is not PlanPart.BLOCKED:
        return ACTION_REASONS[ActionReason(codes)]
    holds = [code for code in codes.split(" ") if code in list(Hold)]
    causes = [HoldCause(code) for code in codes.split(" ") if code in list(HoldCause)]
    return "; ".join(
        HOLD_CAUSES[causes[0]] if causes and hold == Hold.PROTECTED else HOLDS[Hold(hold)]
        for hold in holds
    )


def _names(tally: Tally) -> Phrase:
    shown: list[str | Foreign] = []
    for name in tally.users:
        shown += [", ", Foreign(_short(name))] if shown else [Foreign(_short(name))]
    others = tally.people - len(tally.users)
    return (*shown, f" and {others} more") if others else tuple(shown)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 4 :]}"
