"""The resources that a program registers. Their types are part of every URN, and never change."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from reconciler.pulumi_provider.provider import CalendarFleetProvider, CalendarUserProvider


class CalendarUser(Resource, module="reconciler", name="CalendarUser"):
    """One calendar user, called ``workspace/user``."""

    run: pulumi.Output[str]
    outcomes: pulumi.Output[Mapping[str, Mapping[str, str]]]

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(CalendarUserProvider(), name, _with_outputs(inputs), opts)


class CalendarFleet(Resource, module="reconciler", name="CalendarFleet"):
    """All declared users of a workspace, called like it."""

    run: pulumi.Output[str]
    outcomes: pulumi.Output[Mapping[str, Mapping[str, str]]]

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(CalendarFleetProvider(), name, _with_outputs(inputs), opts)


def _with_outputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The SDK makes an attribute of what is named here, and fills it in later."""
    return {**inputs, **dict.fromkeys(_OUTPUTS)}


_OUTPUTS: Sequence[str] = ("run", "outcomes")
