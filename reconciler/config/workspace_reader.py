"""Makes a :class:`Workspace` of its own settings and the ``defaults`` of the configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from reconciler.config.notify import NotificationTarget, read_target
from reconciler.config.oauth import read_oauth
from reconciler.config.secret_source import (
    SecretFromCommand,
    SecretFromEnvironment,
    SecretFromFile,
    SecretSource,
)
from reconciler.config.setting import NamedWorkspace, Setting
from reconciler.config.workspace import (
    BaseUrl,
    InputCommand,
    Region,
    Remote,
    SandboxSource,
    Workspace,
)
from reconciler.domain import (
    LedgerPlace,
    Limits,
    OAuthSettings,
    RateLimits,
    SourceLocation,
    Timeouts,
    UndeclaredPolicy,
    UnknownEmail,
    UnusableUrl,
    normalised_base_url,
)
from reconciler.manifest.source import quoted

_PLACES: Final = ("region", "baseUrl", "sandbox")
_LIMITS: Final = {
    "maxDisconnects": "max_disconnects",
    "maxDisconnectPercent": "max_disconnect_percent",
    "maxDisconnectsPerDay": "max_disconnects_per_day",
    "maxFleetShrinkPercent": "max_fleet_shrink_percent",
    "maxSourceShrinkPercent": "max_source_shrink_percent",
    "maxRuleMatches": "max_rule_matches",
}
_TIMEOUTS: Final = {
    "connectSeconds": "connect",
    "readSeconds": "read",
    "listSeconds": "list",
    "readBackSeconds": "read_back",
    "retryAfterCapSeconds": "retry_after_cap",
    "planExpiryHours": "plan_expiry",
}


class Shared(Struct, frozen=True):
    """What all workspaces of a configuration have in common. ``folder`` is its folder."""

    folder: Path
    ledger: LedgerPlace
    ledger_source: SourceLocation | None
    require_ledger: bool
    inputs: Mapping[str, InputCommand]
    defaults: Setting | None


def read_workspace(named: NamedWorkspace, own: Setting, shared: Shared) -> Workspace:
    """The workspace with its ``own`` settings, and the defaults where it has none."""
    return _Reader(named, own, shared).workspace()


class _Reader:
    def __init__(self, named: NamedWorkspace, own: Setting, shared: Shared) -> None:
        self._named = named
        self._own = own
        self._shared = shared
        self._defaults = shared.defaults.of(named) if shared.defaults else None
        self._has_own_place = any(name in own.value for name in _PLACES)

    def workspace(self) -> Workspace:
        shared = self._shared
        remote = self._remote()
        limits, timeouts = self._merged("limits"), self._merged("timeouts")
        return Workspace(
            name=self._named.name,
            remote=remote,
            api_key=self._api_key(remote),
            manifests=self._manifests(),
            limits=Limits(
                **{
                    _LIMITS[key]: None if limit.value is None else limit.whole()
                    for key, limit in limits.items()
                }
            ).normalised(),
            protected=tuple(self._value("protected", ())),
            protected_unknown_email=UnknownEmail(
                self._value("protectedUnknownEmail", UnknownEmail.HOLD)
            ),
            undeclared=UndeclaredPolicy(self._value("unmanaged", UndeclaredPolicy.REPORT)),
            rate_limits=RateLimits(
                **{
                    key: rate.value if key == "share" else rate.whole()
                    for key, rate in self._merged("rateLimits").items()
                }
            ),
            timeouts=Timeouts(**{_TIMEOUTS[key]: time.value for key, time in timeouts.items()}),
            ledger=shared.ledger,
            require_ledger=shared.require_ledger,
            time_zone=self._time_zone(),
            source=self._named.place,
            inputs=shared.inputs,
            oauth=self._oauth(),
            watch_token=self._watch_token(),
            notify=self._notify(),
            ledger_source=shared.ledger_source,
            **{f"{_LIMITS[key]}_source": limit.key_place for key, limit in limits.items()},
        )

    def _get(self, name: str) -> Setting | None:
        """The workspace's own setting, else the default."""
        return self._own.get(name) or (self._defaults.get(name) if self._defaults else None)

    def _value(self, name: str, otherwise: Any) -> Any:  # free-form
        setting = self._get(name)
        return otherwise if setting is None else setting.value

    def _merged(self, name: str) -> dict[str, Setting]:
        """The settings in the mapping ``name``: the defaults', and over them the workspace's."""
        merged: dict[str, Setting] = {}
        for layer in filter(None, (self._defaults, self._own)):
            if mapping := layer.get(name):
                merged |= mapping.fields()
        return merged

    def _remote(self) -> Remote:
        """Where the API is. A workspace that says so itself takes nothing of it from defaults."""
        says = self._own if self._has_own_place else self._defaults
        name = next((name for name in _PLACES if says and name in says.value), None)
        if says is None or name is None:
            self._own.error(
                f"{quoted(self._named.name)} needs exactly one of `region`, `baseUrl` and"
                " `sandbox`",
                "add it here or in `defaults`",
            )
            return Region("")
        setting = says.at(name)
        if name == "region":
            return Region(setting.value)
        return self._sandbox(setting) if name == "sandbox" else _base_url(setting)

    def _sandbox(self, setting: Setting) -> SandboxSource:
        state = setting.get("state")
        default = self._shared.folder / f".reconciler/sandbox-{self._named.name}.db"
        return SandboxSource(setting.at("seed").file(), state.file() if state else default)

    def _api_key(self, remote: Remote) -> SecretSource | None:
        own_sandbox = isinstance(remote, SandboxSource) and self._has_own_place
        # The defaults' key is for another place: an own sandbox neither needs nor gets it.
        setting = self._own.get("apiKey") if own_sandbox else self._get("apiKey")
        if setting is not None:
            return read_secret(setting)
        if not isinstance(remote, SandboxSource):
            self._own.error("`apiKey` is missing", "add `apiKey`, here or in `defaults`")
        return None

    def _manifests(self) -> tuple[Path, ...]:
        setting = self._get("manifests")
        if setting is None:
            self._own.error("`manifests` is missing", "add `manifests`, here or in `defaults`")
            return ()
        return tuple(entry.file() for entry in setting.entries())

    def _oauth(self) -> OAuthSettings:
        setting = self._get("oauth")
        if setting is None:
            return OAuthSettings()
        return read_oauth(
            setting.value, lambda path, message, hint: setting.error(message, hint, *path)
        )

    def _watch_token(self) -> SecretSource | None:
        setting = self._get("watch")
        return None if setting is None else read_secret(setting.at("token"))

    def _notify(self) -> tuple[NotificationTarget, ...]:
        """The targets of the defaults, and the workspace's own; one of its name replaces one."""
        targets = self._merged("notify")
        return tuple(read_target(name, target, read_secret) for name, target in targets.items())

    def _time_zone(self) -> ZoneInfo:
        setting = self._get("timeZone")
        try:
            return ZoneInfo("UTC" if setting is None else setting.value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            assert setting is not None  # noqa: S101  # there is always a UTC
            what = f"there is no time zone {quoted(setting.value)}"
            setting.error(what, "write one such as `Europe/Berlin`; without it, days are UTC")
            return ZoneInfo("UTC")


def read_secret(setting: Setting) -> SecretSource:
    """Where a secret is found. Its place is that of the field that says so."""
    source = setting.key_place
    if variable := setting.get("env"):
        return SecretFromEnvironment(variable.variable(), source)
    if file := setting.get("file"):
        return SecretFromFile(file.file(), source)
    return SecretFromCommand(setting.at("command").words(), setting.folder, source)


def _base_url(setting: Setting) -> Remote:
    try:
        return BaseUrl(normalised_base_url(setting.value))
    except UnusableUrl as error:
        setting.error(f"`baseUrl` {error}", "write https://host or https://host:port")
        return BaseUrl("")
