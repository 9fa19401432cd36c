"""Reports as CSV, for spreadsheets and mail merges: a row an action, an outcome or a person.

A spreadsheet takes a field that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, and ids and
e-mails are anybody's text. As OWASP advises, such a field gets an apostrophe in front.
"""

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Final

from reconciler.domain.text import visible
from reconciler.planning import (
    Action,
    Judgement,
    Plan,
    UnknownConnection,
    UpdatePreferences,
    UserLabels,
)
from reconciler.reporting import entries
from reconciler.reporting.documents import (
    ErrorReport,
    PendingReport,
    PlanReport,
    Report,
    RunHistoryReport,
    RunReport,
)
from reconciler.reporting.entries import UserEntry
from reconciler.reporting.phrase import plain, prose
from reconciler.reporting.wording import guards
from reconciler.runs.history import RunHistory
from reconciler.runs.journal import ActionResult

PENDING_COLUMNS: Final = ("user", "email", "platform", "since", "or_earlier", "reason", "source")
PLAN_COLUMNS: Final = (
    "workspace", "state", "user", "email", "action", "platform", "code", "why", "note", "group",
    "source",
)  # fmt: skip
RUN_COLUMNS: Final = (
    "workspace", "run", "outcome", "cause", "user", "email", "action", "platform", "why", "detail",
    "note", "calls", "source",
)  # fmt: skip
ERROR_COLUMNS: Final = ("status", "error", "what_to_do")

_FORMULA: Final = frozenset("=+-@\t\r")


def render_csv(report: Report) -> str:
    """``report`` as a table with a head, in UTF-8 and with line feeds.

    An error has other columns than a result: no reader can take it for an empty one. Raises
    ``TypeError`` for a report that is no table.
    """
    if isinstance(report, PendingReport):
        return _table(PENDING_COLUMNS, _pending(report))
    if isinstance(report, PlanReport):
        return _table(PLAN_COLUMNS, (*_against(report), *_planned(report.plan)))
    if isinstance(report, RunReport):
        return _table(RUN_COLUMNS, _ended(report))
    if isinstance(report, RunHistoryReport):
        return _table(RUN_COLUMNS, _recorded(report.history))
    if isinstance(report, ErrorReport):
        rows = ((str(report.status), p.message, p.hint or "") for p in report.problems)
        return _table(ERROR_COLUMNS, rows)
    raise TypeError(f"no table can hold this: {type(report).__name__}")


def harmless(field: str) -> str:
    """``field`` with nothing unseen in it, and an apostrophe before what may be a formula."""
    first = unicodedata.normalize("NFKC", field.lstrip(" \u00a0\u3000")[:1])
    quoted = first in _FORMULA or field[:1] in _FORMULA
    return f"'{visible(field)}" if quoted else visible(field)


def _pending(report: PendingReport) -> Iterator[tuple[str, ...]]:
    for entry in report.connections:
        since = entry.since
        yield (
            entry.pending.user,
            entry.email or "",
            entry.platform,
            "" if since is None else since.at,
            "" if since is None else str(since.or_earlier).lower(),
            entry.pending.reason,
            entry.source,
        )


def _against(report: PlanReport) -> Iterator[tuple[str, ...]]:
    """What keeps the whole plan from being applied: a table must not look as if nothing did."""
    content = report.plan.content
    for verdict in report.guards:
        if verdict.judgement is Judgement.REFUSED:
            said = guards.sentence(verdict, report.limit_sources.get(verdict.guard))
            entry = UserEntry("", entries.HELD, "", said)
            yield _plan_row(report.plan, "refused", entry, "", "", verdict.guard)
    for problem in content.problems:
        entry = UserEntry("", entries.UNDETERMINED, "", (prose(problem),))
        yield _plan_row(report.plan, "incomplete", entry, "", "", "observation")


def _planned(plan: Plan) -> Iterator[tuple[str, ...]]:
    content = plan.content
    for action, entry in zip(content.actions, entries.actions(content.actions), strict=True):
        yield _plan_row(plan, "planned", entry, _kind(action), _platform(action), action.reason)
    for blocked, entry in zip(content.blocked, entries.held(content.blocked), strict=True):
        kind, platform = _kind(blocked.action), _platform(blocked.action)
        yield _plan_row(plan, "held", entry, kind, platform, " ".join(blocked.holds))
    for pending, entry in zip(content.pending, entries.pending(content.pending), strict=True):
        platform = pending.platform or ""
        yield _plan_row(plan, "pending", entry, pending.kind, platform, pending.reason)
    for entry in entries.undetermined(content):
        yield _plan_row(plan, "undetermined", entry, "", "", "undetermined")


def _plan_row(
    plan: Plan, state: str, entry: UserEntry, action: str, platform: str, code: str
) -> tuple[str, ...]:
    labels = (plan.envelope.labels or {}).get(entry.user, UserLabels())
    return (
        plan.content.workspace,
        state,
        entry.user,
        entry.account or "",
        action,
        platform,
        code,
        plain(entry.why),
        entry.note or "",
        labels.group or "",
        entries.source(plan, entry.user) or "",
    )


def _ended(report: RunReport) -> Iterator[tuple[str, ...]]:
    plan, run = report.plan, report.result
    ended = zip(run.results, entries.results(run.results, run.carried), strict=True)
    for result, entry in ended:
        yield _run_row(run.workspace, run.run, plan, result.action, entry, result)
    in_doubt = plan.content.in_doubt
    for blocked, entry in zip(in_doubt, entries.held(in_doubt), strict=True):
        yield _run_row(run.workspace, run.run, plan, blocked.action, entry, "held_in_doubt")


def _recorded(history: RunHistory) -> Iterator[tuple[str, ...]]:
    run = history.summary
    for past in history.actions:
        outcome = past.result or ("in_doubt" if past.begun else "never_begun")
        entry = entries.past(past)
        yield _run_row(run.workspace, run.run, history.plan, past.action, entry, outcome)


def _run_row(
    workspace: str,
    run: str,
    plan: Plan | None,
    action: Action | UnknownConnection,
    entry: UserEntry,
    ended: ActionResult | str,
) -> tuple[str, ...]:
    """A row of an action with its result, or with the word for what it has instead."""
    outcome, cause, calls = ended, "", ""
    if isinstance(ended, ActionResult):
        outcome, cause, calls = ended.outcome, ended.cause, str(ended.calls)
    return (
        workspace,
        run,
        str(outcome),
        cause,
        entry.user,
        entry.account or "",
        _kind(action),
        _platform(action),
        plain(entry.why),
        entry.detail or "",
        entry.note or "",
        calls,
        entries.source(plan, entry.user) or "",
    )


def _kind(action: Action | UnknownConnection) -> str:
    return str(action.__struct_config__.tag)


def _platform(action: Action | UnknownConnection) -> str:
    return "" if isinstance(action, UpdatePreferences) else action.platform


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([harmless(field) for field in row] for row in rows)
    return text.getvalue()
