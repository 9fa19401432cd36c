"""The formats that a report can be written in, and the one way to write it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from reconciler.reporting.checkout import Checkout
from reconciler.reporting.documents import (
    PendingReport,
    PlanReport,
    Report,
    RunHistoryReport,
    RunReport,
    RunsReport,
    ValidationReport,
    WorkspacesReport,
)
from reconciler.reporting.links import Links


class Format(StrEnum):
    """A format, by the name that ``--format`` and ``--report`` take."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"
    CSV = "csv"
    HTML = "html"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


_EVERY_REPORT: Final = frozenset({Format.TEXT, Format.JSON, Format.JSONL, Format.MARKDOWN})

FINDINGS: Final = frozenset({Format.SARIF, Format.JUNIT, Format.GITHUB})
"""The formats that services for review and tests read: findings, each at its place."""

_ALSO: Final[Mapping[type[Report], frozenset[Format]]] = {
    PlanReport: frozenset({Format.CSV, Format.HTML, *FINDINGS}),
    PendingReport: frozenset({Format.CSV}),
    RunReport: frozenset({Format.CSV, Format.HTML, *FINDINGS}),
    RunsReport: frozenset({Format.HTML}),
    RunHistoryReport: frozenset({Format.CSV, Format.HTML, *FINDINGS}),
    ValidationReport: FINDINGS,
    WorkspacesReport: frozenset({Format.HTML, *FINDINGS}),
}
"""What some kinds of report can be written in beside the formats of every report."""


def formats_of(*kinds: type[Report]) -> frozenset[Format]:
    """The formats in which each of ``kinds`` can be written.

    An :class:`ErrorReport` can be written in all of them, since any command may end with one.
    """
    other = [_EVERY_REPORT | _ALSO.get(kind, frozenset()) for kind in kinds]
    return frozenset.intersection(*other) if other else _EVERY_REPORT


def render(
    report: Report,
    format: Format,  # noqa: A002
    *,
    width: int = 0,
    color: bool = False,
    links: Links | None = None,
    checkout: Checkout | None = None,
) -> str:
    """``report`` in ``format``, ending in a line feed, the same for the same input.

    JSON Lines give the last line alone: only a command that runs has events. ``width`` and
    ``color`` (ANSI codes) are for text, ``links`` for formats that can link to manifests, and
    ``checkout`` for those that name a file as its repository does. The renderers are imported when
    they are asked for: most commands need one. Raises ``TypeError`` for a format that
    :func:`formats_of` does not name.
    """
    if format is Format.TEXT:
        from reconciler.reporting.text import render_text  # noqa: PLC0415

        return render_text(report, width=width, color=color)
    if format is Format.JSON:
        from reconciler.reporting.json_document import render_json  # noqa: PLC0415

        return render_json(report)
    if format is Format.JSONL:
        from reconciler.reporting.json_stream import last_line  # noqa: PLC0415

        return last_line(report)
    if format is Format.CSV:
        from reconciler.reporting.csv_table import render_csv  # noqa: PLC0415

        return render_csv(report)
    if format in FINDINGS:
        return _findings(report, format, checkout)
    return _linked(report, format, links)


def _linked(report: Report, form: Format, links: Links | None) -> str:
    if form is Format.HTML:
        from reconciler.reporting.html import render_html  # noqa: PLC0415

        return render_html(report, links)
    from reconciler.reporting.markdown import render_markdown  # noqa: PLC0415

    return render_markdown(report, links)


def _findings(report: Report, form: Format, checkout: Checkout | None) -> str:
    if form is Format.JUNIT:
        from reconciler.reporting.junit import render_junit  # noqa: PLC0415

        return render_junit(report, checkout)
    if form is Format.GITHUB:
        from reconciler.reporting.annotations import render_annotations  # noqa: PLC0415

        return render_annotations(report, checkout)
    from reconciler.reporting.sarif import render_sarif  # noqa: PLC0415

    return render_sarif(report, checkout)
