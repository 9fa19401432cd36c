"""Reads ``inputs``: the commands that write rows for sources, and may get no API key."""

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.config.secret_source import SecretFromEnvironment
from reconciler.config.setting import Setting
from reconciler.config.workspace import InputCommand, Workspace
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


def keep_keys_from(setting: Setting | None, workspaces: Iterable[Workspace]) -> None:
    """Report inputs that name the variable of an API key of any of ``workspaces``."""
    if setting is None:
        return
    keys: Mapping[str, str] = {
        workspace.api_key.variable: workspace.name
        for workspace in workspaces
        if isinstance(workspace.api_key, SecretFromEnvironment)
    }
    for _, command in setting.fields():
        environment = command.get("env")
        for variable in environment.entries() if environment else ():
            if variable.value in keys:
                workspace = quoted(keys[variable.value])
                variable.error(
                    f"`{variable.value}` holds the API key of workspace {workspace}",
                    "remove it: no input gets an API key",
                )
