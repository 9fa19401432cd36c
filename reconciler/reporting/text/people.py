"""Reports about people as text: who has to connect what, a connect link, one user explained."""

from reconciler.reporting import entries
from reconciler.reporting.documents import ConnectLinkReport, ExplanationReport, PendingReport
from reconciler.reporting.entries import Tone
from reconciler.reporting.phrase import plain, visible
from reconciler.reporting.text.page import TextPage, write_entry
from reconciler.reporting.wording import connect_link, explanation, pending


def write_people(
    page: TextPage, report: PendingReport | ExplanationReport | ConnectLinkReport
) -> None:
    """A report about people."""
    if isinstance(report, PendingReport):
        write_pending(page, report)
    elif isinstance(report, ExplanationReport):
        write_explanation(page, report)
    else:
        write_connect_link(page, report)


def write_pending(page: TextPage, report: PendingReport) -> None:
    """Who has to connect what, and since when."""
    where = f"workspace {visible(report.workspace)} at {visible(report.base_url)}"
    page.line((f"Pending in {where}", Tone.HEADING))
    if (unknown := pending.without_history(report.ledger)) is not None:
        page.gap()
        page.prose(plain(unknown), Tone.CHANGE, rest="  ")
    places = {entry.pending.user: entry.source for entry in report.connections}
    for user, group in entries.by_user(entries.to_connect(report.connections)).items():
        page.gap()
        page.line((visible(user), Tone.HEADING), (f"  # {visible(places[user])}", Tone.FAINT))
        for entry in group:
            write_entry(page, entry)
    page.gap()
    page.prose(pending.summary(report), Tone.HEADING)


def write_explanation(page: TextPage, report: ExplanationReport) -> None:
    """Everything about one user, in sections."""
    page.line((plain(explanation.title(report)), Tone.HEADING))
    for heading, phrases in explanation.sections(report):
        page.gap()
        page.line((heading, Tone.HEADING))
        for phrase in phrases:
            page.prose(plain(phrase), first="  ", rest="    ")


def write_connect_link(page: TextPage, report: ConnectLinkReport) -> None:
    """What to do with a connect link, which itself is elsewhere."""
    page.line((plain(connect_link.title(report)), Tone.HEADING))
    page.gap()
    for phrase in connect_link.lines(report):
        page.prose(plain(phrase), rest="  ")
    page.gap()
    page.prose(connect_link.summary(report), Tone.HEADING)
