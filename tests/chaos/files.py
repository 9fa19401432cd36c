"""The files that commands read: manifests and configuration, written from a schedule's data."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.chaos.schedule import Config, Declared

KEY_VARIABLE = "CHAOS_API_KEY"
KEY = "chaos-key-of-the-workspace-5f2b"
WORKSPACE = "chaos"
GROUP = "leavers"
LEAVERS: Mapping[str, Any] = {"platforms": [], "reason": "left"}
URL = "http://127.0.0.1:9"
BOARD = "*@board.example.com"


EXPORT = "export.csv"


def what_is_declared(declared: Declared) -> dict[str, Any]:
    """The fields that say what the user shall have."""
    fields: dict[str, Any] = {}
    if declared.group and declared.by == "rule":  # a rule is in no group
        fields |= LEAVERS
    elif declared.group:
        fields["group"] = GROUP
    elif declared.platforms is not None:
        fields["platforms"] = list(declared.platforms)
        if not declared.platforms:
            fields["reason"] = "left"
    if declared.immediate:
        fields["handover"] = "immediate"
    if declared.bot_name is not None:
        fields["preferences"] = {"bot_name": declared.bot_name}
    return fields


def write_manifest(path: Path, declared: tuple[Declared, ...]) -> None:
    """JSON, which is YAML too; and beside it the export that its sources read."""
    rows = [one for one in declared if one.by == "row"]
    document = {
        "apiVersion": "reconciler/v1",
        "groups": {GROUP: LEAVERS},
        "users": [
            {"id": one.name, **what_is_declared(one)} for one in declared if one.by == "entry"
        ],
        "sources": [
            {"name": kind, "file": EXPORT, "id": "id", "where": {"kind": [kind]}, **fields}
            for kind, fields in {one.kind: what_is_declared(one) for one in rows}.items()
        ],
        "rules": [
            {
                "name": one.name,
                "match": {"id": one.name},
                "mode": "enforce",
                **what_is_declared(one),
            }
            for one in declared
            if one.by == "rule"
        ],
    }
    with path.with_name(EXPORT).open("w", encoding="utf-8", newline="") as file:
        export = csv.writer(file)
        export.writerow(["id", "kind"])
        export.writerows([one.name, one.kind] for one in rows)
    path.write_text(json.dumps(document), encoding="utf-8")


def write_config(path: Path, config: Config, ledger: str) -> None:
    """The one workspace as ``config`` has it."""
    document = {
        "apiVersion": "reconciler/v1",
        "defaultWorkspace": WORKSPACE,
        "ledger": ledger,
        "workspaces": {
            WORKSPACE: {
                "baseUrl": URL,
                "apiKey": {"env": KEY_VARIABLE},
                "manifests": ["manifest.yaml"],
                "limits": {
                    "maxDisconnects": config.max_disconnects,
                    "maxDisconnectPercent": config.max_percent,
                    "maxFleetShrinkPercent": config.max_shrink,
                    **({} if config.per_day is None else {"maxDisconnectsPerDay": config.per_day}),
                },
                "protected": list(config.protected),
                "rateLimits": {"share": config.share},
                "timeouts": {
                    "readBackSeconds": config.read_back,
                    "planExpiryHours": config.expiry_hours,
                },
            }
        },
    }
    path.write_text(json.dumps(document), encoding="utf-8")
