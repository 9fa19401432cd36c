"""A whole fleet as one resource: what Pulumi's operations on it mean.

Its inputs hold a digest of what is declared and the plan, so that what it costs does not grow
with the fleet.
"""

from typing import Any

from pulumi.dynamic import CheckFailure, CheckResult

from reconciler.pulumi_provider.desk import desk_of
from reconciler.pulumi_provider.inputs import (
    PLACE,
    Properties,
    checked_plan,
    generation,
    moved,
    place_failures,
    unknown,
)
from reconciler.pulumi_provider.outcomes import outcomes
from reconciler.pulumi_provider.pins import label

FIELDS = ("digest", "declared")


def check(olds: Properties, news: Properties) -> CheckResult:
    """The inputs in their one form, with the plan numbered; or what is wrong with them."""
    inputs = {name: news[name] for name in (*PLACE, *FIELDS) if news.get(name) is not None}
    if unknown(inputs) or unknown(news.get("plan")):
        return CheckResult(inputs, [CheckFailure("digest", "everything has to be known")])
    inputs["plan"] = checked_plan(olds, news)
    return CheckResult(inputs, place_failures(olds, news))


def changed(olds: Properties, news: Properties) -> bool:
    """Whether there is something to do, or to write down."""
    return moved(olds, news, FIELDS)


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
    drift: dict[str, list[str]] = {}
    for action in desk_of(props).plan().actions:
        drift.setdefault(action.user, []).append(label(action))
    kept = {name: value for name, value in props.items() if name != "__provider"}
    return {**kept, "drift": drift}
