"""From a fleet to the inputs of its resources, and to the resources."""

from collections.abc import Mapping
from typing import Any

import pulumi

from reconciler.domain import DesiredState, DesiredUser
from reconciler.planning import desired_digest
from reconciler.pulumi_provider.declaration import declaration
from reconciler.pulumi_provider.fleet import Fleet, Granularity
from reconciler.pulumi_provider.judged import Judged
from reconciler.pulumi_provider.pins import Pin, pinned
from reconciler.pulumi_provider.resources import (
    CalendarFleet,
    CalendarUser,
    register_fleet,
    register_user,
)


def register(
    judged: Judged, opts: pulumi.ResourceOptions
) -> Mapping[str, CalendarUser | CalendarFleet]:
    """Register the resources of a fleet; the one of each declared user."""
    fleet, desired = judged.fleet, judged.desired
    place = place_of(fleet, judged.session.endpoint.address)
    pins = pinned(judged.approved.ready)
    if fleet.granularity is Granularity.FLEET:
        whole = register_fleet(fleet.workspace, fleet_inputs(place, desired, pins), opts)
        return dict.fromkeys(desired.users, whole)
    return {
        user.id: register_user(
            user_name(fleet, user), user_inputs(place, user, pins.get(user.id, {})), opts
        )
        for user in desired.users.values()
    }


def place_of(fleet: Fleet, address: str) -> dict[str, str]:
    """Where the resources of ``fleet`` belong; ``address`` is the API's."""
    return {
        "workspace": fleet.workspace,
        "address": address,
        "configuration": fleet.configuration,
    }


def user_name(fleet: Fleet, user: DesiredUser) -> str:
    """What the resource of ``user`` is called: part of its URN, and never changed."""
    return f"{fleet.workspace}/{user.id}"


def user_inputs(place: Mapping[str, str], user: DesiredUser, pin: Pin) -> dict[str, Any]:
    """What the resource of ``user`` is registered with."""
    return {**place, **declaration(user), "plan": pin}


def fleet_inputs(
    place: Mapping[str, str], desired: DesiredState, pins: Mapping[str, Pin]
) -> dict[str, Any]:
    """What the one resource of a fleet is registered with."""
    plan: dict[str, dict[str, Any]] = {}
    for user, pin in pins.items():
        for kind, what in pin.items():
            plan.setdefault(kind, {})[user] = what
    digest = desired_digest(desired)
    return {**place, "digest": digest, "declared": len(desired.users), "plan": plan}
