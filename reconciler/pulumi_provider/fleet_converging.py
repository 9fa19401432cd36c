"""What is done and seen of a whole fleet as one resource: its outputs.

Imported when one is created, updated or read, like ``user_converging``.
"""

from typing import Any

from reconciler.pulumi_provider.desk import desk_of
from reconciler.pulumi_provider.fleet_handling import FIELDS
from reconciler.pulumi_provider.inputs import PLACE, Properties, generation
from reconciler.pulumi_provider.outcomes import outcomes
from reconciler.pulumi_provider.pins import label


def converge(props: Properties) -> dict[str, Any]:
    """Do what the inputs plan, if anything; the outputs, which never hold the plan."""
    desk = desk_of(props)
    pins: dict[str, dict[str, Any]] = {}
    for kind, users in props["plan"].items():
        if kind != "generation":
            for user, what in users.items():
                pins.setdefault(user, {})[kind] = what
    run, results = desk.act(pins) if pins else (None, ())
    return {
        **{field: props[field] for field in (*PLACE, *FIELDS) if field in props},
        "generation": generation(props),
        "drift": {},
        **outcomes(run, results),
    }


def refreshed(props: Properties) -> dict[str, Any]:
    """The outputs with what an update would have to do now."""
    desk = desk_of(props)
    desk.believe()
    drift: dict[str, list[str]] = {}
    for action in desk.plan().actions:
        drift.setdefault(action.user, []).append(label(action))
    kept = {name: value for name, value in props.items() if name != "__provider"}
    return {**kept, "drift": drift}
