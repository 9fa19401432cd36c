"""The table of a plan or a run: a row for each entry, and what a row opens into."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from reconciler.planning import (
    Action,
    Disconnect,
    Plan,
    PlanPart,
    UnknownConnection,
    UpdatePreferences,
    UserLabels,
)
from reconciler.reporting import entries
from reconciler.reporting.documents import PlanReport, RunReport
from reconciler.reporting.entries import UserEntry
from reconciler.reporting.html.markup import parts
from reconciler.reporting.html.table import (
    MOST_ROWS,
    Cell,
    CellKind,
    Column,
    Table,
    name,
    note,
    phrases,
    place_cell,
    sign,
)
from reconciler.reporting.phrase import Foreign, Phrase, prose
from reconciler.reporting.wording import breakdown, facts, fleet, outcomes, runs
from reconciler.runs.history import ActionHistory, PastOutcome, RunHistory

_MOST_WHYS: Final = 40
"""Sentences that a filter offers: they are long."""

_MOST_NAMES: Final = 500
"""Reasons, groups, sources and rules that a filter offers."""


class _Row(Struct, frozen=True, gc=False):
    """An entry, the word for its ``kind``, the action that it is about, and its recorded steps."""

    entry: UserEntry
    kind: str
    action: Action | UnknownConnection | None = None
    steps: tuple[Phrase, ...] = ()


def plan_table(report: PlanReport) -> Table:
    """All that a plan has an entry for: what is to be done first, what is left alone last."""
    rows = list(_plan_rows(report.plan))
    return _table(rows, report.plan, "Entries", "Why", report.past)


def run_table(report: RunReport) -> Table:
    """How each action ended, and what the plan holds because of a call in doubt."""
    content, result = report.plan.content, report.result
    rows = [
        _Row(entry, outcomes.OUTCOMES[ended.outcome], ended.action)
        for entry, ended in zip(
            entries.results(result.results, result.carried), result.results, strict=True
        )
    ]
    held = zip(entries.held(content.in_doubt), content.in_doubt, strict=True)
    rows += [_Row(entry, entry.symbol.meaning, blocked.action) for entry, blocked in held]
    return _table(rows, report.plan, "Actions", "Outcome", {}, proof=True)


def history_table(past: RunHistory) -> Table:
    """Each action of a run with all its recorded steps."""
    rows = [_past(past, action) for action in past.actions]
    return _table(rows, past.plan, "Actions", "Outcome", {}, proof=True)


def _past(past: RunHistory, action: ActionHistory) -> _Row:
    entry = entries.past(action)
    steps = tuple(
        (Foreign(runs.time_of(step, past.summary)), " ", *runs.step(step, action.action))
        for step in action.steps
    )
    return _Row(entry, entry.symbol.meaning, action.action, steps)


def _plan_rows(plan: Plan) -> Iterable[_Row]:
    content = plan.content
    for entry, action in zip(entries.actions(content.actions), content.actions, strict=True):
        disconnects = isinstance(action, Disconnect)
        part = PlanPart.DISCONNECT if disconnects else PlanPart.UPDATE_PREFERENCES
        yield _Row(entry, breakdown.PARTS[part], action)
    for entry, held in zip(entries.held(content.blocked), content.blocked, strict=True):
        yield _Row(entry, breakdown.PARTS[PlanPart.BLOCKED], held.action)
    for entry, pending in zip(entries.pending(content.pending), content.pending, strict=True):
        part = PlanPart.NOT_FOUND if pending.platform is None else PlanPart.PENDING
        yield _Row(entry, breakdown.PARTS[part])
    for entry in entries.undetermined(content):
        yield _Row(entry, breakdown.PARTS[PlanPart.UNDETERMINED])
    for entry in entries.unmanaged(content):
        yield _Row(entry, fleet.LEFT_ALONE)


_NO_LABELS: Final = UserLabels()


def _table(
    rows: Sequence[_Row],
    plan: Plan | None,
    title: str,
    why: str,
    past: Mapping[str, tuple[PastOutcome, ...]],
    *,
    proof: bool = False,
) -> Table:
    left_out, rows = max(0, len(rows) - MOST_ROWS), rows[:MOST_ROWS]
    found = [row.entry for row in rows]
    labels = (plan.envelope.labels or {}) if plan else {}
    labelled = [labels.get(entry.user, _NO_LABELS) for entry in found]

    def column(
        head: str,
        kind: CellKind,
        cells: Sequence[Cell],
        *,
        width: str | None = None,
        choices: int = 0,
        fact: bool = True,
        printed: bool | None = None,
    ) -> Column | None:
        """A column; none where it would be empty. With a ``width`` it is shown in the table."""
        if not any(cell is not None for cell in cells):
            return None
        shown = width is not None
        print_it = shown if printed is None else printed
        return Column(head, kind, cells, width, fact=fact, choices=choices, printed=print_it)

    def of_actions(value: Callable[[Action | UnknownConnection], Cell]) -> list[Cell]:
        return [None if row.action is None else value(row.action) for row in rows]

    columns = (
        column(
            "Action",
            CellKind.SIGN,
            [sign(entry.symbol, entry.what) for entry in found],
            width="11.5rem",
        ),
        column("Kind", CellKind.NAME, [r.kind for r in rows], choices=_MOST_NAMES, fact=False),
        column("User", CellKind.NAME, [name(e.user) for e in found], width="minmax(8rem, 2fr)"),
        column(
            "Account",
            CellKind.NAME,
            [name(entry.account) for entry in found],
            # Where ids are e-mails it is the same twice, which only a proof needs.
            width="minmax(7rem, 1.5fr)" if proof or _accounts_say_more(found) else None,
        ),
        column(
            why,
            CellKind.PHRASE,
            [parts(_why(entry)) for entry in found],
            width="minmax(12rem, 4fr)",
            choices=_MOST_WHYS,
        ),
        column(
            "Reason",
            CellKind.NAME,
            [note(entry.note) for entry in found],
            width="minmax(6rem, 1.6fr)",
            choices=_MOST_NAMES,
        ),
        column(
            "Place",
            CellKind.PLACE,
            [place_cell(entries.source(plan, entry.user)) for entry in found],
            width="minmax(8.5rem, 1.7fr)",
        ),
        column("Steps", CellKind.LIST, [phrases(row.steps) for row in rows], printed=True),
        column(
            "Group",
            CellKind.NAME,
            [name(of.group or None) for of in labelled],
            choices=_MOST_NAMES,
        ),
        column(
            "Source",
            CellKind.NAME,
            [name(of.source or None) for of in labelled],
            choices=_MOST_NAMES,
        ),
        column(
            "Rules",
            CellKind.LIST,
            [phrases((prose(rule),) for rule in of.rules or ()) for of in labelled],
            choices=_MOST_NAMES,
        ),
        column("Id at Recall.ai", CellKind.NAME, of_actions(lambda a: name(a.recall_id))),
        column("Connection", CellKind.NAME, of_actions(_connection)),
        column("Done only if", CellKind.LIST, of_actions(_preconditions)),
        column(
            "Earlier runs",
            CellKind.LIST,
            [phrases(map(facts.past, past.get(entry.user, ()))) for entry in found],
        ),
    )
    return Table(title, tuple(c for c in columns if c is not None), len(rows), left_out)


def _accounts_say_more(found: Iterable[UserEntry]) -> bool:
    return any(entry.account and entry.account != entry.user for entry in found)


def _why(entry: UserEntry) -> Phrase:
    return (*entry.why, ": ", prose(entry.detail)) if entry.detail else entry.why


def _connection(action: Action | UnknownConnection) -> str | None:
    return None if isinstance(action, UpdatePreferences) else name(action.connection_id)


def _preconditions(action: Action | UnknownConnection) -> Cell:
    return None if isinstance(action, UnknownConnection) else phrases(facts.preconditions(action))
