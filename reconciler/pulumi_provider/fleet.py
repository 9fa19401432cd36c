"""What a program declares, the fleet of a workspace, and what it gets back for each user."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import pulumi
from msgspec import Struct

from reconciler.planning import Content

if TYPE_CHECKING:
    from reconciler.pulumi_provider.resources import FleetResource, UserResource


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
