"""Calendar users as Recall lists them, and the words that declarations share with them."""

from enum import StrEnum
from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType


class Platform(StrEnum):
    """A calendar platform by its Calendar V1 name.

    V2 names (``google_calendar``, ``microsoft_outlook``) are not V1 names. The API may list
    platforms that are not here: we report those and never touch them.
    """

    GOOGLE = "google"
    MICROSOFT = "microsoft"


PLATFORM_NAMES = frozenset(platform.value for platform in Platform)
"""The names of the platforms that we know, as the API lists them."""


class Preferences(Struct, frozen=True, gc=False):
    """Recording preferences, all of them or some.

    An absent field is ``UNSET``: a declaration does not manage it, or an answer of the API did not
    have it. ``None`` is a null that the API sent.
    """

    record_non_host: bool | None | UnsetType = UNSET
    record_recurring: bool | None | UnsetType = UNSET
    record_external: bool | None | UnsetType = UNSET
    record_internal: bool | None | UnsetType = UNSET
    record_confirmed: bool | None | UnsetType = UNSET
    record_only_host: bool | None | UnsetType = UNSET
    bot_name: str | None | UnsetType = UNSET

    def present(self) -> dict[str, bool | str | None]:
        """The fields that are set, by name, in the order of the API's own documentation."""
        return {
            name: value for name in PREFERENCE_FIELDS if (value := getattr(self, name)) is not UNSET
        }


PREFERENCE_FIELDS: tuple[str, ...] = Preferences.__struct_fields__


NonEmptyText: TypeAlias = Annotated[str, Meta(min_length=1)]
"""Text of at least one character. Decoding refuses an empty one."""


class Connection(Struct, frozen=True, gc=False):
    """One row of a calendar user's ``connections``.

    ``platform`` is text, not :class:`Platform`: the API may list platforms we do not know.
    ``id`` is the account behind the connection; each reconnect gives a new one. ``id`` and
    ``email`` are null when not connected. When they are null on a connected row, they are unknown.
    """

    platform: NonEmptyText
    connected: bool
    email: str | None = None
    id: NonEmptyText | None = None


class CalendarUser(Struct, frozen=True, gc=False):
    """A calendar user as Recall knows it.

    ``id`` is Recall's uuid. ``external_id`` is the id that the customer gave, which manifests
    name; we can list a user without one, but not act on them. ``connections`` has no default: an
    answer without connections means "unknown", never "nothing connected".
    """

    id: NonEmptyText
    external_id: NonEmptyText | None
    connections: tuple[Connection, ...]
    preferences: Preferences | None = None

    def connected(self, platform: str) -> Connection | None:
        """The connected row of ``platform``; None when it is not connected."""
        for connection in self.connections:
            if connection.connected and connection.platform == platform:
                return connection
        return None


class ObservedState(Struct, frozen=True, gc=False):
    """All calendar users of a workspace at one moment, in the order of the API's answer.

    ``problems`` says why the observation is incomplete (a page failed, a row could not be read).
    With any problem, a user who is missing here is *unknown*, never "not connected".
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
    """When to disconnect an unwanted platform: once the wanted ones are connected, or at once."""

    WAIT = "wait"
    IMMEDIATE = "immediate"
