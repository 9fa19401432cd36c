"""Reports about people as Markdown: who has to connect what, a connect link, one explained."""

from reconciler.reporting.documents import ConnectLinkReport, ExplanationReport, PendingReport
from reconciler.reporting.markdown.comment import Comment, code, inline
from reconciler.reporting.wording import changes, connect_link, explanation, pending

_PENDING = ("User", "Platform", "E-mail", "Since", "Why", "Source")


def write_people(
    comment: Comment, report: PendingReport | ExplanationReport | ConnectLinkReport
) -> None:
    """A report about people."""
    if isinstance(report, PendingReport):
        write_pending(comment, report)
    elif isinstance(report, ExplanationReport):
        write_explanation(comment, report)
    else:
        write_connect_link(comment, report)


def write_pending(comment: Comment, report: PendingReport) -> None:
    """Who has to connect what, and since when, in a table."""
    comment.block(f"### Pending in {code(report.workspace)} at {code(report.base_url)}")
    comment.block(f"**{pending.summary(report)}**")
    if (unknown := pending.without_history(report.ledger)) is not None:
        comment.block(f"> [!WARNING]\n> {inline(unknown)}")
    if report.connections:
        rows = [
            (
                code(entry.pending.user),
                entry.platform,
                code(entry.email) if entry.email else "",
                inline(pending.since(entry)),
                inline(changes.why_pending(entry.pending)),
                code(entry.source),
            )
            for entry in report.connections
        ]
        comment.table(_PENDING, rows)


def write_explanation(comment: Comment, report: ExplanationReport) -> None:
    """Everything about one user, a list for each section."""
    comment.block(f"### {inline(explanation.title(report))}")
    for heading, phrases in explanation.sections(report):
        comment.block(f"{heading}:")
        comment.items(map(inline, phrases))


def write_connect_link(comment: Comment, report: ConnectLinkReport) -> None:
    """What to do with a connect link, which itself is elsewhere."""
    comment.block(f"### {inline(connect_link.title(report))}")
    comment.block(f"**{connect_link.summary(report)}**")
    comment.items(map(inline, connect_link.lines(report)))
