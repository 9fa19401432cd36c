"""What the watch has of each workspace: its cycles, and where their snapshots go; and the watch of
one workspace."""

import importlib
import os
import random
import socket
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from reconciler.cli.context import CommandContext
from reconciler.cli.error_report import report_of
from reconciler.cli.errors import UsageError
from reconciler.cli.exits import Signalled
from reconciler.config import Workspace, find_configuration, load_configuration
from reconciler.config.secret_source import resolve_secret
from reconciler.domain import Diagnostic, InvalidInput, Secret, install_extra
from reconciler.domain.telemetry import Telemetries
from reconciler.engine import RateLimiters
from reconciler.engine.exits import PlanState
from reconciler.engine.output_file import OutputFailed, OutputFile
from reconciler.engine.tracing import tracing
from reconciler.reporting import ErrorReport, Links, Report, one_line
from reconciler.watching.access import WATCH_TOKEN
from reconciler.watching.board import Board, Shown
from reconciler.watching.cycles import Cycles
from reconciler.watching.log_line import cycle_line
from reconciler.watching.pages import Pages, for_machines
from reconciler.watching.schedule import duration, pause, shortest_interval
from reconciler.watching.snapshot import WatchSnapshot
from reconciler.watching.state import WatchState

_PUBLIC: Final = 0o644
"""Metrics name nobody, and another account collects them."""

_LAST_PORT: Final = 65_535


@dataclass(frozen=True)
class WatchOptions:
    """How to watch. ``interval`` is as it was typed; ``failing`` as for the cycles."""

    owner: str
    interval: str
    metrics_file: Path | None
    failing: Set[PlanState]
    once: bool

    @property
    def seconds(self) -> float:
        """The interval. Raises :class:`UsageError`."""
        try:
            return duration(self.interval)
        except ValueError as error:
            raise UsageError(f"--interval {error}") from None

    def check(self, workspace: Workspace) -> None:
        """Refuse an interval that the rate limits of ``workspace`` do not allow."""
        least = shortest_interval(workspace.rate_limits)
        if self.seconds < least:
            raise UsageError(
                f"--interval {self.interval} is too short: the share of the rate limit of lists"
                f" allows one list every {least:g} s (`rateLimits` in the configuration)"
            )


class HasMetrics(Protocol):
    """The metrics of one workspace, or of several."""

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""


def need_the_extra() -> None:
    """Say what to install where the extra is missing."""
    try:
        importlib.import_module("reconciler.watching.metrics")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("prometheus_client"):
            raise
        what, hint = "`watch` needs prometheus-client", install_extra("metrics")
        raise InvalidInput(Diagnostic(None, what, hint)) from None


class WatchedOne:
    """One workspace that is watched. ``read`` gives it as it is configured now.

    ``token`` is what its pages ask for until the first cycle reads the configured one.
    """

    def __init__(
        self,
        context: CommandContext,
        options: WatchOptions,
        chosen: Workspace,
        read: Callable[[], Workspace],
        rate_limiters: RateLimiters,
        *,
        token: Secret | None = None,
        links: Links | None = None,
    ) -> None:
        from reconciler.watching.metrics import WatchMetrics  # noqa: PLC0415

        self.name = chosen.name
        self.state = WatchState(context.clock, token)
        self.pages = Pages(links)
        self.metrics: WatchMetrics = WatchMetrics(
            chosen.name, options.seconds, counters=not options.once
        )
        self._interval = options.seconds
        self._once = options.once
        self._read = read
        self._clock = context.clock
        self._cycles = Cycles(
            chosen,
            self._reload,
            os.environ,
            options.owner,
            context.clock,
            context.cancellation,
            self.metrics,
            _describe,
            rate_limiters,
            options.failing,
        )

    @property
    def shown(self) -> Shown:
        """What the server shows of it."""
        return Shown(self.state, self.pages)

    def cycle(self) -> WatchSnapshot:
        """Make a cycle, and show what it found."""
        self.state.begin()
        with tracing(os.environ, self.name) as traces:
            self._cycles.telemetry = Telemetries(self.metrics, traces)
            snapshot = self._cycles.run()
        self.state.publish(snapshot)
        self.metrics.publish(snapshot)
        return snapshot

    def pause(self, began: float, snapshot: WatchSnapshot) -> float:
        """Seconds until the next cycle after this one, which began then."""
        limits = self._cycles.workspace.rate_limits
        interval = max(self._interval, shortest_interval(limits))
        chance = random.random()  # noqa: S311 - it only spreads cycles
        return pause(began, self._clock.monotonic(), interval, snapshot.retry_after, chance)

    def _reload(self) -> Workspace:
        workspace = self._read()
        if not self._once:
            self.state.token = token_of(workspace)
        return workspace


