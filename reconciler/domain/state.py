"""What a calendar user should have connected, and what they have."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from reconciler.domain.diagnostic import SourceLocation


class Platform(StrEnum):
    """A calendar platform by its Calendar V1 name.

    V2 names (``google_calendar``, ``microsoft_outlook``) are not V1 names, and the API may one
    day list platforms that are not here: those are reported and never touched.
    """

    GOOGLE = "google"
    MICROSOFT = "microsoft"


PLATFORM_NAMES = frozenset(platform.value for platform in Platform)
"""The platforms that are known, by the text in which the API lists them."""


class Preferences(Struct, frozen=True, gc=False):
    """A set of recording preferences, whole or in part.

    An absent field is ``UNSET``: in a declaration it is not managed, in an answer of the API it
    was not told. ``None`` is a null that the API sent.
    """

    record_non_host: bool | None | UnsetType = UNSET
    record_recurring: bool | None | UnsetType = UNSET
    record_external: bool | None | UnsetType = UNSET
    record_internal: bool | None | UnsetType = UNSET
    record_confirmed: bool | None | UnsetType = UNSET
    record_only_host: bool | None | UnsetType = UNSET
    bot_name: str | None | UnsetType = UNSET

    def told(self) -> dict[str, bool | str | None]:
        """The fields that are present, by name, in the order of the API's own documentation."""
        return {
            name: value for name in PREFERENCE_FIELDS if (value := getattr(self, name)) is not UNSET
        }


PREFERENCE_FIELDS: tuple[str, ...] = Preferences.__struct_fields__


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


class Observation(Struct, frozen=True, gc=False):
    """A list of the workspace's users, and when it was requested (monotonic seconds)."""

    state: ObservedState
    requested_at: float


class Handover(StrEnum):
    """When an unwanted platform may go: once the wanted ones are connected, or at once."""

    WAIT = "wait"
    IMMEDIATE = "immediate"


class DesiredUser(Struct, frozen=True, gc=False):
    """One declared calendar user, everything resolved.

    ``platforms`` are exactly the platforms to be connected; ``None`` leaves the connections
    unmanaged. ``preferences`` holds only the declared fields. ``group`` is where the user got
    values from, for selection; it is no part of what is desired.
    """

    id: str
    platforms: frozenset[Platform] | None
    handover: Handover
    reason: str | None
    preferences: Preferences | None
    group: str | None
    source: SourceLocation


class ManifestFile(Struct, frozen=True):
    """A file that users were read from: its absolute path, and the names that git may have for the
    contents that were read (blob ids, by SHA-1 and SHA-256)."""

    path: str
    blobs: frozenset[str]


class DesiredState(Struct, frozen=True, gc=False):
    """All declared users of a workspace by id, ordered by id; ``groups`` are the defined names,
    ``files`` what they were read from.

    ``lookalikes`` are the ids that differ only in case, outer space or Unicode form from others:
    those of each group in the order of their places.
    """

    users: Mapping[str, DesiredUser]
    groups: frozenset[str] = frozenset()
    files: tuple[ManifestFile, ...] = ()
    lookalikes: tuple[tuple[str, ...], ...] = ()

    @property
    def platforms(self) -> dict[str, frozenset[Platform]]:
        """What is to be connected of everybody whose connections are managed."""
        return {
            user.id: user.platforms for user in self.users.values() if user.platforms is not None
        }
