"""The resources that a program registers. Their types are part of every URN, and never change.

They have the types that ``pulumi.dynamic.Resource`` would give them, and not its constructor, which
pickles the provider again for each. Nor one of their own: the SDK notes who made a resource by the
constructors on the stack, and here it finds too few. That note takes a third of the time, would be
half of the state, and says of every resource that it was made in this room.
"""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider

from reconciler.pulumi_provider.provider import CalendarFleetProvider, CalendarUserProvider

USER_TYPE: Final = "pulumi-python:dynamic/reconciler:CalendarUser"
FLEET_TYPE: Final = "pulumi-python:dynamic/reconciler:CalendarFleet"

# What tells the SDK's process which provider a resource has.
USER_PROVIDER: Final = {PROVIDER_KEY: serialize_provider(CalendarUserProvider())}
FLEET_PROVIDER: Final = {PROVIDER_KEY: serialize_provider(CalendarFleetProvider())}


class CalendarUser(pulumi.CustomResource):
    """One calendar user, called ``workspace/user``."""

    run: pulumi.Output[str]
    outcomes: pulumi.Output[Mapping[str, Mapping[str, str]]]


class CalendarFleet(pulumi.CustomResource):
    """All declared users of a workspace, called like it."""

    run: pulumi.Output[str]
    outcomes: pulumi.Output[Mapping[str, Mapping[str, str]]]


def register_user(
    name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> CalendarUser:
    """Register a calendar user."""
    return CalendarUser(USER_TYPE, name, _named(inputs, USER_PROVIDER), opts)


def register_fleet(
    name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> CalendarFleet:
    """Register a fleet."""
    return CalendarFleet(FLEET_TYPE, name, _named(inputs, FLEET_PROVIDER), opts)


def _named(inputs: Mapping[str, Any], provider: Mapping[str, str]) -> dict[str, Any]:
    """The SDK makes an attribute of all that is named here, and fills it in later."""
    return {**inputs, "run": None, "outcomes": None, **provider}
