"""One user of a generated fleet: his entry in the manifest and his row in the list call."""

import random
import uuid

from msgspec import Struct

from reconciler.domain import Platform

GOOGLE, MICROSOFT = frozenset({Platform.GOOGLE}), frozenset({Platform.MICROSOFT})
BOTH, NOTHING = GOOGLE | MICROSOFT, frozenset[Platform]()


class ConnectionRow(Struct, frozen=True):
    """A row of ``connections`` as the API writes it: nulls where nothing is connected."""

    platform: Platform
    connected: bool
    email: str | None
    id: str | None


class PreferencesRow(Struct, frozen=True, kw_only=True):
    """The ``preferences`` of a calendar user as the API writes them."""

    id: str
    record_non_host: bool = False
    record_recurring: bool = False
    record_external: bool = False
    record_internal: bool = False
    record_confirmed: bool = False
    record_only_host: bool = False
    bot_name: str = "Notetaker"


class UserRow(Struct, frozen=True):
    """A calendar user as the API lists it: both platforms always, Google first."""

    id: str
    external_id: str
    connections: tuple[ConnectionRow, ...]
    preferences: PreferencesRow


class FleetUser(Struct, frozen=True):
    """How a user is declared, and how he is.

    ``fields`` are the lines of his entry below the id, as a person would write them. ``connected``
    are the platforms that he has connected; None is a user whom the API does not know.
    """

    fields: tuple[str, ...]
    connected: frozenset[Platform] | None
    record_external: bool = False

    def entry(self, name: str) -> str:
        """The item of a manifest's ``users`` that declares him as ``name``."""
        return "".join([f"  - id: {name}\n", *(f"    {field}\n" for field in self.fields)])

    def row(self, name: str, chance: random.Random) -> UserRow | None:
        """His row in the list, with ids drawn from ``chance``; None where he is unknown."""
        if self.connected is None:
            return None
        return UserRow(
            id=_drawn_id(chance),
            external_id=name,
            connections=tuple(
                ConnectionRow(platform, connected=True, email=name, id=_drawn_id(chance))
                if platform in self.connected
                else ConnectionRow(platform, connected=False, email=None, id=None)
                for platform in Platform
            ),
            preferences=PreferencesRow(id=_drawn_id(chance), record_external=self.record_external),
        )


def _drawn_id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
