"""The blast radius that a workspace allows to one run."""

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Limits on the disconnects of one run. Both must hold.

    ``None`` is no limit, ``0`` none allowed, in a fleet of any size. The percentage is of the
    connected google and microsoft rows of the declared users.
    """

    max_disconnects: int | None = 10
    max_disconnect_percent: int | None = 20
