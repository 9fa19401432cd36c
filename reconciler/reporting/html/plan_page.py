"""A plan as a page: first what will be disconnected and why, what is refused, and what helps."""

from collections.abc import Iterator

from markupsafe import Markup
from msgspec import structs

from reconciler.domain import UndeclaredPolicy
from reconciler.planning import Judgement, Plan, PlanPart, Verdict, break_down
from reconciler.reporting.documents import PlanReport
from reconciler.reporting.html import sections
from reconciler.reporting.html.entry_table import plan_table
from reconciler.reporting.html.markup import ours, phrase_markup
from reconciler.reporting.html.page import Callout, Page, Section, bar, fact, section
from reconciler.reporting.phrase import Foreign, Phrase, counted, prose
from reconciler.reporting.wording import (
    breakdown,
    changes,
    declarations,
    fleet,
    guards,
    runs,
    summary,
    watching,
)


def plan_page(report: PlanReport) -> Page:
    """The page of ``report``."""
    plan, content = report.plan, report.plan.content
    unjudged = guards.without_history(report.guards)
    skipped = unjudged if report.verdicts is None else ()
    shares = fleet.shares(content)
    return Page(
        kind="Plan",
        where=(content.workspace, content.base_url),
        headline=Markup("<b>{:,}</b> {} {}").format(
            len(content.disconnects),
            "connection" if len(content.disconnects) == 1 else "connections",
            breakdown.PARTS[PlanPart.DISCONNECT],
        ),
        tone=_tone(report),
        lead=(
            ours(summary.of_plan(report)),
            *((ours(changes.IRREVERSIBLE),) if content.disconnects else ()),
        ),
        warnings=list(_outdated(report)),
        callouts=list(_callouts(report, unjudged, skipped)),
        bar=bar(fleet.heading(content, shares), shares),
        sections=[*_sections(report), *sections.delivery_sections(report.deliveries)],
        table=plan_table(report),
        more=[*sections.guard_section(report.guards, report.limit_sources), *_others(report)],
        facts=plan_facts(plan),
        commit=plan.envelope.commit,
    )


def plan_facts(plan: Plan) -> list[tuple[str, Markup]]:
    """What identifies a plan, and when and by what it was made."""
    envelope = plan.envelope
    return [
        *fact("Plan", plan.content.digest()),
        *fact("Made", envelope.made),
        *fact("Expires", envelope.expires),
        *fact("Commit", envelope.commit or runs.NO_COMMIT),
        *fact("Version", envelope.tool_version),
        *fact("Fingerprint of the key", envelope.key_fingerprint),
    ]


def _tone(report: PlanReport) -> str:
    content = report.plan.content
    if report.outdated is not None:
        return "faint"
    if content.disconnects or any(v.judgement is Judgement.REFUSED for v in report.guards):
        return "danger"
    return "change" if content.problems else "good"


def _outdated(report: PlanReport) -> Iterator[Callout]:
    """That the plan is not of what is written and connected now, and every error since."""
    if report.outdated is not None:
        yield Callout("danger", phrase_markup(watching.outdated(report.outdated)))
        yield from sections.problem_callouts(report.outdated.problems, None)


def _callouts(
    report: PlanReport, unjudged: tuple[Verdict, ...], skipped: tuple[Verdict, ...]
) -> Iterator[Callout]:
    content = report.plan.content
    yield from sections.guard_callouts(report.guards, report.limit_sources, but=unjudged)
    if content.problems:
        found = tuple(phrase_markup((prose(problem),)) for problem in content.problems)
        yield Callout("danger", ours(changes.INCOMPLETE), found)
    yield from sections.ledger_callouts(report.ledger, missing=not skipped)
    if report.undeclared is UndeclaredPolicy.FAIL and content.undeclared:
        yield Callout("danger", ours(changes.undeclared(content.undeclared, report.undeclared)))
    if content.selection is not None or content.exclusion:
        yield Callout("faint", phrase_markup(changes.selected(content)))
    if skipped:
        yield Callout("faint", phrase_markup(guards.skipped(skipped, report.ledger)))


def _sections(report: PlanReport) -> Iterator[Section]:
    """Why, by kind; what changed; and the other counts, folded."""
    counts = [
        section(heading, [row(tally) for tally in tallies.rows])
        for heading, tallies, row in breakdown.lists(break_down(report.plan))
    ]
    yield from (structs.replace(kinds, open=True) for kinds in counts[:1])
    yield from _changed(report)
    yield from counts[1:]


def _changed(report: PlanReport) -> Iterator[Section]:
    if report.changes is not None:
        yield sections.changes_section(report.changes)
    elif report.last is not None:
        yield sections.changes_section(report.last.changes, changes.since_run(report.last))


def _others(report: PlanReport) -> Iterator[Section]:
    content = report.plan.content
    if content.notices:
        title = counted(len(content.notices), "warning")
        yield section(title, [changes.remark(notice) for notice in content.notices])
    if content.undeclared:
        title = changes.undeclared(content.undeclared, report.undeclared)
        yield section(title, [changes.connected(entry) for entry in content.undeclared])
    for title, lines in declarations.sections(content):
        yield section(title, lines)
    if content.contested:
        title = changes.contested(len(content.contested))
        found: list[Phrase] = [
            (Foreign(contested.user), ": ", *guards.disagreement(contested))
            for contested in content.contested
        ]
        yield section(title, found)
