"""Runs as pages: what a run did, and what the ledger has of it, for whoever has to prove it."""

from collections.abc import Iterable, Iterator

from markupsafe import Markup

from reconciler.reporting import entries
from reconciler.reporting.documents import RunHistoryReport, RunReport, RunsReport
from reconciler.reporting.entries import Symbol, Tone, UserEntry
from reconciler.reporting.html import sections
from reconciler.reporting.html.entry_table import history_table, run_table
from reconciler.reporting.html.markup import ours, parts, phrase_markup
from reconciler.reporting.html.page import Callout, Page, Section, bar, fact
from reconciler.reporting.html.plan_page import plan_facts
from reconciler.reporting.html.table import MOST_ROWS, CellKind, Column, Table
from reconciler.reporting.phrase import counted
from reconciler.reporting.wording import guards, outcomes, runs, summary
from reconciler.reporting.wording.fleet import Share
from reconciler.runs.history import RunState


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
        headline=_headline(ended),
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
    return Page(
        kind="Run",
        where=(run.workspace, run.base_url),
        headline=_headline([entries.past(action) for action in past.actions]),
        tone=_TONES.get(run.state, "good"),
        lead=(
            phrase_markup(summary.of_run_history(report)),
            phrase_markup(runs.why_ended(run)),
        ),
        callouts=list(sections.guard_callouts(past.verdicts, {}, remedies=False)),
        bar=bar(
            counted(len(past.actions), "action"),
            _shares([entries.past(action) for action in past.actions]),
        ),
        sections=[
            Section(
                phrase_markup(("Record",)),
                tuple(map(phrase_markup, runs.facts(past, report.place))),
                open=True,
            ),
        ],
        table=history_table(past) if past.actions else None,
        more=list(sections.guard_section(past.verdicts, {})),
        facts=[
            *fact("Run", run.run),
            *fact("Process", f"{run.who.user}@{run.who.host}, {run.who.pid}"),
            *fact("Machine", run.who.machine),
            *fact("Began", run.opened),
            *fact("Ended", run.ended),
            *fact("Commit", run.commit),
            *fact("Version", run.tool_version),
            *fact("Plan", run.plan_digest),
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
                    "minmax(6rem, 1fr)",
                    choices=40,
                    printed=True,
                )
                for number, title in enumerate(runs.COLUMNS)
            ),
            len(rows),
        )
        if rows
        else None,
        facts=fact("Ledger", report.place),
    )


_TONES = {RunState.DIED: "danger", RunState.REFUSED: "change", RunState.STOPPED: "change"}


def _headline(ended: list[UserEntry]) -> Markup:
    done = sum(entry.symbol.tone is Tone.GOOD for entry in ended)
    return Markup("<b>{:,}</b> {}").format(done, entries.VERIFIED.meaning)


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
