"""What the user reads: the words for every code, and every layout.

``documents`` are what can be reported; ``render`` writes one in a format. Pure: no I/O, no clock,
the same output for the same input.
"""

from reconciler.reporting.checkout import Checkout
from reconciler.reporting.documents import (
    Check,
    CheckState,
    ConnectLinkReport,
    Delivery,
    DoctorReport,
    ErrorReport,
    ExplanationReport,
    LastPlan,
    LedgerAccess,
    LedgerView,
    PendingConnection,
    PendingReport,
    PlanReport,
    Report,
    RulesReport,
    RunHistoryReport,
    RunReport,
    RunsReport,
    UnlockReport,
    ValidationReport,
    WorkspaceReport,
    WorkspaceSection,
    WorkspacesReport,
)
from reconciler.reporting.formats import FINDINGS, Format, formats_of, render
from reconciler.reporting.links import InvalidLinkBase, Links, check_link_base
from reconciler.reporting.phrase import one_line, visible

__all__ = [
    "FINDINGS",
    "Check",
    "CheckState",
    "Checkout",
    "ConnectLinkReport",
    "Delivery",
    "DoctorReport",
    "ErrorReport",
    "ExplanationReport",
    "Format",
    "InvalidLinkBase",
    "LastPlan",
    "LedgerAccess",
    "LedgerView",
    "Links",
    "PendingConnection",
    "PendingReport",
    "PlanReport",
    "Report",
    "RulesReport",
    "RunHistoryReport",
    "RunReport",
    "RunsReport",
    "UnlockReport",
    "ValidationReport",
    "WorkspaceReport",
    "WorkspaceSection",
    "WorkspacesReport",
    "check_link_base",
    "formats_of",
    "one_line",
    "render",
    "visible",
]
