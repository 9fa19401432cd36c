"""What a program gets of a fleet: for each declared user what is missing and what was done."""

from collections.abc import Iterator, Mapping, Sequence

import pulumi
from msgspec import Struct

from reconciler.planning import Content
from reconciler.pulumi_provider.resources import CalendarFleet, CalendarUser


class UserOutputs(Struct, frozen=True):
    """``missing`` are the wanted platforms that only the person can connect; ``outcome`` says how
    each action that this update did for him ended, and is empty where there was none."""

    missing: pulumi.Output[Sequence[str]]
    outcome: pulumi.Output[Mapping[str, str]]


class DeclaredFleet(Mapping[str, UserOutputs]):
    """The declared users of a workspace, by id. ``run`` is the run of this update, if it is one."""

    def __init__(
        self,
        content: Content,
        resources: Mapping[str, CalendarUser | CalendarFleet],
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
        ended = pulumi.Output.all(resource.run, resource.outcomes).apply(
            lambda told: told[1].get(user, {}) if told[0] and told[0] == self._run else {}
        )
        return UserOutputs(pulumi.Output.from_input(self._missing.get(user, [])), ended)

    def __iter__(self) -> Iterator[str]:
        return iter(self._resources)

    def __len__(self) -> int:
        return len(self._resources)