class WatchOfOne:
    """The watch of one workspace. Everything that may be wrong with the options or the
    configuration is found when it is made."""

    def __init__(self, context: CommandContext, options: WatchOptions) -> None:
        self._context = context
        _ = options.seconds
        path = find_configuration(context.config, os.environ, Path.cwd())
        chosen = context.chosen_workspace()
        options.check(chosen)
        need_the_extra()
        self._file = metrics_file(context, options)
        self._watched = WatchedOne(
            context,
            options,
            chosen,
            lambda: load_configuration(path).workspace(chosen.name),
            context.rate_limiters,
            token=None if options.once else token_of(chosen),
            links=None if options.once else links(context),
        )

    def once(self) -> Report:
        """One cycle. Its metrics are written whether or not there is a plan."""
        snapshot = self._watched.cycle()
        if self._file is not None:
            self._file.write(self._watched.metrics.text())
        return for_machines(snapshot)

    def forever(self, listen: str) -> str:
        """Cycle after cycle, until a signal."""
        watched, clock = self._watched, self._context.clock
        board = Board(clock, {watched.name: watched.shown}, alone=True)
        try:
            with serving(listen, board, watched.metrics) as url:
                self._context.remark(f"watching; metrics at {url}/metrics, the last plan at {url}/")
                while True:
                    began = clock.monotonic()
                    snapshot = watched.cycle()
                    self._context.remark(cycle_line(snapshot))
                    write(self._context, self._file, watched.metrics)
                    wait = watched.pause(began, snapshot)
                    clock.wait(wait, self._context.cancellation.event)
        except Signalled:
            return ""


def metrics_file(context: CommandContext, options: WatchOptions) -> OutputFile | None:
    """The file for the metrics, if there is one. Raises :class:`OutputFailed`."""
    if options.metrics_file is None:
        return None
    context.files.write(options.metrics_file)
    return OutputFile(options.metrics_file, _PUBLIC)


def write(context: CommandContext, file: OutputFile | None, metrics: HasMetrics) -> None:
    """Write the metrics to ``file``; where that fails, say so and go on."""
    if file is not None:
        try:
            file.write(metrics.text())
        except OutputFailed as error:
            context.say(one_line(str(error)))


def links(context: CommandContext) -> Links | None:
    """The links of all pages."""
    from reconciler.engine.link_base import links_from  # noqa: PLC0415

    return links_from(context.link_base, os.environ, Path.cwd())


@contextmanager
def serving(listen: str, board: Board, metrics: HasMetrics) -> Iterator[str]:
    """Serve ``board`` and ``metrics`` for as long as the context lasts; gives where."""
    from reconciler.watching.metrics import CONTENT_TYPE  # noqa: PLC0415
    from reconciler.watching.server import WatchServer  # noqa: PLC0415

    host, port = _address(listen)
    listener = _listening(host, port)
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    with WatchServer(listener, host, board, lambda: (metrics.text(), CONTENT_TYPE)):
        yield url


def token_of(workspace: Workspace) -> Secret | None:
    """The token of its pages. Raises :class:`InvalidInput` if it cannot be used."""
    source = workspace.watch_token
    return None if source is None else resolve_secret(source, os.environ, WATCH_TOKEN)


def _describe(error: Exception, where: str | None) -> ErrorReport:
    described = report_of(error, where)
    return described if isinstance(described, ErrorReport) else ErrorReport(1, ())


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
