"""The command line's own reports, written by a Pulumi program for a pipeline to read.

The status in each is what the command line would have ended with.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from reconciler.config import Workspace
from reconciler.domain import Diagnostic, InvalidInput
from reconciler.engine import Exit, Refused, exit_status, limit_sources
from reconciler.engine.output_file import OutputFailed, OutputFile
from reconciler.pulumi_provider.errors import said
from reconciler.pulumi_provider.judged import Judged
from reconciler.pulumi_provider.saying import told_by_program, wrong
from reconciler.reporting import (
    ErrorReport,
    Format,
    LedgerView,
    PlanReport,
    Report,
    RunReport,
    render,
)
from reconciler.reporting.wording import stacks
from reconciler.runs import RunResult

VARIABLE: Final = "RECONCILER_REPORT"
_PLACE: Final = "{workspace}"


class ReportFile:
    """Where ``RECONCILER_REPORT=FORMAT=PATH`` asks for a report of each of ``workspaces``, if it
    does.

    ``{workspace}`` in the path is replaced. Raises :class:`InvalidInput`, also where their reports
    would replace each other.
    """

    def __init__(self, environ: Mapping[str, str], workspaces: Sequence[str]) -> None:
        option = environ.get(VARIABLE)
        self._to: tuple[Format, str] | None = None
        self._unwritten = set(workspaces)
        if not option:
            return
        name, separator, path = option.partition("=")
        if not separator or not path or name not in list(Format):
            raise _wrong(f"{option}: write FORMAT=PATH, with one of {', '.join(Format)}")
        if path == "-":
            raise _wrong(f"{option}: standard output is Pulumi's; name a file")
        if len(workspaces) > 1 and _PLACE not in path:
            raise _wrong(f"the program has several workspaces: put {_PLACE} into the path")
        self._to = Format(name), path

    def of_any_error(self, error: Exception) -> None:
        """Report what kept the whole program from being judged, of each workspace."""
        for name in sorted(self._unwritten):
            self.write(name, error_report(error, None))

    def of_others(self) -> None:
        """Report, of each workspace that has no report yet, that it was another one's fault."""
        told = ErrorReport(Exit.REFUSED, (Diagnostic(None, stacks.ABANDONED),))
        for name in sorted(self._unwritten):
            self.write(name, told)

    def telling(
        self, name: str, workspace: Workspace | None = None
    ) -> AbstractContextManager[None]:
        """As :func:`told_by_program`, with what goes wrong in the report of the workspace ``name``;
        a refusal has its own."""

        def write(error: Exception) -> None:
            if not isinstance(error, Refused):
                self.write(name, error_report(error, workspace))

        return told_by_program(workspace, write)

    def write(self, workspace: str, report: Report) -> None:
        """Write ``report`` whole, or leave what is there. Raises :class:`InvalidInput`."""
        if self._to is None:
            return
        self._unwritten.discard(workspace)
        form, path = self._to[0], Path(self._to[1].replace(_PLACE, workspace))
        try:
            OutputFile(path).write(render(report, form).encode())
        except OutputFailed as error:
            raise _wrong(f"{error.path} cannot be written: {error.reason}") from None


def plan_report(judged: Judged) -> PlanReport:
    """What a fleet's update would do."""
    return PlanReport(
        judged.approved.plan,
        Exit.OK,
        limit_sources=limit_sources(judged.session.workspace),
        verdicts=judged.approved.verdicts,
        ledger=judged.ledger,
        changes=judged.changes,
    )


def refusal_report(refused: Refused, workspace: Workspace, ledger: LedgerView) -> PlanReport:
    """What a guard refused."""
    return PlanReport(
        refused.plan,
        exit_status(refused),
        limit_sources=limit_sources(workspace),
        verdicts=refused.verdicts,
        ledger=ledger,
    )


def error_report(error: Exception, workspace: Workspace | None) -> ErrorReport:
    """What kept a fleet from being judged at all."""
    if isinstance(error, InvalidInput):
        return ErrorReport(exit_status(error), error.diagnostics)
    return ErrorReport(exit_status(error), (Diagnostic(None, said(error, workspace)),))


def begun_report(run: str) -> ErrorReport:
    """What stands in place of the :func:`run_report` for as long as ``run`` is open, and stays if
    the program is ended before it."""
    return ErrorReport(Exit.PARTIAL, (Diagnostic(None, stacks.not_ended(run)),))


def run_report(judged: Judged, result: RunResult) -> RunReport:
    """How a fleet's update ended."""
    return RunReport(
        judged.approved.plan,
        result,
        exit_status(result),
        verdicts=judged.approved.verdicts,
        limit_sources=limit_sources(judged.session.workspace),
        ledger=judged.ledger,
        changes=judged.changes if judged.approved.stale else None,
    )


def _wrong(message: str) -> InvalidInput:
    return wrong(f"{VARIABLE}: {message}")
