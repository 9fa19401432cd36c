"""What should be: the manifests of a workspace, with defaults and groups applied."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from reconciler.domain.diagnostic import SourceLocation
from reconciler.domain.platform import Platform
from reconciler.domain.preferences import Preferences


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
