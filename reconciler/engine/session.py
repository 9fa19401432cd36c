"""What one command on one workspace works with: who is asked, how, and what stops it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.config import Workspace
from reconciler.domain import Clock, DesiredState, ManifestFile
from reconciler.engine.commit import Commit, commit_of
from reconciler.engine.remote import open_remote
from reconciler.planning import Target
from reconciler.recall import (
    Budgets,
    CalendarReader,
    CalendarWriter,
    Endpoint,
    Patience,
    RateLimits,
    Settings,
    Stop,
)


@dataclass(frozen=True)
class Session:
    """A workspace with its API at hand. Holds a reader, and so can change nothing."""

    workspace: Workspace
    endpoint: Endpoint
    reader: CalendarReader
    budgets: Budgets
    clock: Clock
    stop: Stop
    _commits: dict[tuple[ManifestFile, ...], Commit] = field(default_factory=dict, init=False)

    @property
    def target(self) -> Target:
        return Target(self.workspace.name, self.endpoint.address)

    def commit(self, desired: DesiredState) -> Commit:
        """The git commit of the workspace's manifests, from which ``desired`` was read; git is
        asked once."""
        if desired.files not in self._commits:
            self._commits[desired.files] = commit_of(self.workspace.manifests, desired.files)
        return self._commits[desired.files]

    def patience(self) -> Patience:
        """To wait until told to stop."""
        return Patience(self.clock, self.stop)

    def settings(self) -> Settings:
        """The workspace's timeouts as the client takes them."""
        return client_settings(self.workspace)

    @contextmanager
    def writer(self) -> Iterator[CalendarWriter]:
        """The client that can change things; only what acts on an approved plan asks for it."""
        with CalendarWriter(
            self.endpoint, clock=self.clock, budgets=self.budgets, settings=self.settings()
        ) as writer:
            yield writer


@contextmanager
def open_session(
    workspace: Workspace, environ: Mapping[str, str], *, clock: Clock, stop: Stop
) -> Iterator[Session]:
    """Everything that reading from ``workspace`` needs. Raises :class:`InvalidInput`."""
    budgets = Budgets(rate_limits(workspace), clock)
    with (
        open_remote(workspace, environ) as endpoint,
        CalendarReader(
            endpoint, clock=clock, budgets=budgets, settings=client_settings(workspace)
        ) as reader,
    ):
        yield Session(workspace, endpoint, reader, budgets, clock, stop)


def rate_limits(workspace: Workspace) -> RateLimits:
    """The workspace's rate limits as the client takes them."""
    limits = workspace.rate_limits
    return RateLimits(
        share=limits.share,
        list=limits.list,
        authenticate=limits.authenticate,
        user=limits.user,
    )


def client_settings(workspace: Workspace) -> Settings:
    """The client's settings with what the workspace configures of them."""
    timeouts = workspace.timeouts
    return Settings(
        connect_timeout=timeouts.connect,
        read_timeout=timeouts.read,
        list_timeout=timeouts.list,
        retry_after_cap=timeouts.retry_after_cap,
    )
