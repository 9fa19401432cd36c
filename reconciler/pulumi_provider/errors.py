"""Errors in words: one message that says what happened and what to do, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.domain import Diagnostic, InvalidInput

if TYPE_CHECKING:
    from reconciler.config import Workspace


class Failed(Exception):
    """The provider could not do something; the message says what. Pulumi shows ``Failed: …``."""


# Otherwise the SDK shows the module before the name.
Failed.__module__ = "builtins"


def invalid(message: str) -> InvalidInput:
    """The error for something that the program was given and that is in no file."""
    return InvalidInput(Diagnostic(None, message))


@contextmanager
def provider_errors(workspace: "Workspace | None" = None) -> Iterator[None]:
    """Turn every error into a :class:`Failed` of one message."""
    try:
        yield
    except Failed:
        raise
    except Exception as error:  # noqa: BLE001 - every error ends here
        raise Failed(describe(error, workspace)) from None


def describe(error: Exception, workspace: "Workspace | None") -> str:
    """What ``error`` is and what to do about it; for a defect, where in the code it is."""
    # Imported late: these load all that can raise such an error.
    from reconciler.engine import Refused, limit_sources  # noqa: PLC0415
    from reconciler.ledger import LedgerError, LockHeld, NotJoinable  # noqa: PLC0415
    from reconciler.planning import PlanUnusable  # noqa: PLC0415
    from reconciler.pulumi_provider.pinned_plan import NotPlanned  # noqa: PLC0415
    from reconciler.recall import RecallError  # noqa: PLC0415
    from reconciler.reporting.wording import outcomes, stacks  # noqa: PLC0415
    from reconciler.runs import JournalFailed  # noqa: PLC0415

    match error:
        case Refused():
            sources = limit_sources(workspace) if workspace else {}
            return stacks.refused(error.plan.content, error.verdicts, sources)
        case LockHeld():
            return _with_hint(str(error), stacks.while_locked(error.holder.run))
        case NotJoinable() | InvalidInput() | JournalFailed() | NotPlanned() | PlanUnusable():
            return str(error)
        case LedgerError():
            return _with_hint(str(error), error.hint)
        case RecallError():
            where = f"workspace {workspace.name}: " if workspace else ""
            return _with_hint(f"{where}{error.detail}", error.hint)
        case _:
            return f"this is a defect of the reconciler, please report it: {outcomes.defect(error)}"


def _with_hint(text: str, hint: str | None) -> str:
    return f"{text} ({hint})" if hint else text
