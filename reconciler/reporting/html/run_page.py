"""Runs as pages: what a run did, and what the ledger has of it, for whoever has to prove it."""

from collections.abc import Iterable, Iterator
from typing import Final

from markupsafe import Markup
from msgspec import structs

from reconciler.planning import Judgement, Verdict
from reconciler.reporting import entries
from reconciler.reporting.documents import RunHistoryReport, RunReport, RunsReport
from reconciler.reporting.entries import Symbol, UserEntry
from reconciler.reporting.html import sections
from reconciler.reporting.html.entry_table import history_table, run_table
from reconciler.reporting.html.markup import ours, parts, phrase_markup
from reconciler.reporting.html.page import Callout, Page, Section, bar, fact
from reconciler.reporting.html.plan_page import plan_facts
from reconciler.reporting.html.table import MOST_ROWS, CellKind, Column, Table
from reconciler.reporting.phrase import counted
from reconciler.reporting.wording import guards, outcomes, runs, summary
from reconciler.reporting.wording.fleet import Share
from reconciler.runs.history import RunHistory, RunState


def run_page(report: RunReport) -> Page:
    """The page of a run that just ended."""
    plan, result = report.plan, report.result
    ended = [
        *entries.results(result.results, result.carried),
        *entries.held(plan.content.in_doubt),
    ]
    unjudged = guards.without_history(report.guards)
    return Page(
        kind="Run",
        where=(plan.content.workspace, plan.content.base_url),
        headline=Markup("<b>{:,}</b> of {:,} actions done").format(*_done(ended)),
        tone="good" if result.converged and result.halted is None else "danger",
        lead=tuple(map(ours, filter(None, _said(report)))),
        callouts=[
            *_halted(report),
            *sections.guard_callouts(report.guards, report.limit_sources, but=unjudged),
            *sections.ledger_callouts(report.ledger, resumes=report.resumes),
        ],
        bar=bar(counted(len(ended), "action"), _shares(ended)),
        sections=[
            *_next(report),
            *sections.resolved_sections(report.ledger),
            *sections.delivery_sections(report.deliveries),
            *([sections.changes_section(report.changes)] if report.changes else ()),
        ],
        table=run_table(report),
        more=list(sections.guard_section(report.guards, report.limit_sources)),
        facts=[
            *fact("Run", result.run),
            *fact("Resumes run", report.resumes),
            *fact("Began", result.started),
            *fact("Ended", result.finished),
            *plan_facts(plan),
        ],
        commit=plan.envelope.commit,
    )


def history_page(report: RunHistoryReport) -> Page:
    """The page of a run in the ledger: who, when, by what, and each step with its time."""
    past, run = report.history, report.history.summary
    ended = [entries.past(action) for action in past.actions]
    return Page(
        kind="Run",
        where=(run.workspace, run.base_url, run.run),
        headline=Markup("<b>{}</b>{}").format(
            runs.STATES[run.state].capitalize(),
            Markup(": {} of {} actions done").format(*_done(ended)) if ended else "",
        ),
        tone=_TONES.get(run.state, "good"),
        lead=(
            phrase_markup(summary.of_run_history(report)),
            phrase_markup(runs.why_ended(run)),
            *_left_alone(past),
        ),
        callouts=list(
            sections.guard_callouts(past.verdicts, {}, remedies=False, but=_not_judged(past))
        ),
        bar=bar(counted(len(ended), "action"), _shares(ended)),
        sections=[
            Section(
                phrase_markup(("Record",)),
                tuple(map(phrase_markup, runs.facts(past, report.place))),
                open=True,
            ),
        ],
        table=history_table(past) if past.actions else None,
        more=[
            structs.replace(each, open=True) for each in sections.guard_section(past.verdicts, {})
        ],
        facts=[
            *fact("Run", run.run),
            *fact("Began", run.opened),
            *fact("Ended", run.ended),
            *fact("Plan", run.plan_digest),
            *fact("Commit", run.commit or runs.NO_COMMIT),
            *fact("Machine", run.who.host),
            *fact("Version", run.tool_version),
        ],
        commit=run.commit,
    )


def runs_page(report: RunsReport) -> Page:
    """The page of the last runs, newest first."""
    listed = report.runs[:MOST_ROWS]
    rows = [runs.row(run) for run in listed]
    return Page(
        kind="Runs",
        where=() if report.workspace is None else (report.workspace,),
        headline=Markup("<b>{:,}</b> {}").format(
            len(report.runs), "run" if len(report.runs) == 1 else "runs"
        ),
        tone="danger" if any(run.state is RunState.DIED for run in report.runs) else "good",
        lead=(phrase_markup(summary.of_runs(report)),),
        table=Table(
            "Runs",
            tuple(
                Column(
                    title,
                    CellKind.PHRASE,
                    [parts(row[number]) for row in rows],
                    width,
                    choices=_MOST_CHOICES if title in _CHOICES else 0,
                    printed=True,
                )
                for number, (title, width) in enumerate(zip(runs.COLUMNS, _WIDTHS, strict=True))
            ),
            len(rows),
        )
        if rows
        else None,
        facts=fact("Ledger", report.place),
    )


def _left_alone(past: RunHistory) -> tuple[Markup, ...]:
    """What the plan of the run left as it was."""
    said = None if past.plan is None else summary.beyond_actions(past.plan.content)
    return (ours(said),) if said else ()


def _not_judged(past: RunHistory) -> tuple[Verdict, ...]:
    """The guards that say nothing here that the list of all of them does not."""
    return tuple(v for v in past.verdicts if v.judgement is Judgement.NOT_JUDGED)


_WIDTHS: Final = ("6.5rem", "1fr", "11.5rem", "5rem", "1.3fr", "1fr", "2fr", "6.5rem")
"""Of the columns of a list of runs."""

_CHOICES: Final = ("Workspace", "Front", "By", "State")
_MOST_CHOICES: Final = 40

_TONES: Final = {RunState.DIED: "danger", RunState.REFUSED: "change", RunState.STOPPED: "change"}


def _done(ended: list[UserEntry]) -> tuple[int, int]:
    """How many are in effect, and of how many."""
    in_effect = (entries.VERIFIED, entries.ALREADY_ABSENT)
    return sum(entry.symbol in in_effect for entry in ended), len(ended)


def _shares(ended: Iterable[UserEntry]) -> list[Share]:
    counts: dict[Symbol, int] = {}
    for entry in ended:
        counts[entry.symbol] = counts.get(entry.symbol, 0) + 1
    return [
        Share(symbol.meaning.replace(" ", "-"), symbol.meaning, number)
        for symbol, number in counts.items()
    ]


def _said(report: RunReport) -> Iterator[str | None]:
    yield summary.of_run(report)
    yield summary.beyond_actions(report.plan.content)


def _halted(report: RunReport) -> Iterator[Callout]:
    result = report.result
    if result.halted is not None:
        halt = outcomes.halt(result.halted, result.halt_detail, result.signal)
        yield Callout("danger", phrase_markup(halt), _continue(report))


def _continue(report: RunReport) -> tuple[Markup, ...]:
    if not report.continue_with:
        return ()
    command = Markup("<code>{}</code>").format(outcomes.command(report.continue_with))
    return (ours(outcomes.TO_CONTINUE) + " " + command,)


def _next(report: RunReport) -> Iterator[Section]:
    steps = outcomes.next_steps(report.result.results)
    if steps:
        yield Section(Markup("What to do next"), tuple(map(ours, steps)), open=True)
