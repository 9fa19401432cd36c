"""Seeds: the users, switches and faults that a sandbox starts from, in Python or as a YAML file.

The YAML format is ``apiVersion: reconciler/sandbox/v1``.
"""

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml
from msgspec import UNSET, Struct, UnsetType, field
from yaml.composer import ComposerError

from reconciler.domain import Diagnostic, InvalidInput, Platform, Preferences, SourceLocation
from reconciler.sandbox import users
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.oauth_apps import OAuthApp
from reconciler.sandbox.settings import Behaviour, Count, derived_id
from reconciler.sandbox.users import ConnectionRow, PreferencesRow, StoredUser

API_VERSION = "reconciler/sandbox/v1"
MAX_DEPTH = 50
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
T = TypeVar("T")


class SeedPreferences(Preferences, frozen=True, forbid_unknown_fields=True):
    """Preferences of a seeded user. An absent field has its default."""


class SeedUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One user at the start.

    ``connected`` maps each connected platform to its e-mail address. Use ``connections`` instead
    to give the rows of the response as they are, odd ones too. ``meetings`` is the number of
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
            usable = isinstance(row.get("platform"), str) and isinstance(row.get("connected"), bool)
            if not usable:
                raise ValueError("each of `connections` needs `platform` and `connected`")


class Seed(Struct, frozen=True, kw_only=True):
    """What a sandbox starts from. Without ``api_key`` the state keeps its own."""

    users: tuple[SeedUser, ...] = ()
    api_key: str | None = None
    behaviour: Behaviour = Behaviour()
    faults: tuple[Fault, ...] = ()
    apps: tuple[OAuthApp, ...] = ()

    def __post_init__(self) -> None:
        if self.api_key is not None and not self.api_key.strip():
            raise InvalidInput(Diagnostic(None, "apiKey must not be empty"))


def stored_users(seed: Seed) -> list[StoredUser]:
    """The users to store. Their ids follow from the seed alone.

    Raises :class:`InvalidInput` if two users have the same ``id``.
    """
    taken: set[str] = set()
    seen: dict[str | None, int] = {}
    found: list[StoredUser] = []
    for user in seed.users:
        number = seen[user.external_id] = seen.get(user.external_id, 0) + 1
        user_id = user.id or _user_id(user.external_id, number)
        if user_id in taken:
            raise InvalidInput(Diagnostic(None, f"two users have the id {user_id[:80]}"))
        taken.add(user_id)
        found.append(
            StoredUser(
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
            rows.append(users.row_not_connected(platform))
    return rows


def _preferences(user: SeedUser, user_id: str) -> PreferencesRow | None:
    if user.preferences is None:
        return None
    defaults = users.default_preferences(user_id)
    if isinstance(user.preferences, UnsetType):
        return defaults
    return {**defaults, **user.preferences.present()}


class _SeedFile(Struct, forbid_unknown_fields=True, rename="camel"):
    api_version: str
    api_key: str | None = None
    users: list[object] = []
    behaviour: object = msgspec.field(default_factory=dict)
    faults: list[object] = []
    apps: list[object] = []


def load_seed(path: Path) -> Seed:
    """Read a seed file. Raises :class:`InvalidInput` with all errors of the file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # Reading a pipe may never end.
            raise InvalidInput(Diagnostic(SourceLocation(str(path)), "is not a regular file"))
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(Diagnostic(SourceLocation(str(path)), "is not UTF-8 text")) from None
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InvalidInput(Diagnostic(SourceLocation(str(path)), reason)) from None
    reader = _SeedReader(path, text)
    seed = reader.seed()
    if reader.problems or seed is None:
        raise InvalidInput(*reader.problems)
    return seed


class _SeedLoader(yaml.CSafeLoader):
    """Limits the depth: a deep document would overflow the C stack and end the interpreter."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        """Called by the parser before it composes a child of ``parent``."""
        self._depth += 1
        if self._depth > MAX_DEPTH and parent is not None:
            problem = f"nested deeper than {MAX_DEPTH} levels"
            raise ComposerError(None, None, problem, parent.start_mark)

    def ascend_resolver(self) -> None:
        """Called by the parser after it."""
        self._depth -= 1


class _SeedReader:
    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self.problems: list[Diagnostic] = []

    def seed(self) -> Seed | None:
        try:
            value = yaml.load(self._text, Loader=_SeedLoader)  # noqa: S506  # constructs what CSafeLoader does
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            problem = getattr(error, "problem", None) or "cannot be read"
            place = SourceLocation(str(self._path), line, column)
            self.problems.append(Diagnostic(place, f"not valid YAML: {problem}"))
            return None
        file = self._read(value, _SeedFile, "$")
        if file is None:
            return None
        if file.api_version != API_VERSION:
            self._add_problem("$.apiVersion", "unknown apiVersion", f"write {API_VERSION}")
        users = [self._read(u, SeedUser, f"$.users[{i}]") for i, u in enumerate(file.users)]
        faults = [self._read(f, Fault, f"$.faults[{i}]") for i, f in enumerate(file.faults)]
        apps = [self._read(a, OAuthApp, f"$.apps[{i}]") for i, a in enumerate(file.apps)]
        behaviour = self._read(file.behaviour, Behaviour, "$.behaviour")
        return Seed(
            users=tuple(user for user in users if user),
            api_key=file.api_key,
            behaviour=behaviour or Behaviour(),
            faults=tuple(fault for fault in faults if fault),
            apps=tuple(app for app in apps if app),
        )

    def _read(self, value: object, kind: type[T], place: str) -> T | None:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `")
            self._add_problem(place + where.partition("$")[2].rstrip("`"), message)
            return None

    def _add_problem(self, place: str, message: str, hint: str | None = None) -> None:
        line, column = self._position(place)
        location = SourceLocation(str(self._path), line, column)
        shown = place.removeprefix("$").removeprefix(".")
        self.problems.append(
            Diagnostic(location, f"{shown}: {message}" if shown else message, hint)
        )

    def _position(self, place: str) -> tuple[int, int]:
        """Line and column of the value at ``place``, or of the nearest that contains it."""
        node: yaml.Node | None = yaml.compose(self._text, Loader=yaml.CSafeLoader)
        if node is None:
            return 0, 0
        for name, index in _STEP.findall(place):
            found = _child(node, name, index)
            if found is None:
                break
            node = found
        return node.start_mark.line + 1, node.start_mark.column + 1


def _child(node: yaml.Node, name: str, index: str) -> yaml.Node | None:
    found: yaml.Node | None
    if isinstance(node, yaml.MappingNode):
        found = {key.value: value for key, value in node.value}.get(name)
    else:
        found = node.value[int(index)]
    return found
