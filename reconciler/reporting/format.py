"""The formats that a report can be had in."""

from enum import StrEnum


class Format(StrEnum):
    """A format, by the name that ``--format`` takes."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"
