"""The configuration as data: workspaces by name, each with its API, limits and timeouts.

The engine makes the client, the guards and the plan from a workspace.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

from reconciler.config.notify import NotificationTarget
from reconciler.config.secret_source import SecretSource
from reconciler.domain import (
    Diagnostic,
    InvalidInput,
    LedgerPlace,
    Limits,
    OAuthSettings,
    RateLimits,
    SourceLocation,
    Timeouts,
    UndeclaredPolicy,
    UnknownEmail,
)
from reconciler.manifest.rows import RowFormat
from reconciler.manifest.source import near_miss, quoted


class Region(Struct, frozen=True):
    """A Recall.ai region by its name, ``us-west-2`` for example."""

    name: str


class BaseUrl(Struct, frozen=True):
    """The API at a configured URL: scheme, host and port in lower case, and nothing else."""

    url: str


class SandboxSource(Struct, frozen=True):
    """The embedded sandbox: the file that seeds it, and the file that keeps its state."""

    seed: Path
    state: Path


Remote: TypeAlias = Region | BaseUrl | SandboxSource


class InputCommand(Struct, frozen=True):
    """A command that writes rows for sources. We run it in ``folder``, without a shell.

    It takes at most ``timeout`` seconds, and has ``environment`` (names of variables) beside the
    few that every command needs. ``form``, ``records`` and ``max_rows`` say how its output is read.
    """

    command: tuple[str, ...]
    folder: Path
    form: RowFormat
    records: str | None
    timeout: float
    max_rows: int
    environment: tuple[str, ...]
    source: SourceLocation


class Workspace(Struct, frozen=True):
    """One workspace. All paths are absolute.

    ``undeclared`` is the field `unmanaged`. With ``require_ledger`` a run is refused if it finds no
    ledger. Days begin in ``time_zone``. ``inputs`` are the commands that sources can name, the same
    for every workspace. ``oauth`` is what connect links are made with, ``watch_token`` where the
    token of the watch's pages comes from, ``notify`` where notifications go. ``source`` is where
    the workspace is defined. The other sources are where its ledger and its limits are set; None
    for a default.
    """

    name: str
    remote: Remote
    api_key: SecretSource | None
    manifests: tuple[Path, ...]
    limits: Limits
    protected: tuple[str, ...]
    protected_unknown_email: UnknownEmail
    undeclared: UndeclaredPolicy
    rate_limits: RateLimits
    timeouts: Timeouts
    ledger: LedgerPlace
    require_ledger: bool
    time_zone: ZoneInfo
    source: SourceLocation
    inputs: Mapping[str, InputCommand] = {}
    oauth: OAuthSettings = OAuthSettings()
    watch_token: SecretSource | None = None
    notify: tuple[NotificationTarget, ...] = ()
    ledger_source: SourceLocation | None = None
    max_disconnects_source: SourceLocation | None = None
    max_disconnect_percent_source: SourceLocation | None = None
    max_fleet_shrink_percent_source: SourceLocation | None = None
    max_source_shrink_percent_source: SourceLocation | None = None
    max_rule_matches_source: SourceLocation | None = None
    max_disconnects_per_day_source: SourceLocation | None = None


class Configuration(Struct, frozen=True):
    """A read ``reconciler.yaml``.

    ``included`` are the workspace files that were read with it. One command may disconnect
    ``max_disconnects_per_command`` connections in all its workspaces together (None: no limit);
    ``max_disconnects_per_command_source`` is where that is set.
    """

    path: Path
    default_workspace: str | None
    workspaces: Mapping[str, Workspace]
    source: SourceLocation
    included: tuple[Path, ...] = ()
    max_disconnects_per_command: int | None = None
    max_disconnects_per_command_source: SourceLocation | None = None

    def workspace(self, name: str | None) -> Workspace:
        """The workspace called ``name``, or the default one.

        Raises :class:`InvalidInput` with the names that exist.
        """
        chosen = self.default_workspace if name is None else name
        if chosen is None:
            raise InvalidInput(
                Diagnostic(
                    self.source,
                    f"no workspace is named and there is no `defaultWorkspace`; {self.names}",
                    "use --workspace or RECONCILER_WORKSPACE",
                )
            )
        if chosen not in self.workspaces:
            raise InvalidInput(self.unknown_workspace(chosen))
        return self.workspaces[chosen]

    def unknown_workspace(self, name: str) -> Diagnostic:
        """The error for a ``name`` that no workspace has."""
        return Diagnostic(
            self.source,
            f"there is no workspace {quoted(name)}; {self.names}",
            near_miss(name, self.workspaces),
        )

    @property
    def names(self) -> str:
        """The names that exist, for an error."""
        return names_of(self.workspaces)


_MOST_NAMES: Final = 20


def names_of(workspaces: Iterable[str]) -> str:
    """What names there are, for an error; of many, the first few."""
    known = sorted(workspaces)
    shown, more = ", ".join(known[:_MOST_NAMES]), len(known) - _MOST_NAMES
    return f"there are: {shown}" if more <= 0 else f"there are: {shown} and {more} more"
