"""The files that commands read: manifests and configuration, written from a schedule's data."""

import json
from pathlib import Path
from typing import Any

from tests.chaos.schedule import Config, Declared

KEY_VARIABLE = "CHAOS_API_KEY"
KEY = "chaos-key-of-the-workspace-5f2b"
WORKSPACE = "chaos"
GROUP = "leavers"
URL = "http://127.0.0.1:9"
BOARD = "*@board.example.com"


def entry(declared: Declared) -> dict[str, Any]:
    """One user of a manifest."""
    fields: dict[str, Any] = {"id": declared.name}
    if declared.group:
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
    """JSON, which is YAML too."""
    document = {
        "apiVersion": "reconciler/v1",
        "groups": {GROUP: {"platforms": [], "reason": "left"}},
        "users": [entry(one) for one in declared],
    }
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
