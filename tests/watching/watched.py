"""Cycles of a project, made in this process, and a client of the pages that they lead to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from reconciler.cli.error_report import report_of
from reconciler.config import Workspace, load_configuration
from reconciler.domain import COMMAND_LINE, Cancellation, Secret, SystemClock
from reconciler.engine import RateLimiters
from reconciler.reporting import ErrorReport
from reconciler.watching.board import Board, Shown
from reconciler.watching.cycles import Cycles
from reconciler.watching.metrics import CONTENT_TYPE, WatchMetrics
from reconciler.watching.pages import Pages
from reconciler.watching.server import WatchServer, listen
from reconciler.watching.snapshot import WatchSnapshot
from reconciler.watching.state import WatchState

INTERVAL = 900.0


def described(error: Exception, where: str | None) -> ErrorReport:
    report = report_of(error, where)
    assert isinstance(report, ErrorReport)
    return report


class Watched:
    """A watch whose cycles a test makes, one at a time."""

    def __init__(self, folder: Path, token: Secret | None = None) -> None:
        self.clock = SystemClock()
        self.metrics = WatchMetrics("trial", INTERVAL)
        self.state = WatchState(self.clock, token)
        self._file = folder / "reconciler.yaml"
        self.cycles = Cycles(
            self._workspace(),
            self._workspace,
            {},
            COMMAND_LINE,
            self.clock,
            Cancellation(self.clock.monotonic),
            self.metrics,
            described,
            RateLimiters(self.clock),
        )

    def _workspace(self) -> Workspace:
        return load_configuration(self._file).workspace("trial")

    def cycle(self) -> WatchSnapshot:
        self.state.begin()
        snapshot = self.cycles.run()
        self.state.publish(snapshot)
        self.metrics.publish(snapshot)
        return snapshot

    def values(self) -> dict[str, float]:
        """What the metrics say, by name and labels, without the workspace."""
        found = {}
        for line in self.metrics.text().decode().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[
                    name.replace('workspace="trial"', "")
                    .replace("{}", "")
                    .replace("{,", "{")
                    .replace(",}", "}")
                ] = float(value)
        return found

    @contextmanager
    def served(self, host: str = "127.0.0.1") -> Iterator[httpx.Client]:
        """A client of the pages, which are served as if they were on ``host``."""
        listener = listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        metrics = (self.metrics.text, CONTENT_TYPE)
        board = Board(self.clock, {"trial": Shown(self.state, Pages())}, alone=True)
        with (
            WatchServer(listener, host, board, lambda: (metrics[0](), metrics[1])),
            httpx.Client(base_url=url, trust_env=False) as client,
        ):
            yield client
