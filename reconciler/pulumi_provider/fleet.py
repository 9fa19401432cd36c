"""What a program declares: all users of a workspace, as its manifests have them."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

MANY_RESOURCES: Final = 2_000
"""Users from which on a resource for each of them costs more than it is worth."""


class Granularity(StrEnum):
    """How many resources a fleet is: one a calendar user, or one for all of them."""

    USER = "user"
    FLEET = "fleet"


class Fleet(Struct, frozen=True):
    """The fleet of ``workspace`` in the configuration file ``configuration``.

    A relative path is relative to the folder of ``Pulumi.yaml``.
    """

    workspace: str
    configuration: str = "reconciler.yaml"
    granularity: Granularity = Granularity.USER
