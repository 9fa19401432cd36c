"""Tells people and pipelines what became of a program's fleets: the one place that does.

Values of ``evaluation`` and results of runs become log lines of Pulumi, one ``pulumi.RunError`` if
something failed, and the reports that ``RECONCILER_REPORT`` asks for: those of the command line,
with the status that the command line would have ended with.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pulumi
from msgspec import structs

from reconciler.domain import Diagnostic, InvalidInput
from reconciler.engine import Exit, Refused, exit_status, limit_sources
from reconciler.engine.link_base import links_from
from reconciler.engine.output_file import OutputFailed, OutputFile
from reconciler.pulumi_provider.errors import describe, invalid
from reconciler.pulumi_provider.evaluation import ApprovedFleet, Failure
from reconciler.pulumi_provider.resources import Granularity
from reconciler.reporting import (
    ErrorReport,
    Format,
    InvalidLinkBase,
    Links,
    PlanReport,
    Report,
    RunReport,
    formats_of,
    render,
)
from reconciler.reporting.wording import stacks
from reconciler.runs import RunResult

VARIABLE: Final = "RECONCILER_REPORT"
_PLACEHOLDER: Final = "{workspace}"


class ReportFile:
    """Where ``RECONCILER_REPORT=FORMAT=PATH`` wants the report of each of ``workspaces``.

    ``{workspace}`` in the path is replaced. Raises :class:`InvalidInput`, also if the reports of
    several workspaces would overwrite each other.
    """

    def __init__(self, environ: Mapping[str, str], workspaces: Sequence[str]) -> None:
        self._to: tuple[Format, str] | None = None
        self._links: Links | None = None
        self.missing = set(workspaces)
        option = environ.get(VARIABLE)
        if not option:
            return
        name, separator, path = option.partition("=")
        forms = [form for form in Format if form in formats_of(PlanReport, RunReport)]
        if not separator or not path or name not in forms:
            raise _invalid(f"{option}: write FORMAT=PATH, with one of {', '.join(forms)}")
        if path == "-":
            raise _invalid(f"{option}: standard output is Pulumi's; name a file")
        if len(workspaces) > 1 and _PLACEHOLDER not in path:
            raise _invalid(f"the program has several workspaces: put {_PLACEHOLDER} into the path")
        try:
            self._links = links_from(None, environ, Path.cwd())
        except InvalidLinkBase as error:
            raise invalid(str(error)) from None
        self._to = Format(name), path

    def write(self, workspace: str, report: Report) -> None:
        """Write all of ``report``, or leave the file as it is. Raises :class:`InvalidInput`."""
        if self._to is None:
            return
        self.missing.discard(workspace)
        form, path = self._to[0], Path(self._to[1].replace(_PLACEHOLDER, workspace))
        try:
            OutputFile(path).write(render(report, form, links=self._links).encode())
        except OutputFailed as error:
            raise _invalid(f"{error.path} cannot be written: {error.reason}") from None


class ProgramReporter:
    """Tells how a program goes. ``workspaces`` are all that it declares."""

    def __init__(self, environ: Mapping[str, str], workspaces: Sequence[str]) -> None:
        try:
            self._file = ReportFile(environ, workspaces)
        except InvalidInput as error:
            raise pulumi.RunError(str(error)) from None

    @contextmanager
    def failures(self, fleet: ApprovedFleet | None = None) -> Iterator[None]:
        """Report an error that is raised inside, and raise it as Pulumi's.

        It belongs to ``fleet``, or to the whole program.
        """
        try:
            yield
        except pulumi.RunError:
            raise
        except Exception as error:  # noqa: BLE001 - every error ends here
            if fleet is None:
                raise self.failed(Failure(error)) from None
            failure = Failure(error, fleet.fleet, fleet.session.workspace, fleet.ledger)
            raise self.failed(failure) from None

    def failed(self, failure: Failure) -> pulumi.RunError:
        """Report ``failure``: the error to raise, which Pulumi shows without a traceback.

        If a report cannot be written, that is the error.
        """
        try:
            if failure.fleet is not None:
                report = failure_report(failure)
                if failure.notifier is not None and isinstance(report, PlanReport):
                    deliveries = failure.notifier.of_refused_run(report)
                    report = structs.replace(report, deliveries=deliveries)
                self._file.write(failure.fleet.workspace, report)
                rest: Report = ErrorReport(Exit.REFUSED, (Diagnostic(None, stacks.ABANDONED),))
            else:
                rest = failure_report(failure)
            for workspace in sorted(self._file.missing):
                self._file.write(workspace, rest)
        except InvalidInput as error:
            return pulumi.RunError(str(error))
        return pulumi.RunError(describe(failure.error, failure.workspace))

    def announce(self, fleet: ApprovedFleet) -> None:
        """Log what an update of ``fleet`` does, and what it leaves alone."""
        content = fleet.approved.plan.content
        if fleet.unpreviewed:
            pulumi.log.warn(stacks.no_preview(fleet.session.target))
        if line := stacks.planned(content, fleet.approved.ready):
            pulumi.log.warn(line)
        if fleet.postponed:
            pulumi.log.warn(stacks.postponed(content, fleet.postponed))
        for line in stacks.remainder(content):
            pulumi.log.info(line)
        if fleet.fleet.granularity is Granularity.USER and (
            line := stacks.many(content, len(fleet.desired.users))
        ):
            pulumi.log.info(line)

    def approved(self, fleet: ApprovedFleet) -> None:
        """Report the plan of ``fleet``; in an update, that its run has not ended yet.

        The latter stays if the program is killed. Raises :class:`InvalidInput`.
        """
        self._file.write(
            fleet.fleet.workspace,
            _plan_report(fleet)
            if fleet.run is None
            else ErrorReport(
                Exit.PARTIAL, (Diagnostic(None, stacks.not_ended(fleet.run.journal.id)),)
            ),
        )

    def ended(self, fleet: ApprovedFleet, result: RunResult) -> str | None:
        """Report how the run of ``fleet`` ended, and notify its targets; the error in words, if it
        did not converge.

        Raises :class:`InvalidInput`.
        """
        report = _run_report(fleet, result)
        if fleet.notifier is not None:
            report = structs.replace(report, deliveries=fleet.notifier.of_run(report))
        self._file.write(fleet.fleet.workspace, report)
        content = fleet.approved.plan.content
        return None if result.converged else stacks.unconfirmed(content, result)


def failure_report(failure: Failure) -> PlanReport | ErrorReport:
    """The report of a failure: the refused plan, or the error."""
    error = failure.error
    if isinstance(error, Refused):
        return PlanReport(
            error.plan,
            exit_status(error),
            limit_sources=limit_sources(failure.workspace) if failure.workspace else {},
            verdicts=error.verdicts,
            ledger=failure.ledger,
            run=failure.run,
        )
    if isinstance(error, InvalidInput):
        return ErrorReport(exit_status(error), error.diagnostics)
    problem = Diagnostic(None, describe(error, failure.workspace))
    return ErrorReport(exit_status(error), (problem,))


def _plan_report(fleet: ApprovedFleet) -> PlanReport:
    return PlanReport(
        fleet.approved.plan,
        Exit.OK,
        limit_sources=limit_sources(fleet.session.workspace),
        verdicts=fleet.approved.verdicts,
        ledger=fleet.ledger,
        changes=fleet.changes,
    )


def _run_report(fleet: ApprovedFleet, result: RunResult) -> RunReport:
    return RunReport(
        fleet.approved.plan,
        result,
        exit_status(result),
        verdicts=fleet.approved.verdicts,
        limit_sources=limit_sources(fleet.session.workspace),
        ledger=fleet.ledger,
        changes=fleet.changes if fleet.approved.stale else None,
    )


def _invalid(message: str) -> InvalidInput:
    return invalid(f"{VARIABLE}: {message}")
