"""One calendar user as a resource: what Pulumi's operations on it mean.

``check`` and ``diff`` are pure and quick: they are called one after the other, for everybody.
"""

from collections.abc import Mapping
from typing import Any

from pulumi.dynamic import CheckFailure, CheckResult

from reconciler.applying import ActionResult, Cause
from reconciler.pulumi_provider.declaration import FIELDS, desired_user
from reconciler.pulumi_provider.desk import Desk, desk_of
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


def check(olds: Properties, news: Properties) -> CheckResult:
    """The inputs in their one form, with the plan numbered; or what is wrong with them."""
    inputs: dict[str, Any] = {
        name: news[name] for name in (*PLACE, *FIELDS) if news.get(name) is not None
    }
    if unknown(inputs) or unknown(news.get("plan")):
        return CheckResult(inputs, [CheckFailure("user", "everything has to be known")])
    failures = place_failures(olds, news)
    try:
        user = desired_user(inputs)
    except (KeyError, TypeError, ValueError) as error:
        return CheckResult(inputs, [*failures, CheckFailure("user", f"is no declaration: {error}")])
    inputs["plan"] = plan = checked_plan(olds, news)
    wrong = plan["disconnect"].keys() & (user.platforms or ()) if user.platforms else set()
    if wrong or (plan["disconnect"] and user.platforms is None):
        failures.append(
            CheckFailure("plan", f"would disconnect what {user.id} is declared to keep")
        )
    return CheckResult(inputs, failures)


def changed(olds: Properties, news: Properties) -> bool:
    """Whether there is something to do, or to write down."""
    return moved(olds, news, FIELDS)


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
