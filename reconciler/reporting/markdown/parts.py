"""What several kinds of report have in common as Markdown."""

from collections.abc import Mapping

from reconciler.domain import Diagnostic
from reconciler.planning import Content, GuardName, Judgement, Plan, Verdict
from reconciler.reporting import entries
from reconciler.reporting.comment import Comment, code, inline
from reconciler.reporting.entries import Entry
from reconciler.reporting.phrase import prose
from reconciler.reporting.wording import guards


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


def row(plan: Plan | None, entry: Entry) -> tuple[str, ...]:
    """An entry as a row: sign, user, action, account, why, source."""
    place = entries.source(plan, entry.user)
    return (
        f"`{entry.sign.mark}`",
        code(entry.user),
        entry.what,
        code(entry.account) if entry.account else "",
        why(entry),
        code(place) if place else "",
    )


def item(entry: Entry) -> str:
    """An entry as an item of a list."""
    return f"`{entry.sign.mark}` {code(entry.user)} {entry.what}: {why(entry)}"


def why(entry: Entry) -> str:
    """Why, with what others had to say of it."""
    note = f"; note: {inline((prose(entry.note),))}" if entry.note else ""
    detail = f": {inline((prose(entry.detail),))}" if entry.detail else ""
    return f"{inline(entry.why)}{detail}{note}"


def write_folded(comment: Comment, title: str, found: list[Entry]) -> None:
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
