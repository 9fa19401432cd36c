"""What an error is and what to do about it, in words."""

from reconciler.config import Workspace
from reconciler.domain import InvalidInput
from reconciler.engine import Refused, limit_sources
from reconciler.ledger import LedgerError, LockHeld, NotJoinable
from reconciler.planning import PlanUnusable
from reconciler.pulumi_provider.pins import NotPlanned
from reconciler.recall import RecallError
from reconciler.reporting.wording import outcomes, stacks
from reconciler.runs import JournalFailed

_SAY_IT_ALL = (InvalidInput, JournalFailed, NotJoinable, NotPlanned, PlanUnusable)


def said(error: Exception, workspace: Workspace | None) -> str:
    """What ``error`` is and what to do about it; of a defect, where it is."""
    match error:
        case Refused():
            sources = limit_sources(workspace) if workspace else {}
            return stacks.refused(error.plan.content, error.verdicts, sources)
        case LockHeld():
            return _hinted(str(error), stacks.while_locked(error.holder.run))
        case LedgerError():
            return _hinted(str(error), error.hint)
        case RecallError():
            where = f"workspace {workspace.name}: " if workspace else ""
            return _hinted(f"{where}{error.detail}", error.hint)
    return str(error) if isinstance(error, _SAY_IT_ALL) else _defect(error)


def _hinted(text: str, hint: str | None) -> str:
    return f"{text} ({hint})" if hint else text


def _defect(error: Exception) -> str:
    return f"a defect of the reconciler, please report it: {outcomes.defect(error)}"
