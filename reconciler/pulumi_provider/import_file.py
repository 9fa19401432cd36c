"""What exists, as a file for ``pulumi import --file``: a state without an update.

``pulumi up`` adopts what exists just as well. This is for a state that was lost, or for whoever
wants to see a preview of nothing before the first update.
"""

import os
from enum import Enum
from pathlib import Path
from typing import Any

from reconciler.config import load_configuration
from reconciler.domain import Cancellation, SystemClock
from reconciler.engine import open_session
from reconciler.manifest import load_manifests
from reconciler.pulumi_provider import (
    fleet_converging,
    fleet_handling,
    user_converging,
    user_handling,
)
from reconciler.pulumi_provider.desk import close_desks, desk_of
from reconciler.pulumi_provider.fleet import Fleet, Granularity
from reconciler.pulumi_provider.registering import fleet_inputs, place_of, user_inputs, user_name
from reconciler.pulumi_provider.resources import (
    FLEET_PROVIDER,
    FLEET_TYPE,
    USER_PROVIDER,
    USER_TYPE,
)


class _Kind(Enum):
    """A kind of resource: its type, and its provider."""

    USER = USER_TYPE, USER_PROVIDER
    FLEET = FLEET_TYPE, FLEET_PROVIDER

    def resource(
        self, name: str, identity: str, inputs: dict[str, Any], outputs: dict[str, Any]
    ) -> dict[str, Any]:
        """One entry of the file; without the provider in it the engine could not read it back."""
        kind, provider = self.value
        return {
            "type": kind,
            "name": name,
            "id": identity,
            "inputs": inputs | provider,
            "outputs": outputs | provider,
        }


def import_file(fleet: Fleet) -> dict[str, Any]:
    """The resources of ``fleet`` as they are now. Raises what reading them raises."""
    try:
        return _import_file(fleet)
    finally:
        close_desks()


def _import_file(fleet: Fleet) -> dict[str, Any]:
    workspace = load_configuration(Path.cwd() / fleet.configuration).workspace(fleet.workspace)
    desired = load_manifests(workspace.manifests)
    clock = SystemClock()
    session = open_session(workspace, os.environ, clock=clock, stop=Cancellation(clock.monotonic))
    with session as opened:
        place = place_of(fleet, opened.endpoint.address)
    desk_of(place).believe()
    if fleet.granularity is Granularity.FLEET:
        inputs = fleet_handling.check({}, fleet_inputs(place, desired, {})).inputs
        outputs = fleet_converging.converge(inputs)
        return {
            "resources": [_Kind.FLEET.resource(fleet.workspace, fleet.workspace, inputs, outputs)]
        }
    resources = []
    for user in desired.users.values():
        inputs = user_handling.check({}, user_inputs(place, user, {})).inputs
        outputs = user_converging.converge(inputs)
        resources.append(_Kind.USER.resource(user_name(fleet, user), user.id, inputs, outputs))
    return {"resources": resources}
