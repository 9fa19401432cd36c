"""The watch of several workspaces: each has cycles of its own, and all have one server.

One thread reads the configuration and says whose cycle is next; the cycles are made in others.
"""

import os
import secrets
import threading
from pathlib import Path
from typing import Final

from reconciler.cli.context import CommandContext
from reconciler.cli.exits import Signalled
from reconciler.cli.several import chosen_names, each_workspace
from reconciler.cli.watched import (
    WatchedOne,
    WatchOptions,
    links,
    metrics_file,
    need_the_extra,
    serving,
    token_of,
    write,
)
from reconciler.cli.workspace_choice import Several
from reconciler.config import Configuration, find_configuration, load_configuration
from reconciler.domain import Diagnostic, InvalidInput, Secret
from reconciler.reporting import WorkspaceReport, WorkspacesReport, one_line
from reconciler.reporting.phrase import counted
from reconciler.watching.board import Board
from reconciler.watching.cycles import failed
from reconciler.watching.log_line import cycle_line
from reconciler.watching.pages import for_machines
from reconciler.watching.rota import Rota

_READ_EVERY: Final = 60.0
"""Seconds between two readings of the configuration, unless the interval is shorter."""

_SECONDS_TO_STOP: Final = 2.0
"""Seconds that cycles get to end after a signal. They only read."""


def once_each(context: CommandContext, asked: Several, options: WatchOptions) -> WorkspacesReport:
    """One cycle of each workspace. All metrics are written to one file, whether or not there are
    plans."""
    need_the_extra()
    from reconciler.watching.all_metrics import AllMetrics  # noqa: PLC0415
    from reconciler.watching.metrics import WatchMetrics  # noqa: PLC0415

    seconds, file = options.seconds, metrics_file(context, options)
    found: dict[str, WatchMetrics] = {}

    def body(one: CommandContext) -> WorkspaceReport:
        chosen = one.chosen_workspace()
        options.check(chosen)
        watched = WatchedOne(one, options, chosen, lambda: chosen, one.rate_limiters)
        found[chosen.name] = watched.metrics
        return for_machines(watched.cycle())

    report = each_workspace(context, asked, body, plans=True)
    if file is not None:
        workspaces = context.configuration().workspaces
        for section in report.sections:
            if section.workspace not in found:  # it was refused, or never began
                metrics = WatchMetrics(section.workspace, seconds, counters=False)
                metrics.publish(failed(workspaces[section.workspace], context.clock))
                found[section.workspace] = metrics
        metrics_of_all = AllMetrics()
        metrics_of_all.of = found
        file.write(metrics_of_all.text())
    return report


class _Configured:
    """The configuration as it was read last: taken by the cycles of all workspaces."""

    def __init__(self, path: Path, configuration: Configuration) -> None:
        self._path = path
        self._good = configuration
        self._problems: tuple[Diagnostic, ...] = ()

    def read_again(self) -> None:
        try:
            self._good = load_configuration(self._path)
        except InvalidInput as error:
            self._problems = error.diagnostics
        else:
            self._problems = ()

    def now(self) -> Configuration:
        """Raises :class:`InvalidInput` if it could not be read."""
        if self._problems:
            raise InvalidInput(*self._problems)
        return self._good


class WatchOfSeveral:
    """The watch of those workspaces that were ``asked`` for, whatever they are at the moment."""

    def __init__(self, context: CommandContext, asked: Several, options: WatchOptions) -> None:
        need_the_extra()
        from reconciler.watching.all_metrics import AllMetrics  # noqa: PLC0415

        self._context, self._asked, self._options = context, asked, options
        self._read_every = min(options.seconds, _READ_EVERY)
        path = find_configuration(context.config, os.environ, Path.cwd())
        configuration = context.configuration()
        self._configured = _Configured(path, configuration)
        self._links = links(context)
        self._metrics = AllMetrics()
        self._board = Board(context.clock, alone=False)
        self._watched: dict[str, WatchedOne] = {}
        self._rota = Rota(asked.at_once, context.clock, self._cycle)
        self._writing = threading.Lock()
        self._said: tuple[str, ...] = ()
        names, _ = chosen_names(asked, configuration)
        for name in names:
            options.check(configuration.workspaces[name])
            token = token_of(configuration.workspaces[name])
            self._watched[name] = self._made(configuration, name, token)
        self._file = metrics_file(context, options)
        self._publish()

    def forever(self, listen: str) -> str:
        """Cycle after cycle, until a signal."""
        context, clock = self._context, self._context.clock
        try:
            with serving(listen, self._board, self._metrics) as url:
                number = counted(len(self._watched), "workspace")
                context.remark(f"watching {number}; metrics at {url}/metrics, a list at {url}/")
                read = clock.monotonic()
                while True:
                    if clock.monotonic() - read >= self._read_every:
                        self._read_again()
                        read = clock.monotonic()
                    self._rota.start_due()
                    self._rota.wait(max(0.0, read + self._read_every - clock.monotonic()))
        except Signalled as stop:
            context.cancellation.request(stop.signum)
            self._rota.wait_for_ends(_SECONDS_TO_STOP)
            return ""

    def _cycle(self, name: str) -> float:
        watched = self._watched.get(name)
        if watched is None:
            return 0.0
        began = self._context.clock.monotonic()
        snapshot = watched.cycle()
        if self._context.cancellation.requested_at is None:
            self._context.remark(f"{name}: {cycle_line(snapshot)}")
            with self._writing:
                write(self._context, self._file, self._metrics)
        return watched.pause(began, snapshot)

    def _read_again(self) -> None:
        """Find workspaces that are new, and leave those that are gone. What cannot be read changes
        nothing here; the cycles say it of each workspace."""
        self._configured.read_again()
        said: list[str] = []
        try:
            configuration = self._configured.now()
            names, _ = chosen_names(self._asked, configuration)
        except InvalidInput as error:
            said += [one_line(problem.message) for problem in error.diagnostics]
        else:
            self._watched = {
                name: self._watched.get(name) or self._appeared(configuration, name)
                for name in names
            }
            self._publish()
        for text in said:
            if text not in self._said:
                self._context.say(text)
        self._said = tuple(said)

    def _publish(self) -> None:
        self._metrics.of = {name: one.metrics for name, one in self._watched.items()}
        self._board.shown = {name: one.shown for name, one in self._watched.items()}
        self._rota.keep(self._watched)

    def _appeared(self, configuration: Configuration, name: str) -> WatchedOne:
        """A workspace that is new. Nobody sees its pages while its token cannot be read."""
        try:
            token = token_of(configuration.workspaces[name])
        except InvalidInput:
            token = Secret(secrets.token_hex())
        return self._made(configuration, name, token)

    def _made(self, configuration: Configuration, name: str, token: Secret | None) -> WatchedOne:
        return WatchedOne(
            self._context,
            self._options,
            configuration.workspaces[name],
            lambda: self._configured.now().workspace(name),
            self._context.rate_limiters,
            token=token,
            links=self._links,
        )
