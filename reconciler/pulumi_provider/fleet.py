"""What a program declares: all users of a workspace, as its manifests have them."""

from enum import StrEnum

from msgspec import Struct


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
