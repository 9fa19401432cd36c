"""What a program declares: the fleet of a workspace, and the resources that stand for its users.

The types of the resources are part of every URN and never change. They are those that
``pulumi.dynamic.Resource`` would give them, but not by its constructor, which pickles the provider
again for each resource. Neither class has a constructor of its own: the SDK looks for the
constructors on the stack to note who made a resource, and here it finds none. That note would take
a third of the time and half of the state.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import pulumi
from msgspec import Struct
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider

from reconciler.domain import DesiredState, DesiredUser
from reconciler.planning import Action, Content, desired_digest
from reconciler.pulumi_provider.inputs import declared_fields
from reconciler.pulumi_provider.pinned_plan import Pin, pins_of
from reconciler.pulumi_provider.provider import CalendarFleetProvider, CalendarUserProvider


class Granularity(StrEnum):
    """Which resources a fleet has: one for each calendar user, or a single one for all of them."""

    USER = "user"
    FLEET = "fleet"


class Fleet(Struct, frozen=True):
    """All users that the manifests of ``workspace`` declare.

    ``configuration`` is the configuration file. A relative path starts at the folder of
    ``Pulumi.yaml``.
    """

    workspace: str
    configuration: str = "reconciler.yaml"
    granularity: Granularity = Granularity.USER


class UserOutputs(Struct, frozen=True):
    """What a program gets back for a user.

    ``missing`` lists the wanted platforms that only the person can connect. ``outcome`` maps each
    action of this update to its outcome, and is empty if there was none.
    """

    missing: pulumi.Output[Sequence[str]]
    outcome: pulumi.Output[Mapping[str, str]]


class DeclaredFleet(Mapping[str, UserOutputs]):
    """The declared users of a workspace, by id. ``run`` is the run of this update, if it is one."""

    def __init__(
        self,
        content: Content,
        resources: "Mapping[str, UserResource | FleetResource]",
        run: str | None,
    ) -> None:
        self._resources = resources
        self._run = run
        self._missing: dict[str, list[str]] = {}
        for pending in content.pending:
            if pending.platform is not None:
                self._missing.setdefault(pending.user, []).append(pending.platform.value)

    def __getitem__(self, user: str) -> UserOutputs:
        resource = self._resources[user]
        # Outcomes of an earlier run stay in the state; only those of this run count.
        outcome = pulumi.Output.all(resource.run, resource.outcomes).apply(
            lambda known: known[1].get(user, {}) if known[0] and known[0] == self._run else {}
        )
        return UserOutputs(pulumi.Output.from_input(self._missing.get(user, [])), outcome)

    def __iter__(self) -> Iterator[str]:
        return iter(self._resources)

    def __len__(self) -> int:
        return len(self._resources)


USER_TYPE: Final = "pulumi-python:dynamic/reconciler:CalendarUser"
FLEET_TYPE: Final = "pulumi-python:dynamic/reconciler:CalendarFleet"

# Tells the SDK's process which provider a resource has.
USER_PROVIDER: Final = {PROVIDER_KEY: serialize_provider(CalendarUserProvider())}
FLEET_PROVIDER: Final = {PROVIDER_KEY: serialize_provider(CalendarFleetProvider())}


class UserResource(pulumi.CustomResource):
    """One calendar user, with the name ``workspace/user``."""

    run: pulumi.Output[str]
    outcomes: pulumi.Output[Mapping[str, Mapping[str, str]]]


class FleetResource(pulumi.CustomResource):
    """All declared users of a workspace, with the workspace's name."""

    run: pulumi.Output[str]
    outcomes: pulumi.Output[Mapping[str, Mapping[str, str]]]


def register(
    fleet: Fleet,
    address: str,
    desired: DesiredState,
    actions: Iterable[Action],
    opts: pulumi.ResourceOptions,
) -> Mapping[str, UserResource | FleetResource]:
    """Register the resources of ``fleet`` with ``actions`` pinned; the resource of each user.

    ``address`` is the API's.
    """
    place = place_of(fleet, address)
    pins = pins_of(actions)
    if fleet.granularity is Granularity.FLEET:
        inputs = fleet_inputs(place, desired, pins)
        whole = FleetResource(FLEET_TYPE, fleet.workspace, _props(inputs, FLEET_PROVIDER), opts)
        return dict.fromkeys(desired.users, whole)
    resources = {}
    for user in desired.users.values():
        inputs = user_inputs(place, user, pins.get(user.id, {}))
        name = user_name(fleet, user)
        resources[user.id] = UserResource(USER_TYPE, name, _props(inputs, USER_PROVIDER), opts)
    return resources


def place_of(fleet: Fleet, address: str) -> dict[str, str]:
    """Where the resources of ``fleet`` belong; ``address`` is the API's."""
    return {
        "workspace": fleet.workspace,
        "address": address,
        "configuration": fleet.configuration,
    }


def user_name(fleet: Fleet, user: DesiredUser) -> str:
    """The name of the user's resource. It is part of the URN and never changes."""
    return f"{fleet.workspace}/{user.id}"


def user_inputs(place: Mapping[str, str], user: DesiredUser, pin: Pin) -> dict[str, Any]:
    """What the resource of ``user`` is registered with."""
    return {**place, **declared_fields(user), "plan": pin}


def fleet_inputs(
    place: Mapping[str, str], desired: DesiredState, pins: Mapping[str, Pin]
) -> dict[str, Any]:
    """What the single resource of a fleet is registered with."""
    plan: dict[str, dict[str, Any]] = {}
    for user, pin in pins.items():
        for kind, what in pin.items():
            plan.setdefault(kind, {})[user] = what
    digest = desired_digest(desired.declarations)
    return {**place, "digest": digest, "declared": len(desired.users), "plan": plan}


def _props(inputs: Mapping[str, Any], provider: Mapping[str, str]) -> dict[str, Any]:
    """The SDK makes an attribute of every name in here, and fills it in later."""
    return {**inputs, "run": None, "outcomes": None, **provider}
