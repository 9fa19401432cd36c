"""What one command on one workspace works with, made from the workspace's configuration.

``open_remote`` is the only place that makes an endpoint with a key in it: a region, a URL, or the
sandbox, which it serves if no process does.
"""

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.applying import LIST_MAX_AGE, ApplySettings, RunContext
from reconciler.applying.run_context import ignore_result
from reconciler.config import BaseUrl, Region, SandboxSource, Workspace, resolve_key
from reconciler.domain import (
    NO_TELEMETRY,
    Cancellation,
    Clock,
    Deadline,
    Declarations,
    Diagnostic,
    InvalidInput,
    ManifestFile,
    Observation,
    RateLimits,
    Secret,
    Telemetry,
)
from reconciler.engine.commit import Commit, commit_of
from reconciler.engine.inputs import ConfiguredInputs
from reconciler.planning import GuardName, Protection, Target
from reconciler.recall import (
    CalendarReader,
    CalendarWriter,
    ClientSettings,
    Endpoint,
    RateLimiter,
    TokenMinter,
    base_url_endpoint,
    region_endpoint,
    sandbox_endpoint,
)
from reconciler.runs import ActionResult, StepJournal

if TYPE_CHECKING:
    from reconciler.notifying import Notifier


@contextmanager
def open_remote(workspace: Workspace, environ: Mapping[str, str]) -> Iterator[Endpoint]:
    """The endpoint of ``workspace``, for as long as the context lasts.

    A sandbox that no process serves now is served by this one, in a thread, on a free loopback
    port. Raises :class:`InvalidInput` for a key that cannot be had.
    """
    match workspace.remote:
        case Region(name=name):
            yield region_endpoint(name, _key(workspace, environ))
        case BaseUrl(url=url):
            yield base_url_endpoint(url, _key(workspace, environ))
        case SandboxSource() as source:
            with _served(source, workspace, environ) as endpoint:
                yield endpoint


def _key(workspace: Workspace, environ: Mapping[str, str]) -> Secret:
    if workspace.api_key is None:
        raise InvalidInput(
            Diagnostic(
                workspace.source,
                f"workspace {workspace.name!r} has no apiKey",
                "add `apiKey: {env: RECALL_API_KEY}`",
            )
        )
    return resolve_key(workspace.api_key, environ)


@contextmanager
def _served(
    source: SandboxSource, workspace: Workspace, environ: Mapping[str, str]
) -> Iterator[Endpoint]:
    # Late: the server's libraries are loaded only where a sandbox is spoken to.
    from reconciler.sandbox import SandboxServer, open_seeded, running_server  # noqa: PLC0415

    with open_seeded(source.state, source.seed) as state:
        identity, own_key = state.id, state.api_key
    key = own_key if workspace.api_key is None else resolve_key(workspace.api_key, environ)
    url = running_server(source.state)
    if url is not None:
        yield sandbox_endpoint(identity, url, key)
        return
    with SandboxServer(source.state) as server:
        yield sandbox_endpoint(identity, server.url, key)


@dataclass(frozen=True)
class Session:
    """A workspace with its API at hand. Holds a reader, and so can change nothing."""

    workspace: Workspace
    endpoint: Endpoint
    reader: CalendarReader
    rate_limiter: RateLimiter
    clock: Clock
    cancellation: Cancellation
    inputs: ConfiguredInputs
    telemetry: Telemetry = NO_TELEMETRY
    _commits: dict[tuple[ManifestFile, ...], Commit] = field(default_factory=dict, init=False)

    @property
    def target(self) -> Target:
        return Target(self.workspace.name, self.endpoint.address)

    def commit(self, declarations: Declarations) -> Commit:
        """The git commit of the workspace's manifests, from which ``declarations`` were read;
        git is asked once."""
        files = declarations.files
        if files not in self._commits:
            self._commits[files] = commit_of(self.workspace.manifests, files)
        return self._commits[files]

    def deadline(self) -> Deadline:
        """Waits until the run is cancelled."""
        return Deadline(self.clock, self.cancellation)

    def settings(self) -> ClientSettings:
        """The workspace's timeouts as the client takes them."""
        return client_settings(self.workspace)

    def run_context(
        self,
        run: str,
        journal: StepJournal,
        writer: CalendarWriter,
        observation: Observation,
        settings: ApplySettings,
        on_result: Callable[[ActionResult], None] = ignore_result,
        good_until: Mapping[str, datetime] = {},
    ) -> RunContext:
        """What the users of ``run`` share, which begins with the list ``observation``."""
        return RunContext(
            run,
            journal,
            observation,
            reader=self.reader,
            writer=writer,
            protection=protection_of(self.workspace),
            clock=self.clock,
            cancellation=self.cancellation,
            settings=settings,
            jitter=random.Random(),  # noqa: S311 - it only spreads retries
            on_result=on_result,
            good_until=good_until,
            telemetry=self.telemetry,
        )

    @contextmanager
    def writer(self) -> Iterator[CalendarWriter]:
        """The client that can change things; only what acts on an approved plan asks for it."""
        with CalendarWriter(
            self.endpoint,
            clock=self.clock,
            rate_limiter=self.rate_limiter,
            settings=self.settings(),
            telemetry=self.telemetry,
        ) as writer:
            yield writer

    def notifier(self, environ: Mapping[str, str]) -> "Notifier":
        """Who is notified of what becomes of the workspace. Raises :class:`InvalidInput` for a
        target that cannot be used; whether it can be reached is not checked."""
        # Late: no plan needs it.
        from reconciler.notifying import Notifier, ready_targets  # noqa: PLC0415

        targets = ready_targets(self.workspace, environ, [self.endpoint.key])
        place, address = self.workspace.ledger, self.endpoint.address
        create = not self.workspace.require_ledger
        return Notifier(targets, self.workspace.name, address, place, self.clock, create=create)

    @contextmanager
    def minter(self) -> Iterator[TokenMinter]:
        """The client that can mint tokens and act on nothing; only connect links ask for it."""
        with TokenMinter(
            self.endpoint,
            clock=self.clock,
            rate_limiter=self.rate_limiter,
            settings=self.settings(),
            telemetry=self.telemetry,
        ) as minter:
            yield minter


