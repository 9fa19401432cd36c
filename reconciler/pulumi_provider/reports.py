"""The command line's own reports, written by a Pulumi program for a pipeline to read."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.applying import JournalFailed, RunResult
from reconciler.config import Workspace
from reconciler.domain import Diagnostic, InvalidInput
from reconciler.engine import Refused, limit_sources
from reconciler.ledger import LedgerError, LedgerMissing, LedgerUnreachable, LockHeld
from reconciler.planning import PlanUnusable
from reconciler.pulumi_provider.errors import said
from reconciler.recall import CredentialsRefused, RecallError, Throttled
from reconciler.reporting import (
    ErrorReport,
    Format,
    Memory,
    PlanReport,
    Report,
    RunReport,
    render,
)

if TYPE_CHECKING:
    from reconciler.pulumi_provider.judging import Judged

VARIABLE: Final = "RECONCILER_REPORT"
_PLACE: Final = "{workspace}"


class _Status(IntEnum):
    """What the command line would have ended with; its contract is ``docs/behaviour.md``."""

    OK = 0
    DEFECT = 1
    REFUSED = 3
    PARTIAL = 4
    PLAN_UNUSABLE = 5
    INCOMPLETE = 6
    INVALID = 65
    UNREACHABLE = 69
    TRY_LATER = 75
    CREDENTIALS = 77


class ReportFile:
    """Where ``RECONCILER_REPORT=FORMAT=PATH`` asks for a report, if it does.

    ``{workspace}`` in the path is replaced. Raises :class:`InvalidInput`.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        option = environ.get(VARIABLE)
        self._to: tuple[Format, str] | None = None
        if not option:
            return
        name, separator, path = option.partition("=")
        if not separator or not path or name not in list(Format):
            raise _wrong(f"{option}: write FORMAT=PATH, with one of {', '.join(Format)}")
        self._to = Format(name), path

    def check(self, workspaces: Sequence[str]) -> None:
        """Raise :class:`InvalidInput` if the reports of ``workspaces`` would replace each other."""
        if self._to is not None and len(workspaces) > 1 and _PLACE not in self._to[1]:
            raise _wrong(f"the program has several workspaces: put {_PLACE} into the path")

    def of_error(
        self, name: str, workspace: Workspace | None = None
    ) -> Callable[[Exception], None]:
        """Reports what kept the workspace ``name`` from being judged; a refusal has its own."""

        def write(error: Exception) -> None:
            if not isinstance(error, Refused):
                self.write(name, error_report(error, workspace))

        return write

    def write(self, workspace: str, report: Report) -> None:
        """Write ``report`` whole, or leave what is there. Raises :class:`InvalidInput`."""
        if self._to is None:
            return
        form, path = self._to[0], Path(self._to[1].replace(_PLACE, workspace))
        try:
            descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(render(report, form))
            Path(draft).replace(path)
        except OSError as error:
            raise _wrong(f"{path} cannot be written: {error.strerror}") from None


def plan_report(judged: "Judged") -> PlanReport:
    """What a fleet's update would do."""
    return PlanReport(
        judged.approved.plan,
        _Status.OK,
        limit_sources=limit_sources(judged.session.workspace),
        verdicts=judged.approved.verdicts,
        memory=judged.memory,
        changes=judged.changes,
    )


def refusal_report(refused: Refused, workspace: Workspace, memory: Memory) -> PlanReport:
    """What a guard refused."""
    return PlanReport(
        refused.plan,
        _Status.INCOMPLETE if refused.incomplete else _Status.REFUSED,
        limit_sources=limit_sources(workspace),
        verdicts=refused.verdicts,
        memory=memory,
    )


def error_report(error: Exception, workspace: Workspace | None) -> ErrorReport:
    """What kept a fleet from being judged at all."""
    if isinstance(error, InvalidInput):
        return ErrorReport(_Status.INVALID, error.diagnostics)
    status = next((status for kind, status in _ERRORS if isinstance(error, kind)), _Status.DEFECT)
    return ErrorReport(status, (Diagnostic(None, said(error, workspace)),))


_ERRORS: Final[tuple[tuple[type[Exception], _Status], ...]] = (
    (LedgerMissing, _Status.REFUSED),
    (LedgerUnreachable, _Status.TRY_LATER),
    (LedgerError, _Status.INVALID),
    (LockHeld, _Status.TRY_LATER),
    (JournalFailed, _Status.TRY_LATER),
    (Throttled, _Status.TRY_LATER),
    (CredentialsRefused, _Status.CREDENTIALS),
    (RecallError, _Status.UNREACHABLE),
    (PlanUnusable, _Status.PLAN_UNUSABLE),
)
"""The first that fits counts."""


def run_report(judged: "Judged", result: RunResult) -> RunReport:
    """How a fleet's update ended."""
    return RunReport(
        judged.approved.plan,
        result,
        _Status.OK if result.converged else _Status.PARTIAL,
        verdicts=judged.approved.verdicts,
        limit_sources=limit_sources(judged.session.workspace),
        memory=judged.memory,
        changes=judged.changes if judged.approved.stale else None,
    )


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(Diagnostic(None, f"{VARIABLE}: {message}"))
