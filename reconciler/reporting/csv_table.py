"""Reports as CSV, for spreadsheets and mail merges: who has to connect what.

A spreadsheet takes a field that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, and ids and
e-mails are anybody's text. As OWASP advises, such a field gets an apostrophe in front.
"""

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Final

from reconciler.domain.text import visible
from reconciler.reporting.documents import ErrorReport, PendingReport, Report

PENDING_COLUMNS: Final = ("user", "email", "platform", "since", "or_earlier", "reason", "source")
ERROR_COLUMNS: Final = ("status", "error", "what_to_do")

_FORMULA: Final = frozenset("=+-@\t\r")


def render_csv(report: Report) -> str:
    """``report`` as a table with a head, in UTF-8 and with line feeds.

    An error has other columns than a result: no reader can take it for an empty one. Raises
    ``TypeError`` for a report that is no table.
    """
    if isinstance(report, PendingReport):
        return _table(PENDING_COLUMNS, _pending(report))
    if isinstance(report, ErrorReport):
        rows = ((str(report.status), p.message, p.hint or "") for p in report.problems)
        return _table(ERROR_COLUMNS, rows)
    raise TypeError(f"a {type(report).__name__} is no table")


def harmless(field: str) -> str:
    """``field`` with nothing unseen in it, and an apostrophe before what may be a formula."""
    first = unicodedata.normalize("NFKC", field.lstrip(" \u00a0\u3000")[:1])
    quoted = first in _FORMULA or field[:1] in _FORMULA
    return f"'{visible(field)}" if quoted else visible(field)


def _pending(report: PendingReport) -> Iterator[tuple[str, ...]]:
    for entry in report.connections:
        since = entry.since
        yield (
            entry.pending.user,
            entry.email or "",
            entry.platform,
            "" if since is None else since.at,
            "" if since is None else str(since.or_earlier).lower(),
            entry.pending.reason,
            entry.source,
        )


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([harmless(field) for field in row] for row in rows)
    return text.getvalue()
