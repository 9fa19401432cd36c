"""What an error is and what to do about it, in words."""

import traceback
from pathlib import Path

from reconciler.applying import JournalFailed
from reconciler.config import Workspace
from reconciler.domain import InvalidInput
from reconciler.engine import Refused, limit_sources
from reconciler.ledger import LedgerError, LockHeld, NotJoinable
from reconciler.planning import PlanUnusable
from reconciler.pulumi_provider.pins import NotPlanned
from reconciler.recall import RecallError
from reconciler.reporting.wording import stacks

_SAY_IT_ALL = (JournalFailed, NotJoinable, NotPlanned, PlanUnusable)


def said(error: Exception, workspace: Workspace | None) -> str:
    """What ``error`` is and what to do about it; of a defect, where it is."""
    match error:
        case Refused():
            sources = limit_sources(workspace) if workspace else {}
            return stacks.refused(error.plan.content, error.verdicts, sources)
        case InvalidInput():
            return str(error)
        case LedgerError() | LockHeld():
            return f"{error} ({error.hint})" if error.hint else str(error)
        case RecallError():
            where = f"workspace {workspace.name}: " if workspace else ""
            return f"{where}{error.detail}" + (f" ({error.hint})" if error.hint else "")
    if isinstance(error, _SAY_IT_ALL):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    return (
        f"a defect of the reconciler, please report it: {type(error).__name__}: {error} ({where})"
    )
