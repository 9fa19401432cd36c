"""The schema of a file that holds one workspace, made of the schema of the configuration.

It cannot refer to that one, because editors resolve references within one file only; and a copy
would fall behind it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

_REFERENCE: Final = re.compile(r'"#/\$defs/(\w+)')


def workspace_file_schema(configuration: Mapping[str, object]) -> dict[str, object]:
    """The schema; ``configuration`` is that of the configuration, which stays as it is."""
    whole = cast("dict[str, Any]", configuration)  # a JSON Schema is free-form
    definitions: dict[str, Any] = whole["$defs"]
    workspace: dict[str, Any] = definitions["workspace"]
    fields = {
        "apiVersion": whole["properties"]["apiVersion"],
        "name": {
            "description": "The name of the workspace, which `--workspace` takes. Default: the name"
            " of this file without its suffix.",
            "type": "string",
            **whole["properties"]["workspaces"]["propertyNames"],
            "examples": ["acme"],
        },
        **workspace["properties"],
    }
    return {
        "$schema": whole["$schema"],
        "$id": "urn:calendar-reconciler:schema:workspace:v1",
        "title": "Calendar reconciler workspace",
        "description": "One workspace, in a file that `include` of the configuration names. What"
        " is absent here comes from the `defaults` there. All paths are relative to this file.",
        **{key: rule for key, rule in workspace.items() if key not in {"title", "description"}},
        "required": ["apiVersion"],
        "properties": fields,
        "examples": [{"apiVersion": "reconciler/v1", "manifests": ["acme/"]}],
        "$defs": _used(fields, workspace, definitions),
    }


def _used(
    fields: Mapping[str, Any], workspace: Mapping[str, Any], definitions: Mapping[str, Any]
) -> dict[str, Any]:
    """Those of ``definitions`` that the schema refers to, also through others."""
    used: dict[str, Any] = {}
    open_ones = _references([fields, workspace["not"]])
    while open_ones:
        name = open_ones.pop()
        used[name] = definitions[name]
        open_ones |= _references(definitions[name]) - used.keys()
    return dict(sorted(used.items()))


def _references(part: object) -> set[str]:
    return set(_REFERENCE.findall(msgspec.json.encode(part).decode()))
