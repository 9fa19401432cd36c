"""``reconciler watch``: plans again and again, and shows what it found; it cannot act."""

import os
import random
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from reconciler.cli import options
from reconciler.cli.context import CommandContext
from reconciler.cli.error_report import report_of
from reconciler.cli.errors import UsageError
from reconciler.cli.exits import Signalled
from reconciler.cli.inputs import owner_of
from reconciler.cli.logs import LogFormat
from reconciler.config import Workspace, find_configuration, load_configuration
from reconciler.config.secret_source import resolve_secret
from reconciler.domain import Cancellation, Diagnostic, InvalidInput, Secret
from reconciler.domain.telemetry import Telemetries
from reconciler.engine.exits import FAILING, PlanState
from reconciler.engine.output_file import OutputFailed, OutputFile
from reconciler.engine.tracing import tracing
from reconciler.reporting import ErrorReport, Format, PlanReport, Report, one_line
from reconciler.reporting.wording import summary
from reconciler.watching.access import WATCH_TOKEN
from reconciler.watching.cycles import Cycles
from reconciler.watching.pages import Pages, for_machines
from reconciler.watching.schedule import duration, pause, shortest_interval
from reconciler.watching.snapshot import WatchSnapshot
from reconciler.watching.state import WatchState, problems

if TYPE_CHECKING:
    from reconciler.watching.metrics import WatchMetrics

_PUBLIC: Final = 0o644
"""Metrics name nobody, and another account collects them."""

_LAST_PORT: Final = 65_535


def watch(
    interval: Annotated[
        str, typer.Option(metavar="DURATION", help="From one cycle to the next: 90s, 15m or 1h.")
    ] = "15m",
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Address to serve on; port 0 takes a free one.")
    ] = "127.0.0.1:9464",
    once: Annotated[
        bool, typer.Option("--once", help="Make one cycle, show its plan as `plan` does, and end.")
    ] = False,
    metrics_file: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Write the metrics to this file too, after each cycle (*.prom)."
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode",
            help="With --once: exit with 2 on changes, 7 if something waits for a person.",
        ),
    ] = False,
    stack: options.Stack = None,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    link_base: options.LinkBase = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    log_format: options.LogFormat = LogFormat.TEXT,
) -> None:
    """Plan again and again, and serve metrics and the last plan.

    It changes nothing.

    Ends with status 0 when a signal ends it.
    """
    context = CommandContext(
        config,
        workspace,
        output_format,
        report,
        quiet,
        verbose,
        log_format,
        gives=(PlanReport,),
        link_base=link_base,
    )

    def body() -> Report | str:
        if not once and (report or output_format is not Format.TEXT or detailed_exitcode):
            raise UsageError(
                "--format, --report and --detailed-exitcode need --once: the watch serves its plan"
            )
        watched = _prepare(context, owner_of(stack), interval, metrics_file, once=once)
        if detailed_exitcode:
            watched.cycles.failing = FAILING | {PlanState.CHANGES, PlanState.PENDING}
        with tracing(os.environ, watched.cycles.workspace.name) as traces:
            watched.cycles.telemetry = Telemetries(watched.metrics, traces)
            return watched.once() if once else watched.forever(listen)

    context.run(body)


