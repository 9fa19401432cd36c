"""What is done and seen of one calendar user: the outputs of his resource.

Loads what acting needs, and so is imported when the first resource is created, updated or read.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.pulumi_provider.declaration import FIELDS, desired_user
from reconciler.pulumi_provider.desk import Desk, desk_of
from reconciler.pulumi_provider.inputs import PLACE, Properties, generation
from reconciler.pulumi_provider.outcomes import outcomes
from reconciler.pulumi_provider.pins import label
from reconciler.runs import ActionResult, Cause


def converge(props: Properties) -> dict[str, Any]:
    """Do what the inputs plan, if anything; the outputs, which never hold the plan."""
    desk = desk_of(props)
    name = str(props["user"])
    pin = {kind: what for kind, what in props["plan"].items() if kind != "generation" and what}
    run, results = desk.act({name: pin}) if pin else (None, ())
    return {
        **{field: props[field] for field in (*PLACE, *FIELDS) if field in props},
        "generation": generation(props),
        **_seen(desk, props, results),
        **outcomes(run, results),
    }


def refreshed(props: Properties) -> dict[str, Any] | None:
    """The outputs with what is connected now; None when the calendar user is gone.

    Whom Recall.ai never knew is not gone: he is still declared.
    """
    desk = desk_of(props)
    if props.get("recallId") and desk.user(str(props["user"])) is None:
        desk.believe()
        return None
    kept = {name: value for name, value in props.items() if name != "__provider"}
    return {**kept, **_seen(desk, props, ())}


def _seen(desk: Desk, props: Properties, results: tuple[ActionResult, ...]) -> Mapping[str, Any]:
    """What is connected, as listed and then changed by ``results``."""
    row = desk.user(str(props["user"]))
    listed = row.connections if row else ()
    connected = {c.platform: c.id or "" for c in listed if c.connected}
    done = set()
    for result in results:
        if result.outcome.settled and result.cause != Cause.RECONNECTED:
            done.add(label(result.action))
    left = {label(action) for action in desk.drift(desired_user(props))} - done
    return {
        "recallId": row.id if row else "",
        "connected": {
            platform: connection
            for platform, connection in connected.items()
            if f"disconnect {platform}" not in done
        },
        "drift": sorted(left),
    }
