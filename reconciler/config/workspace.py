"""A workspace as it is configured: where its API is, what one run may do to it, how patiently.

The engine makes the client, the guards and the plan from it.

The configuration as a whole: workspaces by name.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from reconciler.config.api_key import ApiKeySource
from reconciler.domain import (
    Diagnostic,
    InvalidInput,
    LedgerPlace,
    Limits,
    SourceLocation,
    UnknownEmail,
)
from reconciler.manifest.source import near_miss, shown


class Region(Struct, frozen=True):
    """A Recall.ai region by its name, ``us-west-2`` for example."""

    name: str


class BaseUrl(Struct, frozen=True):
    """The API at a URL of one's own: scheme, host and port, in lower case, nothing else."""

    url: str


class SandboxSource(Struct, frozen=True):
    """The embedded sandbox: the file it is seeded from, and the one that keeps its state."""

    seed: Path
    state: Path


Remote: TypeAlias = Region | BaseUrl | SandboxSource


class RateLimits(Struct, frozen=True):
    """Calls a minute that the API allows: ``list`` and ``authenticate`` to the workspace.

    ``user`` is for one endpoint of one calendar user. ``share`` is the part (above 0, at most 1)
    of the workspace budgets that a run may take.
    """

    share: float = 0.5
    list: int = 60
    authenticate: int = 300
    user: int = 120


class Timeouts(Struct, frozen=True):
    """Seconds, except ``plan_expiry``: the hours for which a saved plan can be applied.

    ``read`` and ``list`` bound the silence of an answer, ``read_back`` how long a disconnect is
    read back, ``retry_after_cap`` the ``Retry-After`` that is still waited for.
    """

    connect: float = 10
    read: float = 30
    list: float = 120
    read_back: float = 60
    retry_after_cap: float = 120
    plan_expiry: float = 24


class Workspace(Struct, frozen=True):
    """One workspace. All paths are absolute.

    ``require_ledger`` says that an acting run which finds no ledger is refused. ``source`` is
    where the workspace is defined; the other sources are where its ledger is named and where its
    limits are set, None for a default.
    """

    name: str
    remote: Remote
    api_key: ApiKeySource | None
    manifests: tuple[Path, ...]
    limits: Limits
    protected: tuple[str, ...]
    protected_unknown_email: UnknownEmail
    rate_limits: RateLimits
    timeouts: Timeouts
    ledger: LedgerPlace
    require_ledger: bool
    source: SourceLocation
    ledger_source: SourceLocation | None = None
    max_disconnects_source: SourceLocation | None = None
    max_disconnect_percent_source: SourceLocation | None = None
    max_fleet_shrink_percent_source: SourceLocation | None = None


class Configuration(Struct, frozen=True):
    """A read ``reconciler.yaml``."""

    path: Path
    default_workspace: str | None
    workspaces: Mapping[str, Workspace]
    source: SourceLocation

    def workspace(self, name: str | None) -> Workspace:
        """The workspace called ``name``, or the default one.

        Raises :class:`InvalidInput` with the names there are.
        """
        names = f"there are: {', '.join(sorted(self.workspaces))}"
        chosen = self.default_workspace if name is None else name
        if chosen is None:
            raise InvalidInput(
                Diagnostic(
                    self.source,
                    f"no workspace is named and there is no `defaultWorkspace`; {names}",
                    "use --workspace or RECONCILER_WORKSPACE",
                )
            )
        if chosen not in self.workspaces:
            raise InvalidInput(
                Diagnostic(
                    self.source,
                    f"there is no workspace {shown(chosen)}; {names}",
                    near_miss(chosen, self.workspaces),
                )
            )
        return self.workspaces[chosen]
