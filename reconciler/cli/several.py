"""Commands over several workspaces: side by side, each as if it were the only one.

One that fails or is refused stops no other. A signal stops all of them, and each still reports.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from reconciler.cli.command_limit import CommandLimit
from reconciler.cli.context import DASH, CommandContext
from reconciler.cli.error_report import INTERRUPTED, report_of
from reconciler.cli.errors import UsageError
from reconciler.cli.run_progress import Progress
from reconciler.cli.streams import StandardOutput
from reconciler.cli.workspace_choice import Several
from reconciler.config import (
    Configuration,
    Shard,
    UnusableSelection,
    select_workspaces,
    shard_of,
)
from reconciler.domain import Cancellation, Cancelled, Diagnostic, of_signal
from reconciler.engine import RateLimiters, declared_twice, worst
from reconciler.engine.output_file import OutputFailed, OutputFile
from reconciler.reporting import (
    ErrorReport,
    Report,
    WorkspaceReport,
    WorkspaceSection,
    WorkspacesReport,
)
from reconciler.reporting.wording import outcomes

_SWITCH_INTERVAL: Final = 0.05
"""Seconds for which a workspace computes before the thread of another one does.

Plans compute for most of their time. Every switch costs what the caches of the processor held, and
more workspaces at a time switch more often.
"""


def chosen_names(
    asked: Several, configuration: Configuration
) -> tuple[tuple[str, ...], Shard | None]:
    """The names that were ``asked`` for, sorted, and of which shard they are.

    Raises :class:`UsageError`, and :class:`InvalidInput` for what matches no workspace.
    """
    try:
        shard = shard_of(asked.shard, os.environ)
        names = select_workspaces(
            configuration, asked.patterns, everything=asked.everything, shard=shard
        )
    except UnusableSelection as error:
        raise UsageError(str(error)) from None
    return names, shard


@dataclass(frozen=True)
class _Shared:
    """What the workspaces of one command have in common."""

    configuration: Configuration
    cancellation: Cancellation
    rate_limiters: RateLimiters


class WorkspaceContext(CommandContext):
    """One of several workspaces of the command of ``parent``, which does all the writing."""

    def __init__(self, parent: CommandContext, name: str, shared: _Shared) -> None:
        super().__init__(
            parent.config, name, quiet=parent.quiet, verbose=parent.verbose, where=name
        )
        self._parent = parent
        self._shared = shared
        self.files = parent.files
        self.limit = parent.limit
        self._events = parent.events
        self.cancellation = shared.cancellation
        self.rate_limiters = shared.rate_limiters

    def configuration(self) -> Configuration:
        return self._shared.configuration

    def output(self, path: Path) -> OutputFile | StandardOutput:
        """The file of this workspace in the folder ``path``."""
        if path == DASH:
            raise UsageError("plans of several workspaces go to a folder: -o FOLDER")
        try:
            path.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputFailed(path, f"the folder cannot be made: {error.strerror}") from None
        return self._parent.output(self.plan_file(path))

    def plan_file(self, path: Path) -> Path:
        """The plan of this workspace in the folder ``path``."""
        return path / f"{self.workspace}.plan"

    def standard_input(self, most: int) -> bytes:  # noqa: ARG002 - nothing is read
        raise UsageError("several workspaces cannot read standard input: name a file")

    def progress(self) -> Progress:
        return Progress(shown=False)

    def say(self, text: str) -> None:
        self._parent.say(f"{self.workspace}: {text}")

    def show(self, report: Report, *, on_stderr: bool = False) -> None:
        """Nothing: the sections come at the end, and nobody is asked."""


def each_workspace(
    context: CommandContext,
    asked: Several,
    body: Callable[[CommandContext], WorkspaceReport],
    check: Callable[[], None] | None = None,
    count: Callable[[CommandContext], int] | None = None,
    *,
    plans: bool,
    after: Callable[[WorkspacesReport], WorkspacesReport] | None = None,
) -> WorkspacesReport:
    """Do ``body`` for every workspace that was ``asked`` for, and report on each by itself.

    ``check`` comes first. ``count`` says how many disconnects it would make in one workspace: if
    the limit of the command would not hold, nothing is done in any. ``after`` completes the
    report. If it ``plans``, nobody may be declared in two workspaces that have the same key at the
    same API: one would undo what the other does.
    """
    if check is not None:
        check()
    configuration = context.configuration()
    context.limit = CommandLimit(configuration)
    names, shard = chosen_names(asked, configuration)
    shared = _Shared(configuration, context.cancellation, RateLimiters(context.clock))
    context.signals.stop_gracefully(
        context.cancellation, partial(context.say, outcomes.STOPPING_ALL), outcomes.ABORTED_ALL
    )
    chosen = [configuration.workspaces[name] for name in names]
    refused: Mapping[str, Exception] = {}
    if plans:
        refused = declared_twice(
            chosen, os.environ, context.clock, context.cancellation, shared.rate_limiters
        )

    def section(name: str) -> WorkspaceSection:
        one = WorkspaceContext(context, name, shared)
        return WorkspaceSection(name, _report(one, body, refused.get(name)))

    def planned(name: str) -> int:
        one = WorkspaceContext(context, name, shared)
        return 0 if count is None or name in refused else _counted(one, count)

    # Where something acts, its calls must leave at a certain moment.
    rarely = _switching_rarely() if count is None else nullcontext()
    with rarely, ThreadPoolExecutor(asked.at_once) as threads:
        if count is not None and context.limit.exists:
            context.limit.check(sum(threads.map(planned, names)))
        sections = tuple(threads.map(section, names))
    status = worst(section.report.status for section in sections)
    report = WorkspacesReport(sections, status, None if shard is None else str(shard))
    return report if after is None else after(report)


@contextmanager
def _switching_rarely() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _counted(context: WorkspaceContext, count: Callable[[CommandContext], int]) -> int:
    try:
        return count(context)
    except Exception:  # noqa: BLE001 - the workspace fails by itself, and does nothing
        return 0


def _report(
    context: WorkspaceContext,
    body: Callable[[CommandContext], WorkspaceReport],
    refused: Exception | None,
) -> WorkspaceReport:
    if refused is not None:
        return report_of(refused, context.where)
    try:
        if context.cancellation.requested_at is not None:
            raise Cancelled  # noqa: TRY301 - as a wait would
        return body(context)
    except Cancelled:
        signum = context.cancellation.signal or signal.SIGTERM
        return ErrorReport(of_signal(signum), (Diagnostic(None, INTERRUPTED),))
    except Exception as error:  # noqa: BLE001 - it is this workspace's alone
        return report_of(error, context.where)
