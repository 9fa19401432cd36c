"""What a command reports that ended with an error."""

import logging
from typing import Final

from reconciler.cli.exits import Signalled, exit_status
from reconciler.domain import Diagnostic, Exit, InvalidInput
from reconciler.engine import LinkRefused
from reconciler.ledger import LedgerError, LockHeld
from reconciler.recall import RecallError
from reconciler.reporting import ErrorReport, WorkspaceReport
from reconciler.reporting.wording import outcomes

log = logging.getLogger(__name__)

INTERRUPTED: Final = "interrupted; nothing was changed"


def report_of(error: BaseException, where: str | None = None) -> WorkspaceReport:
    """What a command reports that ended with ``error``, speaking to the API at ``where``."""
    status = exit_status(error)
    match error:
        case InvalidInput(diagnostics=diagnostics):
            return ErrorReport(status, diagnostics)
        case Signalled():
            return ErrorReport(status, (Diagnostic(None, INTERRUPTED),))
    if status is Exit.DEFECT:
        log.debug("defect", exc_info=error)
        hint = "this is a defect in the reconciler: run again with --verbose and report it"
        return ErrorReport(status, (Diagnostic(None, outcomes.defect(error), hint),))
    if isinstance(error, LedgerError | LockHeld | LinkRefused):
        return ErrorReport(status, (Diagnostic(None, str(error), error.hint),))
    if isinstance(error, RecallError):
        message = f"{where}: {error.detail}" if where else error.detail
        return ErrorReport(status, (Diagnostic(None, message, error.hint),))
    return ErrorReport(status, (Diagnostic(None, str(error)),))
