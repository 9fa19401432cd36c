"""Finds ``reconciler.yaml`` and reads it into a :class:`Configuration`."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.config.ledger_url import DEFAULT_PATH, UnusableLedger, ledger_place
from reconciler.config.oauth import read_oauth
from reconciler.config.secret_source import (
    SecretFromCommand,
    SecretFromEnvironment,
    SecretFromFile,
    SecretSource,
)
from reconciler.config.workspace import (
    BaseUrl,
    Configuration,
    InputCommand,
    Region,
    Remote,
    SandboxSource,
    Workspace,
)
from reconciler.domain import (
    Diagnostic,
    InvalidInput,
    LedgerPlace,
    Limits,
    RateLimits,
    SourceLocation,
    SqliteFile,
    Timeouts,
    UndeclaredPolicy,
    UnknownEmail,
    UnusableUrl,
    normalised_base_url,
)
from reconciler.domain.text import visible
from reconciler.manifest.document import YamlDocument, read_documents
from reconciler.manifest.rows import RowFormat
from reconciler.manifest.source import display_name, near_miss, quoted, read_source
from reconciler.manifest.validation import validate

FILE_NAME = "reconciler.yaml"
VARIABLE = "RECONCILER_CONFIG"


def find_configuration(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """``explicit`` (``--config``), else the file in ``RECONCILER_CONFIG``, else the one in ``cwd``.

    The first one given counts, even if there is no such file. Raises :class:`InvalidInput`, which
    names the places that were searched.
    """
    named = environ.get(VARIABLE)
    if explicit is not None:
        path, place = cwd / explicit, f"{visible(str(explicit))} (--config)"
    elif named:
        path, place = cwd / named, f"{visible(named)} ({VARIABLE})"
    else:
        path = cwd / FILE_NAME
        place = f"--config (not given), {VARIABLE} (not set), {visible(str(path))}"
    if not _may_exist(path):
        hint = (
            f"name it with --config or {VARIABLE}, change to its folder, or write one with"
            " `reconciler init`"
        )
        raise InvalidInput(Diagnostic(None, f"no configuration found; looked at: {place}", hint))
    return path


def _may_exist(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # for example a closed folder; reading the file will raise it again
        return True


# A configuration that its schema has checked.
Fields = Mapping[str, Any]


def load_configuration(path: Path) -> Configuration:
    """Read the configuration at ``path``; paths in it become absolute, from its folder.

    Raises :class:`InvalidInput` with every error, ordered by place. No error shows a value that may
    be a secret.
    """
    name = display_name(path, Path.cwd())
    diagnostics: list[Diagnostic] = []
    documents: list[YamlDocument] = []
    try:
        source = read_source(path, name)
        documents.extend(read_documents(source, diagnostics, show_values=False))
    except InvalidInput as error:
        diagnostics.extend(error.diagnostics)
    for second in documents[1:]:
        what, hint = "a second document", "a configuration is one document"
        diagnostics.append(Diagnostic(second.location, what, hint))
    for document in documents[:1]:
        violations = validate("config", document).violations
        diagnostics.extend(violation.diagnostic for violation in violations)
        if not violations:
            configuration = _Reader(path, document, diagnostics).configuration()
            if not diagnostics:
                return configuration
    raise InvalidInput(*sorted(set(diagnostics), key=lambda diagnostic: diagnostic.order))


class _Reader:
    """Reads one valid document. Errors that no schema can express go to ``diagnostics``."""

    def __init__(self, path: Path, document: YamlDocument, diagnostics: list[Diagnostic]) -> None:
        self._path = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow symlinks)
        self._folder = self._path.parent
        self._document = document
        self._fields = cast("Fields", document.value)
        self._diagnostics = diagnostics

    def configuration(self) -> Configuration:
        workspaces = self._fields["workspaces"]
        default = self._fields.get("defaultWorkspace")
        if default is not None and default not in workspaces:
            self._diagnostics.append(
                Diagnostic(
                    self._document.locate(["defaultWorkspace"]),
                    f"there is no workspace {quoted(default)}",
                    near_miss(default, workspaces) or f"there are: {', '.join(workspaces)}",
                )
            )
        ledger, inputs = self._ledger(), self._inputs()
        read = {
            name: self._workspace(name, workspaces[name], ledger, inputs) for name in workspaces
        }
        self._keep_keys_from(inputs, read.values())
        return Configuration(self._path, default, read, SourceLocation(self._document.source.name))

    def _workspace(
        self,
        name: str,
        fields: Fields,
        ledger: LedgerPlace,
        inputs: Mapping[str, InputCommand],
    ) -> Workspace:
        here = ["workspaces", name]
        limits = fields.get("limits", {})
        rates = fields.get("rateLimits", {})
        return Workspace(
            name=name,
            remote=self._remote(name, fields),
            api_key=self._secret([*here, "apiKey"], fields["apiKey"])
            if "apiKey" in fields
            else None,
            manifests=tuple(
                self._folder / self._clean(path, [*here, "manifests", index])
                for index, path in enumerate(fields["manifests"])
            ),
            limits=Limits(
                **{
                    _LIMITS[key]: None
                    if value is None
                    else self._whole(value, [*here, "limits", key])
                    for key, value in limits.items()
                }
            ).normalised(),
            protected=tuple(fields.get("protected", ())),
            protected_unknown_email=UnknownEmail(
                fields.get("protectedUnknownEmail", UnknownEmail.HOLD)
            ),
            undeclared=UndeclaredPolicy(fields.get("unmanaged", UndeclaredPolicy.REPORT)),
            rate_limits=RateLimits(
                **{
                    key: value if key == "share" else self._whole(value, [*here, "rateLimits", key])
                    for key, value in rates.items()
                }
            ),
            timeouts=Timeouts(
                **{_TIMEOUTS[key]: value for key, value in fields.get("timeouts", {}).items()}
            ),
            ledger=ledger,
            require_ledger=self._fields.get("requireLedger", False),
            time_zone=self._time_zone(fields.get("timeZone", "UTC"), [*here, "timeZone"]),
            source=self._document.locate_key(here),
            inputs=inputs,
            oauth=read_oauth(
                fields.get("oauth", {}),
                lambda path, message, hint: self._error([*here, "oauth", *path], message, hint),
            ),
            ledger_source=(
                self._document.locate_key(["ledger"]) if "ledger" in self._fields else None
            ),
            **{
                f"{_LIMITS[key]}_source": self._document.locate_key([*here, "limits", key])
                for key in limits
            },
        )

    def _ledger(self) -> LedgerPlace:
        default = SqliteFile(self._folder / DEFAULT_PATH)
        if "ledger" not in self._fields:
            return default
        try:
            return ledger_place(self._fields["ledger"], self._folder)
        except UnusableLedger as error:
            self._error(["ledger"], f"`ledger` {error}", error.hint)
            return default

    def _inputs(self) -> dict[str, InputCommand]:
        inputs: Fields = self._fields.get("inputs", {})
        return {name: self._input(name, inputs[name]) for name in inputs}

    def _input(self, name: str, fields: Fields) -> InputCommand:
        here = ["inputs", name]
        form, records = RowFormat(fields["format"]), fields.get("records")
        if records is not None and form is not RowFormat.JSON:
            self._error(
                [*here, "records"],
                f"`records` has no meaning with `format: {form}`",
                "remove it, or write `format: json`",
            )
        return InputCommand(
            command=tuple(
                self._clean(word, [*here, "command", index])
                for index, word in enumerate(fields["command"])
            ),
            folder=self._folder,
            form=form,
            records=records,
            timeout=fields.get("timeoutSeconds", _INPUT_SECONDS),
            max_rows=self._whole(fields.get("maxRows", _INPUT_ROWS), [*here, "maxRows"]),
            environment=tuple(fields.get("env", ())),
            source=self._document.locate_key(here),
        )

    def _keep_keys_from(
        self, inputs: Mapping[str, InputCommand], workspaces: Iterable[Workspace]
    ) -> None:
        """Refuse inputs that name the variable of an API key."""
        keys = {
            workspace.api_key.variable: workspace.name
            for workspace in workspaces
            if isinstance(workspace.api_key, SecretFromEnvironment)
        }
        for name, command in inputs.items():
            for index, variable in enumerate(command.environment):
                if variable in keys:
                    self._error(
                        ["inputs", name, "env", index],
                        f"`{variable}` holds the API key of workspace {quoted(keys[variable])}",
                        "remove it: no input gets an API key",
                    )

    def _remote(self, name: str, fields: Fields) -> Remote:
        if "region" in fields:
            return Region(fields["region"])
        if "sandbox" in fields:
            sandbox = fields["sandbox"]
            here = ["workspaces", name, "sandbox"]
            state = f".reconciler/sandbox-{name}.db"
            if "state" in sandbox:
                state = self._clean(sandbox["state"], [*here, "state"])
            seed = self._clean(sandbox["seed"], [*here, "seed"])
            return SandboxSource(self._folder / seed, self._folder / state)
        try:
            return BaseUrl(normalised_base_url(fields["baseUrl"]))
        except UnusableUrl as error:
            self._diagnostics.append(
                Diagnostic(
                    self._document.locate(["workspaces", name, "baseUrl"]),
                    f"`baseUrl` {error}",
                    "write https://host or https://host:port",
                )
            )
            return BaseUrl("")

    def _secret(self, here: Sequence[str | int], fields: Fields) -> SecretSource:
        source = self._document.locate_key(here)
        if "env" in fields:
            return SecretFromEnvironment(fields["env"], source)
        if "file" in fields:
            return SecretFromFile(
                self._folder / self._clean(fields["file"], [*here, "file"]), source
            )
        command = tuple(
            self._clean(word, [*here, "command", index])
            for index, word in enumerate(fields["command"])
        )
        return SecretFromCommand(command, self._folder, source)

    def _time_zone(self, name: str, path: Sequence[str | int]) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            what = f"there is no time zone {quoted(name)}"
            self._error(path, what, "write one such as `Europe/Berlin`; without it, days are UTC")
            return ZoneInfo("UTC")

    def _clean(self, text: str, path: Sequence[str | int]) -> str:
        """``text``, which the operating system shall take; the null character it does not."""
        if "\0" in text:
            self._error(path, "the text holds a null character", "remove it")
        return text

    def _whole(self, value: float, path: Sequence[str | int]) -> int:
        """``value`` as an integer: JSON Schema accepts 10.0 and 1.0e+19 as one."""
        if value >= _LARGEST:
            self._error(path, f"`{path[-1]}` is beyond 2^63", "write a smaller number")
        return int(value)

    def _error(self, path: Sequence[str | int], message: str, hint: str) -> None:
        self._diagnostics.append(Diagnostic(self._document.locate(path), message, hint))


_LARGEST = 2**63
_INPUT_SECONDS = 60
_INPUT_ROWS = 1_000_000
_LIMITS = {
    "maxDisconnects": "max_disconnects",
    "maxDisconnectPercent": "max_disconnect_percent",
    "maxFleetShrinkPercent": "max_fleet_shrink_percent",
    "maxSourceShrinkPercent": "max_source_shrink_percent",
    "maxRuleMatches": "max_rule_matches",
    "maxDisconnectsPerDay": "max_disconnects_per_day",
}
_TIMEOUTS = {
    "connectSeconds": "connect",
    "readSeconds": "read",
    "listSeconds": "list",
    "readBackSeconds": "read_back",
    "retryAfterCapSeconds": "retry_after_cap",
    "planExpiryHours": "plan_expiry",
}
