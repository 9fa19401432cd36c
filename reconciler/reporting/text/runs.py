"""The runs of a workspace, and a lock that was taken away, as text."""

from collections.abc import Sequence

from reconciler.reporting.documents import RunsReport, UnlockReport
from reconciler.reporting.entries import RUN_TONES
from reconciler.reporting.page import Page
from reconciler.reporting.page import cells as columns
from reconciler.reporting.phrase import plain
from reconciler.reporting.sign import Tone
from reconciler.reporting.untrusted import visible
from reconciler.reporting.wording import runs, summary

_WORKSPACE = runs.COLUMNS.index("Workspace")


def write_runs(page: Page, report: RunsReport) -> None:
    """A run a line, as wide as it has to be: an id that is cut is of no use."""
    if report.runs:
        _table(page, report)
    page.gap()
    page.line((plain(summary.of_runs(report)), Tone.HEADING))


def write_unlock(page: Page, report: UnlockReport) -> None:
    """Who held the lock, and what becomes of that run."""
    page.prose(plain(summary.of_unlock(report)), Tone.HEADING)


def _table(page: Page, report: RunsReport) -> None:
    of = "" if report.workspace is None else f" of workspace {visible(report.workspace)}"
    page.line((f"Runs{of}, newest first", Tone.HEADING))
    page.line((f"  ledger {visible(report.place)}", Tone.FAINT))
    page.gap()
    rows = [list(runs.COLUMNS), *([plain(cell) for cell in runs.row(r)] for r in report.runs)]
    if report.workspace is not None:
        for row in rows:
            del row[_WORKSPACE]
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    tones = [Tone.FAINT, *(RUN_TONES[run.state] for run in report.runs)]
    for row, tone in zip(rows, tones, strict=True):
        page.line((_line(row, widths), tone))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    both = zip(cells, widths, strict=True)
    padded = [cell + " " * (width - columns(cell)) for cell, width in both]
    return "  ".join(padded).rstrip()
