"""What the user reads: every sentence of the product, and every layout that it stands in.

``documents`` are what can be reported, ``render`` turns one into text, JSON, JSON Lines or
Markdown. Pure: no I/O, no clock, the same output for the same input.
"""

from reconciler.reporting.documents import (
    Check,
    CheckState,
    DoctorReport,
    ErrorReport,
    Memory,
    MemoryState,
    PlanReport,
    Report,
    RunReport,
    RunsReport,
    StoryReport,
    UnlockReport,
    ValidationReport,
)
from reconciler.reporting.format import Format
from reconciler.reporting.render import render
from reconciler.reporting.untrusted import one_line, visible

__all__ = [
    "Check",
    "CheckState",
    "DoctorReport",
    "ErrorReport",
    "Format",
    "Memory",
    "MemoryState",
    "PlanReport",
    "Report",
    "RunReport",
    "RunsReport",
    "StoryReport",
    "UnlockReport",
    "ValidationReport",
    "one_line",
    "render",
    "visible",
]
