"""Logs on standard error, for people or for machines."""

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum


class LogFormat(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"


class _JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class _TextLines(logging.Formatter):
    """One line a record, with what could move a terminal's cursor made visible."""

    def format(self, record: logging.LogRecord) -> str:
        shown = super().format(record)
        return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in shown)


def set_up_logging(form: LogFormat, *, quiet: bool, verbose: bool) -> None:
    """Send our own logs to standard error: warnings, everything with ``verbose``, else none."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _JsonLines()
        if form is LogFormat.JSON
        else _TextLines("%(levelname)s %(name)s: %(message)s")
    )
    ours = logging.getLogger("reconciler")
    ours.handlers = [handler]
    ours.propagate = False
    ours.setLevel(logging.DEBUG if verbose else logging.ERROR if quiet else logging.WARNING)