@dataclass
class _Watched:
    """The watch of one command: its cycles, and where their snapshots go."""

    context: CommandContext
    cycles: Cycles
    metrics: "WatchMetrics"
    state: WatchState
    interval: float
    file: OutputFile | None

    def once(self) -> Report:
        """One cycle. Its metrics are written whether or not there is a plan."""
        snapshot = self._cycle()
        if self.file is not None:
            self.file.write(self.metrics.text())
        return for_machines(snapshot)

    def forever(self, listen: str) -> str:
        """Cycle after cycle, until a signal."""
        from reconciler.engine.link_base import links_from  # noqa: PLC0415
        from reconciler.watching.metrics import CONTENT_TYPE  # noqa: PLC0415
        from reconciler.watching.server import WatchServer  # noqa: PLC0415

        host, port = _address(listen)
        pages = Pages(links_from(self.context.link_base, os.environ, Path.cwd()))
        listener = _listening(host, port)
        url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        try:
            with WatchServer(
                listener, host, self.state, pages, lambda: (self.metrics.text(), CONTENT_TYPE)
            ):
                self.context.remark(f"watching; metrics at {url}/metrics, the last plan at {url}/")
                while True:
                    self._cycle_and_wait()
        except Signalled:
            return ""

    def _cycle_and_wait(self) -> None:
        clock = self.cycles.clock
        began = clock.monotonic()
        snapshot = self._cycle()
        self.context.remark(_line(snapshot))
        if self.file is not None:
            try:
                self.file.write(self.metrics.text())
            except OutputFailed as error:
                self.context.say(one_line(str(error)))
        interval = max(self.interval, shortest_interval(self.cycles.workspace.rate_limits))
        chance = random.random()  # noqa: S311 - it only spreads cycles
        wait = pause(began, clock.monotonic(), interval, snapshot.retry_after, chance)
        clock.wait(wait, self.cycles.cancellation.event)

    def _cycle(self) -> WatchSnapshot:
        self.state.begin()
        snapshot = self.cycles.run()
        self.state.publish(snapshot)
        self.metrics.publish(snapshot)
        return snapshot


def _line(snapshot: WatchSnapshot) -> str:
    """A cycle in a line, with the first thing that is wrong."""
    report = snapshot.current
    said = summary.of_planned(report.plan.content) if report else "no plan."
    wrong = problems(snapshot)
    first = f" {wrong[0].message}" if wrong else ""
    return f"cycle {snapshot.number}: {said}{first}"


def _prepare(
    context: CommandContext,
    owner: str,
    interval: str,
    metrics_file: Path | None,
    *,
    once: bool,
) -> _Watched:
    """Everything that may be wrong with the options or the configuration is found here."""
    try:
        seconds = duration(interval)
    except ValueError as error:
        raise UsageError(f"--interval {error}") from None
    path = find_configuration(context.config, os.environ, Path.cwd())
    chosen = context.chosen_workspace()
    least = shortest_interval(chosen.rate_limits)
    if seconds < least:
        raise UsageError(
            f"--interval {interval} is too short: the share of the rate limit of lists allows one"
            f" list every {least:g} s (`rateLimits` in the configuration)"
        )
    try:
        from reconciler.watching.metrics import WatchMetrics  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("prometheus_client"):
            raise
        what, hint = "`watch` needs prometheus-client", "pip install 'calendar-reconciler[metrics]'"
        raise InvalidInput(Diagnostic(None, what, hint)) from None

    def token(workspace: Workspace) -> Secret | None:
        source = workspace.watch_token
        return None if source is None else resolve_secret(source, os.environ, WATCH_TOKEN)

    file = None
    if metrics_file is not None:
        context.files.write(metrics_file)
        file = OutputFile(metrics_file, _PUBLIC)
    state = WatchState(context.clock, None if once else token(chosen))
    metrics = WatchMetrics(chosen.name, seconds, counters=not once)

    def reload() -> Workspace:
        workspace = load_configuration(path).workspace(chosen.name)
        if not once:
            state.token = token(workspace)
        return workspace

    def describe(error: Exception, where: str | None) -> ErrorReport:
        described = report_of(error, where)
        return described if isinstance(described, ErrorReport) else ErrorReport(1, ())

    cycles = Cycles(
        chosen,
        reload,
        os.environ,
        owner,
        context.clock,
        Cancellation(context.clock.monotonic),
        metrics,
        describe,
    )
    return _Watched(context, cycles, metrics, state, seconds, file)


def _address(listen: str) -> tuple[str, int]:
    host, separator, port = listen.rpartition(":")
    if not (separator and host and port.isdecimal() and int(port) <= _LAST_PORT):
        raise UsageError(f"--listen {listen!r}: write HOST:PORT, such as 127.0.0.1:9464")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _listening(host: str, port: int) -> socket.socket:
    from reconciler.watching.server import listen  # noqa: PLC0415

    try:
        return listen(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"--listen {host}:{port}: {reason}; choose another address") from None
