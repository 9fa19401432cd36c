"""Reads ``inputs``, the commands that write rows for sources; and keeps API keys, and tokens of the
watch, from what has no business with them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from reconciler.config.secret_source import SecretFromEnvironment
from reconciler.config.setting import Setting
from reconciler.config.workspace import InputCommand, Workspace
from reconciler.domain import Diagnostic
from reconciler.manifest.rows import RowFormat
from reconciler.manifest.source import quoted

_SECONDS: Final = 60
_ROWS: Final = 1_000_000


def read_inputs(setting: Setting | None) -> dict[str, InputCommand]:
    """The inputs by name; ``setting`` is the field `inputs`, None without one."""
    return {} if setting is None else {name: _input(fields) for name, fields in setting.fields()}


def _input(setting: Setting) -> InputCommand:
    fields = setting.value
    form, records = RowFormat(fields["format"]), setting.get("records")
    if records is not None and form is not RowFormat.JSON:
        records.error(
            f"`records` has no meaning with `format: {form}`",
            "remove it, or write `format: json`",
        )
    rows = setting.get("maxRows")
    return InputCommand(
        command=setting.at("command").words(),
        folder=setting.folder,
        form=form,
        records=None if records is None else records.value,
        timeout=fields.get("timeoutSeconds", _SECONDS),
        max_rows=_ROWS if rows is None else rows.whole(),
        environment=tuple(fields.get("env", ())),
        source=setting.key_place,
    )


def keep_keys_from(setting: Setting | None, workspaces: Collection[Workspace]) -> None:
    """Report inputs that name the variable of a key or a token of any of ``workspaces``."""
    if setting is None:
        return
    keys, tokens = variables_of_keys(workspaces), _variables_of_tokens(workspaces)
    for _, command in setting.fields():
        environment = command.get("env")
        for variable in environment.entries() if environment else ():
            if variable.value in keys:
                workspace = quoted(keys[variable.value])
                variable.error(
                    f"`{variable.value}` holds the API key of workspace {workspace}",
                    "remove it: no input gets an API key",
                )
            elif variable.value in tokens:
                workspace = quoted(tokens[variable.value])
                variable.error(
                    f"`{variable.value}` holds the token of the watch of workspace {workspace}",
                    "remove it: no input gets such a token",
                )


def targets_with_keys(workspaces: Collection[Workspace]) -> Iterator[Diagnostic]:
    """The targets whose URL or HMAC key comes from the variable of an API key."""
    keys = variables_of_keys(workspaces)
    for workspace in workspaces:
        for secret in (secret for target in workspace.notify for secret in target.secrets):
            if isinstance(secret, SecretFromEnvironment) and secret.variable in keys:
                holder = quoted(keys[secret.variable])
                yield Diagnostic(
                    secret.source,
                    f"`{secret.variable}` holds the API key of workspace {holder}",
                    "use another variable: no target gets an API key",
                )


def tokens_that_are_keys(workspaces: Collection[Workspace]) -> Iterator[Diagnostic]:
    """The tokens of the watch that come from the variable of an API key: whoever may see pages
    would have the key."""
    keys = variables_of_keys(workspaces)
    for workspace in workspaces:
        token = workspace.watch_token
        if isinstance(token, SecretFromEnvironment) and token.variable in keys:
            holder = quoted(keys[token.variable])
            yield Diagnostic(
                token.source,
                f"`{token.variable}` holds the API key of workspace {holder}",
                "use another variable: an API key is no token of the watch",
            )


def _variables_of_tokens(workspaces: Iterable[Workspace]) -> Mapping[str, str]:
    return {
        workspace.watch_token.variable: workspace.name
        for workspace in workspaces
        if isinstance(workspace.watch_token, SecretFromEnvironment)
    }


def variables_of_keys(workspaces: Iterable[Workspace]) -> Mapping[str, str]:
    """The variables that API keys come from, each with the name of a workspace."""
    return {
        workspace.api_key.variable: workspace.name
        for workspace in workspaces
        if isinstance(workspace.api_key, SecretFromEnvironment)
    }
