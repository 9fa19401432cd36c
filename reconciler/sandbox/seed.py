"""What a sandbox starts from: users, switches and faults, as a person or a test writes them."""

from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType, field

from reconciler.domain import Diagnostic, InvalidInput, Platform, Preferences
from reconciler.sandbox import people
from reconciler.sandbox.behaviour import Behaviour, Count
from reconciler.sandbox.fault import Fault
from reconciler.sandbox.people import ConnectionRow, Person, PreferencesRow
from reconciler.sandbox.settings import derived_id


class SeedPreferences(Preferences, frozen=True, forbid_unknown_fields=True):
    """Preferences of a seeded user; a field that is not given has its default."""


class SeedUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One user to begin with.

    ``connected`` says which platforms are connected, with which e-mail address. ``connections``
    instead gives the rows of the answer as they are, odd ones too. ``meetings`` is the number of
    upcoming meetings for each connected platform. ``id`` is Recall's id, derived if absent.
    """

    external_id: str | None
    id: str | None = None
    connected: Mapping[Platform, str | None] = field(default_factory=dict)
    connections: tuple[Mapping[str, object], ...] | None = None
    preferences: SeedPreferences | None | UnsetType = UNSET
    meetings: Count = 0

    def __post_init__(self) -> None:
        if self.connections is None:
            return
        if self.connected:
            raise ValueError("give `connected` or `connections`, not both")
        for row in self.connections:
            told = isinstance(row.get("platform"), str) and isinstance(row.get("connected"), bool)
            if not told:
                raise ValueError("each of `connections` needs `platform` and `connected`")


class Seed(Struct, frozen=True, kw_only=True):
    """Everything a sandbox starts from. Without ``api_key`` the state keeps its own."""

    users: tuple[SeedUser, ...] = ()
    api_key: str | None = None
    behaviour: Behaviour = Behaviour()
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        if self.api_key is not None and not self.api_key.strip():
            raise InvalidInput(Diagnostic(None, "apiKey must not be empty"))


def people_of(seed: Seed) -> list[Person]:
    """The users to store. Their ids follow from the seed alone.

    Raises :class:`InvalidInput` when two users have one ``id``.
    """
    taken: set[str] = set()
    seen: dict[str | None, int] = {}
    found: list[Person] = []
    for user in seed.users:
        number = seen[user.external_id] = seen.get(user.external_id, 0) + 1
        user_id = user.id or _user_id(user.external_id, number)
        if user_id in taken:
            raise InvalidInput(Diagnostic(None, f"two users have the id {user_id[:80]}"))
        taken.add(user_id)
        found.append(
            Person(
                id=user_id,
                external_id=user.external_id,
                connections=_rows(user, user_id, seed.behaviour),
                preferences=_preferences(user, user_id),
                pending={},
                meetings=user.meetings,
            )
        )
    return found


def _user_id(external_id: str | None, number: int) -> str:
    if external_id is None:
        return derived_id("anonymous", str(number))
    return derived_id("user", external_id, str(number))


def _rows(user: SeedUser, user_id: str, behaviour: Behaviour) -> list[ConnectionRow]:
    if user.connections is not None:
        return [dict(row) for row in user.connections]
    rows: list[ConnectionRow] = []
    for platform in Platform:
        if platform in user.connected:
            rows.append(
                {
                    "platform": platform.value,
                    "connected": True,
                    "email": user.connected[platform],
                    "id": derived_id(user_id, platform.value),
                }
            )
        elif behaviour.connection_rows == "always":
            rows.append(people.row_not_connected(platform))
    return rows


def _preferences(user: SeedUser, user_id: str) -> PreferencesRow | None:
    if user.preferences is None:
        return None
    defaults = people.default_preferences(user_id)
    if isinstance(user.preferences, UnsetType):
        return defaults
    return {**defaults, **user.preferences.told()}
