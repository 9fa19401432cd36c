"""The one door of this room: a report and a format in, a string out."""

from enum import StrEnum

from reconciler.reporting.documents import Report


class Format(StrEnum):
    """A format, by the name that ``--format`` takes."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"


def render(report: Report, format: Format, *, width: int = 0, color: bool = False) -> str:  # noqa: A002
    """``report`` in ``format``, ending in a line feed, the same for the same input.

    JSON Lines give the last line alone: only a command that runs has events. ``width`` and
    ``color`` (ANSI codes) are for text. The renderers are imported when they are asked for: most
    commands need one.
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
    from reconciler.reporting.markdown import render_markdown  # noqa: PLC0415

    return render_markdown(report)
