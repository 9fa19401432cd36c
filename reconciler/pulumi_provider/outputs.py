"""The outputs of both kinds of resource: act on the plan in the inputs, and say how that ended.

This imports what acting needs, so the provider imports it only to create, update or read.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.pulumi_provider.inputs import (
    FLEET_FIELDS,
    PLACE,
    USER_FIELDS,
    Properties,
    desired_user,
    generation,
)
from reconciler.pulumi_provider.pinned_plan import label
from reconciler.pulumi_provider.workspace_client import WorkspaceClient, client_of
from reconciler.runs import ActionResult, Cause


def converge_user(props: Properties) -> dict[str, Any]:
    """Do what the inputs of a user plan; the outputs, which never hold the plan."""
    client = client_of(props)
    pin = {kind: what for kind, what in props["plan"].items() if kind != "generation" and what}
    run, results = client.act({str(props["user"]): pin}) if pin else (None, ())
    return {
        **_declared(props, USER_FIELDS),
        **_observed(client, props, results),
        **_outcomes(run, results),
    }


def refresh_user(props: Properties) -> dict[str, Any] | None:
    """The outputs of a user as the list shows them now; None if the calendar user is gone.

    A user that Recall.ai never knew is not gone: the manifests still declare them.
    """
    client = client_of(props)
    if props.get("recallId") and client.user(str(props["user"])) is None:
        client.check_history()
        return None
    return {**_kept(props), **_observed(client, props, ())}


def converge_fleet(props: Properties) -> dict[str, Any]:
    """Do what the inputs of a fleet plan; the outputs, which never hold the plan."""
    client = client_of(props)
    pins: dict[str, dict[str, Any]] = {}
    for kind, users in props["plan"].items():
        if kind != "generation":
            for user, what in users.items():
                pins.setdefault(user, {})[kind] = what
    run, results = client.act(pins) if pins else (None, ())
    return {**_declared(props, FLEET_FIELDS), "drift": {}, **_outcomes(run, results)}


def refresh_fleet(props: Properties) -> dict[str, Any]:
    """The outputs of a fleet, with what an update would have to do now."""
    client = client_of(props)
    client.check_history()
    drift: dict[str, list[str]] = {}
    for action in client.plan().actions:
        drift.setdefault(action.user, []).append(label(action))
    return {**_kept(props), "drift": drift}


def _declared(props: Properties, fields: Sequence[str]) -> dict[str, Any]:
    declared = {field: props[field] for field in (*PLACE, *fields) if field in props}
    return {**declared, "generation": generation(props)}


def _kept(props: Properties) -> dict[str, Any]:
    return {name: value for name, value in props.items() if name != "__provider"}


def _observed(
    client: WorkspaceClient, props: Properties, results: Sequence[ActionResult]
) -> Mapping[str, Any]:
    """What the user has connected: as listed, then changed by ``results``."""
    row = client.user(str(props["user"]))
    connections = row.connections if row else ()
    done = {
        label(result.action)
        for result in results
        if result.outcome.in_effect and result.cause != Cause.RECONNECTED
    }
    drift = {label(action) for action in client.drift(desired_user(props))} - done
    return {
        "recallId": row.id if row else "",
        "connected": {
            connection.platform: connection.id or ""
            for connection in connections
            if connection.connected and f"disconnect {connection.platform}" not in done
        },
        "drift": sorted(drift),
    }


def _outcomes(run: str | None, results: Sequence[ActionResult]) -> dict[str, Any]:
    """The run, the outcome of each action by user, and the actions that are not confirmed.

    ``run`` is None if nothing was planned.
    """
    outcomes: dict[str, dict[str, str]] = {}
    for result in results:
        outcomes.setdefault(result.action.user, {})[label(result.action)] = result.outcome.value
    return {
        "run": run or "",
        "outcomes": outcomes,
        "unsettled": sorted(r.action.key for r in results if not r.outcome.in_effect),
    }
