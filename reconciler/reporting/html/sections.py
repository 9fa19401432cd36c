"""What several pages show alike: guards, the ledger, what changed, what went wrong."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from reconciler.domain import Diagnostic
from reconciler.planning import GuardName, Judgement, PlanChanges, Verdict
from reconciler.reporting import entries
from reconciler.reporting.documents import Delivery, LedgerAccess, LedgerView
from reconciler.reporting.entries import UserEntry
from reconciler.reporting.html.markup import ours, phrase_markup
from reconciler.reporting.html.page import Callout, Section, section
from reconciler.reporting.html.table import place_markup
from reconciler.reporting.links import Links, place_of
from reconciler.reporting.phrase import Foreign, Phrase, prose
from reconciler.reporting.wording import changes, guards, history, notifications

_MOST_OPEN: Final = 12
"""Changes that are shown at once; more are folded."""


def guard_callouts(
    verdicts: tuple[Verdict, ...],
    sources: Mapping[GuardName, str],
    *,
    remedies: bool = True,
    but: tuple[Verdict, ...] = (),
) -> Iterator[Callout]:
    """The guards that did not let the plan pass, with what helps; none of those in ``but``."""
    for verdict in verdicts:
        said = phrase_markup(guards.sentence(verdict, sources.get(verdict.guard)))
        if verdict in but:
            continue
        if verdict.judgement is Judgement.REFUSED:
            helps = (phrase_markup(guards.remedy(verdict)),) if remedies else ()
            yield Callout("danger", said, helps)
        elif verdict.judgement is Judgement.ALLOWED:
            yield Callout("change", said)
        elif verdict.judgement is Judgement.NOT_JUDGED:
            yield Callout("faint", said)


def guard_section(
    verdicts: tuple[Verdict, ...], sources: Mapping[GuardName, str]
) -> Iterator[Section]:
    """Every guard and what it decided."""
    if verdicts:
        found = [guards.sentence(verdict, sources.get(verdict.guard)) for verdict in verdicts]
        yield section(f"Guards: {len(verdicts)}", found)


def ledger_callouts(
    ledger: LedgerView | None, *, resumes: str | None = None, missing: bool = True
) -> Iterator[Callout]:
    """Which runs died, and, if asked, where a ledger is ``missing``."""
    if ledger is None:
        return
    if ledger.dead:
        died = [phrase_markup(history.announced(ledger, run, resumes)) for run in ledger.dead]
        yield Callout("danger", ours(f"{history.dead_runs(ledger.dead)}:"), tuple(died))
    said = history.state(ledger)
    if said is not None and (missing or ledger.state is not LedgerAccess.NONE):
        yield Callout("change", phrase_markup(said))
    if (used := history.used(ledger)) is not None:
        yield Callout("change", phrase_markup(used))


def resolved_sections(ledger: LedgerView | None) -> Iterator[Section]:
    """What this run found out of calls that dead runs left in doubt."""
    for run, resolved in entries.resolved(ledger.resolved if ledger else ()).items():
        title = phrase_markup(history.resolved_of(run))
        yield section(title, [sentence(entry) for entry in resolved], is_open=True)


def delivery_sections(deliveries: Sequence[Delivery]) -> Iterator[Section]:
    """Who was notified, and what could not be delivered."""
    if deliveries:
        said = [notifications.delivery(made) for made in deliveries]
        yield section(ours(notifications.HEADING), said, is_open=True)


def changes_section(found: PlanChanges, before: Phrase = ()) -> Section:
    """What is different now; ``before`` says since when, where that has to be said."""
    title = phrase_markup((*before, changes.summary_of_change(found)))
    if found.nothing:
        return Section(title, ())
    named: list[Phrase] = [(remark,) for remark in changes.remarks_on_change(found)]
    for what, listed in (
        ("gone", entries.gone(found)),
        ("added", entries.added(found)),
        ("newly held", entries.held(found.blocked)),
        ("newly waiting for a person", entries.pending(found.pending)),
    ):
        named += [(f"{what}: ", *sentence(entry)) for entry in listed]
    return section(title, named, is_open=len(named) <= _MOST_OPEN)


def problem_callouts(problems: Iterable[Diagnostic], links: Links | None) -> Iterator[Callout]:
    """Errors, each with its place and what helps."""
    for problem in problems:
        said = phrase_markup((prose(problem.message),))
        if problem.location is not None:
            place = place_markup(place_of(str(problem.location)), links, None)
            said = Markup("{}: {}").format(place, said)
        helps = (phrase_markup((prose(problem.hint),)),) if problem.hint else ()
        yield Callout("danger", said, helps)


def sentence(entry: UserEntry) -> Phrase:
    """An entry in a line."""
    detail: Phrase = (": ", prose(entry.detail)) if entry.detail else ()
    note: Phrase = ("; note: ", prose(entry.note)) if entry.note else ()
    return (Foreign(entry.user), f" {entry.what}: ", *entry.why, *detail, *note)
