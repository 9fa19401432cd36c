"""What every command has around it: configuration, standard output, reports, errors, status."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from msgspec import structs

from reconciler.cli.checkout import checkout_of
from reconciler.cli.command_files import CommandFiles, read_beside_manifests
from reconciler.cli.command_limit import CommandLimit
from reconciler.cli.error_report import report_of
from reconciler.cli.errors import EndedWith, OutputConflict, UsageError
from reconciler.cli.exits import Signalled, Signals
from reconciler.cli.logs import LogFormat, set_up_logging
from reconciler.cli.run_progress import Progress, RunProgress
from reconciler.cli.streams import (
    StandardOutput,
    coloured,
    print_out,
    read_input,
    report_lost,
    width,
)
from reconciler.config import (
    Configuration,
    Workspace,
    find_configuration,
    load_configuration,
)
from reconciler.domain import (
    Cancellation,
    Clock,
    Exit,
    Phase,
    SystemClock,
)
from reconciler.engine import RateLimiters, Session, open_session
from reconciler.engine.link_base import links_from
from reconciler.engine.output_file import OutputFailed, OutputFile
from reconciler.engine.tracing import tracing
from reconciler.reporting import (
    FINDINGS,
    ErrorReport,
    Format,
    InvalidLinkBase,
    LedgerView,
    Links,
    PlanReport,
    Report,
    RunReport,
    WorkspaceReport,
    WorkspacesReport,
    formats_of,
    one_line,
    render,
)
from reconciler.reporting.wording import outcomes

if TYPE_CHECKING:
    from reconciler.cli.event_stream import EventStream
    from reconciler.cli.workspace_choice import Several

log = logging.getLogger(__name__)

DASH = Path("-")
"""Stands for standard input or output where a command takes a file."""

_Output = tuple[Format, OutputFile | StandardOutput]

_FINE = frozenset({Exit.OK, Exit.CHANGES, Exit.PENDING})
"""Statuses of a result that has to be read: one that could not be written has none of them."""


@dataclass
class CommandContext:
    """One invocation of one command, with the options that all of them take.

    ``gives`` are the kinds of report that it may end with, apart from errors: it can be written in
    the formats that all of them have.
    """

    config: Path | None = None
    workspace: str | None = None
    format: Format = Format.TEXT
    reports: list[str] = field(default_factory=list)
    quiet: bool = False
    verbose: bool = False
    log_format: LogFormat = LogFormat.TEXT
    signals: Signals = field(default_factory=Signals)
    where: str | None = None
    gives: tuple[type[Report], ...] = ()
    link_base: str | None = None
    clock: Clock = field(init=False)
    cancellation: Cancellation = field(init=False)
    rate_limiters: RateLimiters = field(init=False)
    files: CommandFiles = field(default_factory=CommandFiles)
    _shown_ledger: LedgerView | None = None
    _events: "EventStream | None" = None
    _lines: list[str] = field(default_factory=list)
    _links: Links | None = None
    _configuration: Path | None = None
    _output_is_taken: bool = False
    _input_is_taken: bool = False

    def __post_init__(self) -> None:
        self.clock = SystemClock()
        self.cancellation = Cancellation(self.clock.monotonic)
        self.rate_limiters = RateLimiters(self.clock)
        sinks: list[Callable[[str], object]] = []
        if self.format is Format.JSONL:
            sinks.append(partial(print_out, on_stderr=False))
        if any(option.startswith(f"{Format.JSONL}=") for option in self.reports):
            sinks.append(self._lines.append)
        if sinks:
            from reconciler.cli.event_stream import EventStream  # noqa: PLC0415 - few need it

            self._events = EventStream(self.clock, sinks)

    def writes(self, form: Format) -> bool:
        """Whether a report in ``form`` was asked for."""
        return self.format is form or any(option.startswith(f"{form}=") for option in self.reports)

    def configuration(self) -> Configuration:
        """The configuration file in force. Raises :class:`InvalidInput`, :class:`UsageError`."""
        if DASH in (self.config, Path(os.environ.get("RECONCILER_CONFIG") or ".")):
            raise UsageError(
                "the configuration cannot come from standard input, because its paths are relative"
                " to its folder: name a file"
            )
        found = find_configuration(self.config, os.environ, Path.cwd())
        self.reads(found)
        self._configuration = found
        configuration = load_configuration(found)
        self.reads(*configuration.included)
        return configuration

    def chosen_workspace(self) -> Workspace:
        """The workspace in force: option, environment, default.

        Raises :class:`InvalidInput`, and :class:`UsageError` for an empty variable: the default
        workspace may be another one than was meant.
        """
        name = self.workspace or os.environ.get("RECONCILER_WORKSPACE")
        if name == "":
            raise UsageError(
                "RECONCILER_WORKSPACE is empty: name a workspace, or unset it to use the default"
            )
        workspace = self.configuration().workspace(name)
        self.reads(*workspace.manifests, *read_beside_manifests(workspace))
        return workspace

    @cached_property
    def limit(self) -> CommandLimit:
        """What is left of the disconnects of this command, in all its workspaces."""
        return CommandLimit(self.configuration())

    def again(self) -> tuple[str, ...]:
        """The options by which another command works on the same workspace."""
        config = () if self.config is None else ("--config", str(self.config))
        workspace = () if self.workspace is None else ("--workspace", self.workspace)
        return (*config, *workspace)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The chosen workspace with its API at hand."""
        workspace = self.chosen_workspace()
        with (
            tracing(os.environ, workspace.name) as telemetry,
            telemetry.phase(Phase.COMMAND),
            open_session(
                workspace,
                os.environ,
                clock=self.clock,
                cancellation=self.cancellation,
                telemetry=telemetry,
                rate_limiters=self.rate_limiters,
            ) as session,
        ):
            self.where = f"workspace {workspace.name} at {session.endpoint.address}"
            yield session

    def output(self, path: Path) -> OutputFile | StandardOutput:
        """A file that this command writes, or standard output for ``-``.

        Raises :class:`OutputFailed`, and :class:`UsageError` for what it reads.
        """
        if path == DASH:
            if self._output_is_taken or self.format is not Format.TEXT:
                raise OutputConflict("two outputs go to standard output: name a file for one")
            self._output_is_taken = True
            return StandardOutput()
        self.files.write(path)
        return OutputFile(path)

    def plan_file(self, path: Path) -> Path:
        """Where the plan is that ``path`` names: itself, for a single workspace."""
        return path

    def standard_input(self, most: int) -> bytes:
        """What is on standard input, and no more than one byte beyond ``most``.

        Raises :class:`UsageError`.
        """
        if self._input_is_taken:
            raise UsageError("standard input is named twice: name a file")
        self._input_is_taken = True
        return read_input(most)

    def reads(self, *inputs: Path) -> None:
        """Files and folders that this command reads: none of its outputs may replace them."""
        self.files.read(*inputs)

    @property
    def events(self) -> "EventStream | None":
        """Where events of a run are written; None where nobody reads them."""
        return self._events

    def progress(self) -> Progress:
        """Bars on standard error, where somebody watches."""
        return Progress(shown=sys.stderr.isatty() and not (self.quiet or self.verbose))

    @contextmanager
    def following(self) -> Iterator[RunProgress]:
        """Show a run as it goes: in JSON Lines, and line by line where text has no terminal."""
        lines = self.format is Format.TEXT and not (
            sys.stderr.isatty() or self.quiet or self.verbose
        )
        progress = RunProgress(self.clock, self._events, self.say if lines else _unsaid)
        with progress.shown():
            yield progress

    def show(self, report: Report, *, on_stderr: bool = False) -> None:
        """Print ``report`` as text before the command has ended, for somebody to decide by."""
        on_stderr = on_stderr or self._output_is_taken
        stream = sys.stderr if on_stderr else sys.stdout
        if isinstance(report, PlanReport):
            self._shown_ledger = report.ledger
        text = render(report, Format.TEXT, width=width(stream), color=coloured(stream))
        lost = print_out(f"{text}\n", on_stderr=on_stderr)
        if lost is not None:
            raise UsageError(f"the plan could not be shown ({lost}); nothing was changed")

    def remark(self, text: str) -> None:
        """Write something about the command to standard error, unless ``--quiet``."""
        if not self.quiet:
            self.say(text)

    def say(self, text: str) -> None:
        """Write to standard error what must be known even with ``--quiet``."""
        print_out(one_line(text), on_stderr=True)

    def to_type(self, *words: str) -> tuple[str, ...]:
        """The words of a command that works where this one does, with the options it needs."""
        config = ("--config", str(self.config)) if self.config else ()
        workspace = ("--workspace", self.workspace) if self.workspace else ()
        return ("reconciler", *words, *config, *workspace)

    def run_each(
        self,
        asked: "Several | None",
        body: Callable[["CommandContext"], WorkspaceReport],
        *,
        check: Callable[[], None] | None = None,
        plans: bool = False,
        count: Callable[["CommandContext"], int] | None = None,
        after: Callable[[WorkspacesReport], WorkspacesReport] | None = None,
    ) -> NoReturn:
        """Do ``body`` for this workspace, or for each of those that were ``asked`` for.

        ``check`` comes before it, and raises :class:`UsageError` for options that contradict each
        other. ``plans`` says whether ``body`` compares users with an API. ``count`` says how many
        disconnects it would make. ``after`` completes the report on several workspaces.
        """
        if asked is None:

            def alone() -> Report:
                if check is not None:
                    check()
                return body(self)

            self.run(alone)
        from reconciler.cli.several import each_workspace  # noqa: PLC0415 - few name several

        if self.gives:
            self.gives = (WorkspacesReport, *self.gives)
        self.run(lambda: each_workspace(self, asked, body, check, count, plans=plans, after=after))

    def run(self, body: Callable[[], Report | str]) -> NoReturn:
        """Do ``body``, render what it reports, write the reports, exit with its status.

        Text is printed as it is, with status 0.
        """
        set_up_logging(self.log_format, quiet=self.quiet, verbose=self.verbose)
        outputs: list[_Output] = []
        with self.signals:
            try:
                if self._events is not None:
                    self._events.started()
                self._check_format(self.format)
                self._links = self._made_links()
                outputs.extend(map(self._report_option, self.reports))
                report = body()
                # What was done must be reported: no signal ends the command before that.
                self._only_report()
            except (Exception, Signalled, KeyboardInterrupt) as error:  # noqa: BLE001 - all ends here
                self._only_report()
                report = report_of(error, self.where)
                if isinstance(error, OutputConflict):
                    outputs.clear()
            status = self._emit(report, outputs)
        raise EndedWith(status)

    def _only_report(self) -> None:
        """From now on the first signal lets the command report; only a later one ends it."""
        remark = partial(self.say, outcomes.WRITING)
        self.signals.stop_gracefully(Cancellation(), remark, outcomes.NOT_WRITTEN)

    def _report_option(self, option: str) -> _Output:
        name, separator, path = option.partition("=")
        if not separator or not path or name not in list(Format):
            forms = ", ".join(Format)
            raise UsageError(f"--report {option!r}: write FORMAT=PATH, with one of {forms}")
        self._check_format(Format(name))
        return Format(name), self.output(Path(path))

    def _made_links(self) -> Links | None:
        try:
            return links_from(self.link_base, os.environ, Path.cwd())
        except InvalidLinkBase as error:
            raise UsageError(str(error)) from None

    def _check_format(self, form: Format) -> None:
        formats = formats_of(*self.gives)
        if form not in formats:
            names = ", ".join(each for each in Format if each in formats)
            raise UsageError(f"this command does not write {form}: choose one of {names}")

    def _emit(
        self, report: Report | str, outputs: list[tuple[Format, OutputFile | StandardOutput]]
    ) -> int:
        """Write and print ``report``; the status, worse where that could not be done."""
        if isinstance(report, str):
            failure = print_out(report, on_stderr=False)
            return Exit.OK if failure is None else _unwritten(failure, Exit.USAGE)
        checkout = None
        if any(map(self.writes, FINDINGS)):
            checkout = checkout_of(Path.cwd(), self._configuration)
        failed = report.status
        if failed in _FINE:
            sent = isinstance(report, RunReport) and report.result.calls
            failed = Exit.PARTIAL if sent else Exit.USAGE
        for form, output in outputs:
            try:
                events = "".join(self._lines) if form is Format.JSONL else ""
                text = render(report, form, links=self._links, checkout=checkout)
                output.write(f"{events}{text}".encode())
            except OutputFailed as error:
                report = structs.replace(report, status=_unwritten(str(error), failed))
        form = self.format
        if isinstance(report, ErrorReport) and form is Format.CSV:
            form = Format.TEXT  # so that no reader of the table takes it for a row
        if isinstance(report, RunReport) and form is Format.TEXT:
            # The plan that was shown above said it.
            same = report.ledger == self._shown_ledger
            report = structs.replace(report, ledger=None if same else report.ledger)
        fault = form is Format.TEXT and isinstance(report, ErrorReport)
        on_stderr = fault or self._output_is_taken
        stream = sys.stderr if on_stderr else sys.stdout
        colour = form is Format.TEXT and coloured(stream)
        text = render(
            report,
            form,
            width=width(stream),
            color=colour,
            links=self._links,
            checkout=checkout,
        )
        failure = print_out(text, on_stderr=on_stderr)
        return report.status if failure is None else _unwritten(failure, failed)


def _unsaid(_line: str) -> None:
    return


def _unwritten(reason: str, status: int) -> int:
    """Write to standard error that the result could not be written; returns the status."""
    report_lost(one_line(reason))
    return status
