"""What a plan comes to: its entries counted by kind, reason, group, source and rule.

A plan of a large fleet has too many entries to read one by one. The breakdown has the largest rows
of each list, and the first users of each row, whatever the size of the fleet.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import UNSET, Struct

from reconciler.domain import Count
from reconciler.planning.action import Disconnect
from reconciler.planning.plan import Content, HeldAction, Plan

MOST_ROWS: Final = 50
MOST_USERS: Final = 10


class PlanPart(StrEnum):
    """The kinds of entries of a plan, in display order."""

    DISCONNECT = "disconnect"
    UPDATE_PREFERENCES = "update_preferences"
    PENDING = "pending"
    NOT_FOUND = "not_found"
    BLOCKED = "blocked"
    UNDETERMINED = "undetermined"


class Tally(Struct, frozen=True):
    """Entries that share a ``name``: how many of each part, of how many people, and the first ones.

    The name is a reason, a group, a source or a rule. Of a kind it is the code, or several with
    spaces between; empty if the part says it all.
    """

    name: str
    parts: Mapping[PlanPart, Count]
    people: Count
    users: tuple[str, ...]


class Tallies(Struct, frozen=True):
    """The largest rows, the largest first; ``others`` counts the rest."""

    rows: tuple[Tally, ...]
    others: Count


class Breakdown(Struct, frozen=True):
    """The entries of a plan by kind, by the manifest's reason, and by group, source and rule."""

    kinds: Tallies
    reasons: Tallies
    groups: Tallies
    sources: Tallies
    rules: Tallies


class _Entry(Struct, frozen=True, gc=False):
    part: PlanPart
    code: str
    user: str
    note: str | None = None


def break_down(plan: Plan) -> Breakdown:
    """The breakdown of ``plan``; labels are those of its envelope."""
    labels = plan.envelope.labels or {}
    entries = list(_entries(plan.content))
    labelled = [(entry, labels[entry.user]) for entry in entries if entry.user in labels]
    kinds = _tallies(((entry.part, entry.code), entry) for entry in entries)
    order = list(PlanPart)
    by_row = {user for user, of in labels.items() if of.source is not UNSET}
    reasons = [
        row
        for row in _tallies((e.note, e) for e in entries if e.note)
        # Rows that each say their own reason would fill the page; their source is counted below.
        if row.people > 1 or row.users[0] not in by_row
    ]
    kinds.sort(key=lambda row: order.index(next(iter(row.parts))))
    return Breakdown(
        kinds=_cut(kinds),
        reasons=_cut(reasons),
        groups=_cut(_tallies((of.group, e) for e, of in labelled if of.group is not UNSET)),
        sources=_cut(_tallies((of.source, e) for e, of in labelled if of.source is not UNSET)),
        rules=_cut(_tallies((rule, e) for e, of in labelled for rule in of.rules or ())),
    )


def _entries(content: Content) -> Iterator[_Entry]:
    for action in content.actions:
        disconnects = isinstance(action, Disconnect)
        part = PlanPart.DISCONNECT if disconnects else PlanPart.UPDATE_PREFERENCES
        yield _Entry(part, action.reason, action.user, action.note)
    for pending in content.pending:
        part = PlanPart.NOT_FOUND if pending.platform is None else PlanPart.PENDING
        yield _Entry(part, pending.reason, pending.user)
    for blocked in content.blocked:
        user, note = blocked.action.user, blocked.action.note
        yield _Entry(PlanPart.BLOCKED, _holds(blocked), user, note)
    for undetermined in content.undetermined:
        yield _Entry(PlanPart.UNDETERMINED, "", undetermined.user)


def _holds(blocked: HeldAction) -> str:
    causes = () if blocked.cause is UNSET else (blocked.cause,)
    return " ".join((*blocked.holds, *causes))


class _Row:
    def __init__(self) -> None:
        self.parts: dict[PlanPart, int] = {}
        self.users: dict[str, None] = {}

    def add(self, entry: _Entry) -> None:
        self.parts[entry.part] = self.parts.get(entry.part, 0) + 1
        self.users[entry.user] = None


def _tallies(named: Iterable[tuple[object, _Entry]]) -> list[Tally]:
    rows: dict[object, _Row] = {}
    for name, entry in named:
        rows.setdefault(name, _Row()).add(entry)
    found = [
        Tally(
            name[1] if isinstance(name, tuple) else str(name),
            {part: row.parts[part] for part in PlanPart if part in row.parts},
            len(row.users),
            tuple(sorted(row.users)[:MOST_USERS]),
        )
        for name, row in rows.items()
    ]
    found.sort(key=lambda row: (-row.people, -sum(row.parts.values()), row.name))
    return found


def _cut(rows: list[Tally]) -> Tallies:
    return Tallies(tuple(rows[:MOST_ROWS]), max(0, len(rows) - MOST_ROWS))
