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
    """A run a line, or several where a terminal is too narrow: an id that is cut is of no use."""
    if report.runs:
        _table(page, report)
    page.gap()
    page.prose(plain(summary.of_runs(report)), Tone.HEADING)


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
    parts = _parts(widths, page.width)
    for row, tone in zip(rows, tones, strict=True):
        for part in parts:
            indent = "  " if part.start else ""
            page.line((indent + _line(row[part], widths[part]), tone))


def _parts(widths: Sequence[int], width: int) -> list[slice]:
    """The columns that go on each line of a run, all but the first of which are indented by 2."""
    starts, used = [0], 0
    for column, wide in enumerate(widths):
        if column and used + 2 + wide > width:
            starts.append(column)
            used = 2 + wide
        else:
            used += wide + 2 * bool(column)
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(widths)], strict=True)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    both = zip(cells, widths, strict=True)
    padded = [cell + " " * (width - columns(cell)) for cell, width in both]
    return "  ".join(padded).rstrip()
