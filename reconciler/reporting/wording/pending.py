"""Who has to connect what, and since when, in words."""

from reconciler.reporting.documents import (
    LedgerAccess,
    LedgerView,
    PendingConnection,
    PendingReport,
)
from reconciler.reporting.phrase import Foreign, Phrase, counted, prose
from reconciler.reporting.wording import changes


def since(entry: PendingConnection) -> Phrase:
    """``since 2026-10-31T08:00:00Z``, or that no run had it."""
    if entry.since is None:
        return ("in no earlier run",)
    earlier = " or earlier" if entry.since.or_earlier else ""
    return ("since ", Foreign(entry.since.at), earlier)


def why(entry: PendingConnection) -> Phrase:
    """Since when, and why."""
    return (*since(entry), "; ", *changes.why_pending(entry.pending))


def without_history(view: LedgerView) -> Phrase | None:
    """Why nobody knows since when; None where that is known."""
    if view.state is LedgerAccess.NONE:
        return ("No ledger at ", Foreign(view.place), ": no run shows since when.")
    if view.state is LedgerAccess.UNREADABLE:
        return (
            "The ledger at ",
            Foreign(view.place),
            " cannot be read, so since when is not known. ",
            prose(view.detail or ""),
        )
    return None


def summary(report: PendingReport) -> str:
    """``Pending: 3 people have to connect 4 platforms.``"""
    people, connections = report.people, len(report.connections)
    who = "1 person has" if people == 1 else f"{people} people have"
    said = f"Pending: {who} to connect {counted(connections, 'platform')}."
    if not connections:
        said = "Pending: nobody has to connect anything."
    if not report.not_found:
        return said
    ids = counted(report.not_found, "id")
    verb = "was" if report.not_found == 1 else "were"
    return f"{said} {ids} {verb} not found; `reconciler plan` shows them."