class RateLimiters:
    """The rate limiters of a command: one for each key at each API, whatever workspaces use it.

    Thread-safe.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limiters: dict[tuple[str, str], RateLimiter] = {}

    def of(self, endpoint: Endpoint, limits: RateLimits) -> RateLimiter:
        """The limiter of ``endpoint``; the ``limits`` of the first workspace there count."""
        with self._lock:
            there = endpoint.address, endpoint.fingerprint()
            if there not in self._limiters:
                self._limiters[there] = RateLimiter(limits, self._clock)
            return self._limiters[there]

    def forget(self) -> None:
        """Let other limits count from the next session on, as after a changed configuration."""
        with self._lock:
            self._limiters.clear()


@contextmanager
def open_session(
    workspace: Workspace,
    environ: Mapping[str, str],
    *,
    clock: Clock,
    cancellation: Cancellation,
    telemetry: Telemetry = NO_TELEMETRY,
    rate_limiters: RateLimiters | None = None,
) -> Iterator[Session]:
    """Everything that reading from ``workspace`` needs. Raises :class:`InvalidInput`."""
    with open_remote(workspace, environ) as endpoint:
        limiters = rate_limiters or RateLimiters(clock)
        rate_limiter = limiters.of(endpoint, workspace.rate_limits)
        with CalendarReader(
            endpoint,
            clock=clock,
            rate_limiter=rate_limiter,
            settings=client_settings(workspace),
            telemetry=telemetry,
        ) as reader:
            inputs = ConfiguredInputs(
                workspace, environ, clock=clock, cancellation=cancellation, keys=[endpoint.key]
            )
            yield Session(
                workspace, endpoint, reader, rate_limiter, clock, cancellation, inputs, telemetry
            )


def client_settings(workspace: Workspace) -> ClientSettings:
    """The client's settings with what the workspace configures of them."""
    return ClientSettings(workspace.timeouts)


_DEFAULTS = ApplySettings()


def apply_settings(
    workspace: Workspace,
    *,
    max_failures: int = _DEFAULTS.max_failures,
    parallelism: int = _DEFAULTS.workers,
) -> ApplySettings:
    """How a run acts: as asked for, and as ``workspace`` has it."""
    timeouts, limits = workspace.timeouts, workspace.rate_limits
    between_lists = 60.0 / limits.shared(limits.list)
    return ApplySettings(
        workers=parallelism,
        max_failures=max_failures,
        read_back=timeouts.read_back,
        retry_after_cap=timeouts.retry_after_cap,
        call_limit=client_settings(workspace).call_total,
        # Fresh lists take at most a third of their budget.
        list_max_age=max(LIST_MAX_AGE, 3 * between_lists),
    )


def protection_of(workspace: Workspace) -> Protection:
    """The users that ``workspace`` protects."""
    return Protection(workspace.protected, workspace.protected_unknown_email)


def limit_sources(workspace: Workspace) -> dict[GuardName, str]:
    """Where each limit of ``workspace`` is set, for refusals to name."""
    places = {
        GuardName.MAX_DISCONNECTS: workspace.max_disconnects_source,
        GuardName.MAX_DISCONNECT_PERCENT: workspace.max_disconnect_percent_source,
        GuardName.DESIRED_FLEET_SHRINK: workspace.max_fleet_shrink_percent_source,
        GuardName.OBSERVED_FLEET_SHRINK: workspace.max_fleet_shrink_percent_source,
        GuardName.SOURCE_SHRINK: workspace.max_source_shrink_percent_source,
        GuardName.RULE_BREADTH: workspace.max_rule_matches_source,
        GuardName.MAX_DISCONNECTS_PER_DAY: workspace.max_disconnects_per_day_source,
    }
    return {guard: str(place) if place else "the default" for guard, place in places.items()}
