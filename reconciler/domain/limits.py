"""The blast radius that a workspace allows to one run."""

from msgspec import Struct

from reconciler.domain.count import Count


class Limits(Struct, frozen=True):
    """Limits on one run. All must hold; ``None`` is no limit, ``0`` none allowed in any fleet.

    ``max_disconnect_percent`` is of the connected google and microsoft rows of the declared
    users, ``max_fleet_shrink_percent`` of the calendar users that were declared, and of those that
    were listed, when a run was last accepted: how many of them may be missing now.
    """

    max_disconnects: Count | None = 10
    max_disconnect_percent: Count | None = 20
    max_fleet_shrink_percent: Count | None = 30
