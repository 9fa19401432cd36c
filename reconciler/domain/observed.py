"""What is: the calendar users as the list call of the API tells them."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from reconciler.domain.preferences import Preferences

Told: TypeAlias = Annotated[str, Meta(min_length=1)]
"""A text that says something. Where it is decoded an empty one is not let through."""


class Connection(Struct, frozen=True, gc=False):
    """One row of a calendar user's ``connections``.

    ``platform`` is text, not :class:`Platform`: the API may list platforms we do not know.
    ``id`` is the account behind the connection, a new one after each reconnect; ``id`` and
    ``email`` are null when not connected, and may be null when connected: then they are not known.
    """

    platform: Told
    connected: bool
    email: str | None = None
    id: Told | None = None


class CalendarUser(Struct, frozen=True, gc=False):
    """A calendar user as Recall knows it.

    ``id`` is Recall's uuid. ``external_id`` is the id that the customer gave, the one manifests
    name; without one a user can be listed but not acted on. ``connections`` has no default: what
    an answer does not hold is not known, and never "nothing connected".
    """

    id: Told
    external_id: Told | None
    connections: tuple[Connection, ...]
    preferences: Preferences | None = None

    def connected(self, platform: str) -> Connection | None:
        """The connected row of ``platform``, or None: not connected."""
        for connection in self.connections:
            if connection.connected and connection.platform == platform:
                return connection
        return None


class ObservedState(Struct, frozen=True, gc=False):
    """All calendar users of a workspace at one moment, in the order of the API's answer.

    ``problems`` says what kept the observation from being complete (a page that failed, a row
    that could not be read). With any problem a user who is missing here is *unknown*, never
    "not connected".
    """

    users: tuple[CalendarUser, ...]
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.problems
