"""One report of every kind, with everything that it can hold and with as little as it can."""

from collections.abc import Mapping

from msgspec import structs

from reconciler.reporting import (
    DoctorReport,
    ErrorReport,
    LedgerAccess,
    LedgerView,
    PendingReport,
    Report,
    RulesReport,
    ValidationReport,
    WorkspaceSection,
    WorkspacesReport,
)
from tests.reporting import ledger_samples, samples

REPORTS: Mapping[str, Report] = {
    "plan": samples.PLAN_REPORT,
    "refused plan": samples.REFUSED_REPORT,
    "contested plan": samples.CONTESTED_REPORT,
    "incomplete plan": samples.INCOMPLETE_REPORT,
    "converged plan": samples.CONVERGED_REPORT,
    "pending": samples.PENDING_REPORT,
    "nobody pending": PendingReport(
        "prod", "sandbox:1", (), 0, LedgerView("ledger.db", LedgerAccess.NONE), 0
    ),
    "explanation": samples.EXPLANATION_REPORT,
    "explanation of a stranger": samples.stranger_explained(),
    "connect link": samples.CONNECT_LINK_REPORT,
    "connect link on a terminal": structs.replace(
        samples.CONNECT_LINK_REPORT, email=None, saved_to=None
    ),
    "rules": samples.RULES_REPORT,
    "no rules": RulesReport("prod", "sandbox:1", (), 0),
    "run": samples.RUN_REPORT,
    "validation": samples.VALIDATION_REPORT,
    "valid": ValidationReport(1, 1, None, (), 0),
    "doctor": samples.DOCTOR_REPORT,
    "doctor without a workspace": DoctorReport(None, None, (), 65),
    "error": samples.ERROR_REPORT,
    "error without a plan": ErrorReport(65, samples.VALIDATION_REPORT.diagnostics),
    "workspaces": WorkspacesReport(
        (
            WorkspaceSection("acme", samples.PLAN_REPORT),
            WorkspaceSection("globex", samples.REFUSED_REPORT),
            WorkspaceSection("initech", samples.ERROR_REPORT),
        ),
        3,
    ),
    "no workspaces": WorkspacesReport((), 0, "7/8"),
    **ledger_samples.REPORTS,
}
