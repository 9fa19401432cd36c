"""What several Markdown reports have in common: guards, ledger, changes, rows of users."""

from collections.abc import Mapping

from reconciler.domain import Diagnostic
from reconciler.planning import (
    Content,
    GuardName,
    Judgement,
    Plan,
    PlanChanges,
    Verdict,
)
from reconciler.reporting import entries
from reconciler.reporting.documents import (
    Delivery,
    LedgerAccess,
    LedgerView,
)
from reconciler.reporting.entries import UserEntry
from reconciler.reporting.markdown.comment import PART, Comment, code, inline
from reconciler.reporting.phrase import prose
from reconciler.reporting.wording import (
    changes,
    guards,
    history,
    notifications,
)


def write_heading(comment: Comment, subject: str, content: Content) -> None:
    """Of what, and where."""
    comment.block(f"### {subject} for {code(content.workspace)} at {code(content.base_url)}")


def write_guards(
    comment: Comment,
    verdicts: tuple[Verdict, ...],
    sources: Mapping[GuardName, str],
    *,
    remedies: bool = True,
    but: tuple[Verdict, ...] = (),
) -> None:
    """The guards that did not let the plan pass; what was not judged did not pass.

    None of those in ``but``.
    """
    for verdict in verdicts:
        if verdict in but:
            continue
        said = inline(guards.sentence(verdict, sources.get(verdict.guard)))
        if verdict.judgement is Judgement.REFUSED:
            remedy = f"\n>\n> {inline(guards.remedy(verdict))}" if remedies else ""
            comment.block(f"> [!WARNING]\n> {said}{remedy}")
        elif verdict.judgement in (Judgement.ALLOWED, Judgement.NOT_JUDGED):
            comment.block(f"> {said}")


def row(comment: Comment, plan: Plan | None, entry: UserEntry) -> tuple[str, ...]:
    """An entry as a row: sign, user, action, account, why, source."""
    place = entries.source(plan, entry.user)
    return (
        f"`{entry.symbol.mark}`",
        code(entry.user),
        entry.what,
        code(entry.account) if entry.account else "",
        why(entry),
        comment.place(place, None if plan is None else plan.envelope.commit),
    )


def item(entry: UserEntry) -> str:
    """An entry as an item of a list."""
    return f"`{entry.symbol.mark}` {code(entry.user)} {entry.what}: {why(entry)}"


def why(entry: UserEntry) -> str:
    """Why, with what others had to say of it."""
    note = f"; note: {inline((prose(entry.note),))}" if entry.note else ""
    detail = f": {inline((prose(entry.detail),))}" if entry.detail else ""
    return f"{inline(entry.why)}{detail}{note}"


def write_folded(comment: Comment, title: str, found: list[UserEntry]) -> None:
    """Entries behind their number."""
    if found:
        comment.folded(f"{len(found)} {title}", map(item, found))


def diagnostic(diagnostic: Diagnostic) -> str:
    """An error, its place and what helps."""
    place = "" if diagnostic.location is None else f"{code(str(diagnostic.location))}: "
    return f"{place}{inline((prose(diagnostic.message),))}{hint(diagnostic.hint)}"


def hint(hint: str | None) -> str:
    """What helps, in brackets."""
    return f" ({inline((prose(hint),))})" if hint else ""


def write_ledger(
    comment: Comment, ledger: LedgerView | None, *, resumes: str | None = None, missing: bool = True
) -> None:
    """Which runs died, what was resolved of them, and, if asked, where a ledger is ``missing``."""
    if ledger is None:
        return
    if ledger.dead:
        comment.block(f"> [!CAUTION]\n> {history.dead_runs(ledger.dead)}:")
        dead = (inline(history.announced(ledger, run, resumes)) for run in ledger.dead)
        comment.items(dead, most=PART)
    said = history.state(ledger)
    if said is not None and (missing or ledger.state is not LedgerAccess.NONE):
        comment.block(f"> [!WARNING]\n> {inline(said)}")
    if (used := history.used(ledger)) is not None:
        comment.block(f"> [!WARNING]\n> {inline(used)}")
    for run, resolved in entries.resolved(ledger.resolved).items():
        comment.block(f"{inline(history.resolved_of(run))}:")
        comment.items(map(item, resolved), most=PART)


def write_deliveries(comment: Comment, deliveries: tuple[Delivery, ...]) -> None:
    """Which targets were notified, and which could not be."""
    if deliveries:
        comment.block(f"{notifications.HEADING}:")
        comment.items(inline(notifications.delivery(made)) for made in deliveries)


def write_changes(comment: Comment, found: PlanChanges | None) -> None:
    """What is different beside actions, and the actions folded."""
    if found is None:
        return
    comment.block(changes.summary_of_change(found))
    if found.nothing:
        return
    comment.items(changes.remarks_on_change(found))
    write_folded(comment, "gone", entries.gone(found))
    write_folded(comment, "added", entries.added(found))
    write_folded(comment, "newly held", entries.held(found.blocked))
    write_folded(comment, "newly waiting for a person", entries.pending(found.pending))
