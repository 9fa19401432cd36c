"""Errors as Pulumi shows them: one sentence, no traceback, on either side of the front."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pulumi

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


class Failed(Exception):
    """What the provider could not do, in words. (Named by its bare name where it is shown.)"""


# Else the SDK shows the module before the message.
Failed.__module__ = "builtins"


@contextmanager
def told_by_program(workspace: Workspace | None = None) -> Iterator[None]:
    """Raise what goes wrong as the one error that Pulumi shows without a traceback."""
    try:
        yield
    except pulumi.RunError:
        raise
    except Exception as error:  # noqa: BLE001 - all ends here
        raise pulumi.RunError(said(error, workspace)) from None


@contextmanager
def told_by_provider(workspace: Workspace | None = None) -> Iterator[None]:
    """Raise what goes wrong as one line."""
    try:
        yield
    except Failed:
        raise
    except Exception as error:  # noqa: BLE001 - all ends here
        raise Failed(said(error, workspace)) from None


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
