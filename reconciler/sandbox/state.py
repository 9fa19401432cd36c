"""A sandbox's state as its owner sees it: seed it, look at it, act as its users do elsewhere.

Tests, the command line and the server use it. Clients of the API go through the service instead.
"""

import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from reconciler.domain import CalendarUser, Platform, Secret
from reconciler.sandbox import connections, faults, meetings, oauth_apps, request_log, users
from reconciler.sandbox.database import (
    StateDatabase,
    create_database,
    make_private,
    unusable_because,
)
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.request_log import LoggedRequest
from reconciler.sandbox.seed import Seed, load_seed, stored_users
from reconciler.sandbox.settings import (
    Behaviour,
    SandboxClock,
    StateSettings,
    initial_meta,
    read_settings,
    write_setting,
)
from reconciler.sandbox.users import StoredUser

_user = msgspec.json.Decoder(CalendarUser)
_EMPTIED = (
    "users",
    "former_users",
    "old_documents",
    "meetings",
    "calls",
    "finished_keys",
    "apps",
    "codes",
    "faults",
    "requests",
)


class UnknownUser(LookupError):
    """No calendar user has the external id."""


class SandboxState:
    """One state file. Any number of processes may open and serve it at once."""

    def __init__(self, database: StateDatabase, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    @classmethod
    def open(cls, path: Path, *, create: bool = True, now: Callable[[], float] = time.time) -> Self:
        """Open the state at ``path``; create it, and its folders (mode 0700), if missing.

        ``now`` gives real time, Unix seconds. Raises :class:`InvalidInput` if the file is not a
        sandbox state, is missing with ``create`` false, or cannot be created or read.
        """
        try:
            if create and not path.exists():
                create_database(
                    path,
                    initial_meta(
                        state_id=secrets.token_hex(8),
                        api_key=f"sandbox-key-{secrets.token_hex(16)}",
                        signing_key=secrets.token_hex(32),
                    ),
                )
            return cls(StateDatabase(path), now)
        except (OSError, sqlite3.DatabaseError) as error:
            raise unusable_because(path, error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _settings(self) -> StateSettings:
        with self._database.transaction() as db:
            return read_settings(db, self._now)

    @property
    def id(self) -> str:
        """Created with the file and never changed; ``sandbox:<id>`` is the sandbox's address."""
        return self._settings().id

    @property
    def api_key(self) -> Secret:
        """The key that the sandbox accepts."""
        return self._settings().api_key

    @property
    def speed(self) -> float:
        """Sandbox seconds a real second."""
        return self._settings().clock.speed

    def seed(self, seed: Seed) -> None:
        """Replace users, switches and faults by the ``seed``; empty the log and rate windows."""
        found = stored_users(seed)
        with self._database.transaction() as db:
            for table in _EMPTIED:
                db.execute(f"DELETE FROM {table}")  # noqa: S608  # names from the tuple above
            self._restart_clock(db)
            write_setting(db, "serial", "0")
            write_setting(db, "behaviour", _text(seed.behaviour))
            if seed.api_key is not None:
                write_setting(db, "api_key", seed.api_key)
            users.insert(db, found)
            now = read_settings(db, self._now).now
            for user in found:
                _add_meetings(db, user, now)
            for fault in seed.faults:
                faults.add(db, fault, seed.behaviour)
            oauth_apps.register(db, seed.apps)

    def _restart_clock(self, db: sqlite3.Connection) -> None:
        speed = read_settings(db, self._now).clock.speed
        real = self._now()
        write_setting(db, "clock", _text(SandboxClock(real, real, speed)))

    def users(self) -> tuple[CalendarUser, ...]:
        """All calendar users in the order they were created."""
        with self._database.transaction() as db:
            settings = read_settings(db, self._now)
            connections.finish_due(db, settings.behaviour, settings.now)
            return tuple(_user.decode(row) for row in users.documents(db, "insertion"))

    def log(self, *, since: int = 0) -> tuple[LoggedRequest, ...]:
        """The requests that arrived after number ``since``, oldest first."""
        with self._database.transaction() as db:
            return request_log.read(db, since)

    def connect(self, external_id: str, platform: Platform, email: str | None = None) -> None:
        """Connect ``platform`` as the user does in the browser, with the account ``email``.

        The API shows no account if that is None. Raises :class:`UnknownUser`.
        """
        with self._database.transaction() as db:
            settings = read_settings(db, self._now)
            user = _known(db, external_id)
            connections.connect(db, user, platform, email, settings.behaviour, settings.now)

    def disconnect(self, external_id: str, platform: Platform) -> None:
        """Disconnect ``platform`` as another client does. Raises :class:`UnknownUser`."""
        with self._database.transaction() as db:
            settings = read_settings(db, self._now)
            user = _known(db, external_id)
            connections.disconnect(db, user, platform, settings.behaviour, settings.now)

    def behaviour(self) -> Behaviour:
        """The switches as they are now."""
        return self._settings().behaviour

    def set_behaviour(self, behaviour: Behaviour) -> None:
        """Replace the switches, for all servers of this state."""
        with self._database.transaction() as db:
            write_setting(db, "behaviour", _text(behaviour))

    def faults(self) -> tuple[Fault, ...]:
        """The faults that can still hit, in the order they were added."""
        with self._database.transaction() as db:
            return faults.armed(db)

    def add_fault(self, fault: Fault) -> None:
        """Add a fault. Earlier ones come first."""
        with self._database.transaction() as db:
            faults.add(db, fault, read_settings(db, self._now).behaviour)

    def clear_faults(self) -> None:
        """Remove all faults."""
        with self._database.transaction() as db:
            faults.clear(db)


def _text(value: Behaviour | SandboxClock) -> str:
    return msgspec.json.encode(value).decode()


def _known(db: sqlite3.Connection, external_id: str) -> StoredUser:
    user = users.find_by_external_id(db, external_id)
    if user is None:
        raise UnknownUser(f"no calendar user has the external id {external_id[:200]!r}")
    return user


def _add_meetings(db: sqlite3.Connection, user: StoredUser, now: float) -> None:
    if not user.meetings:
        return
    for platform in Platform:
        for row in user.connected_rows(platform)[:1]:
            email = row.get("email")
            address = email if isinstance(email, str) else None
            meetings.add(db, user.id, platform, address, user.meetings, now)


@contextmanager
def open_seeded(path: Path, seed: Path) -> Iterator[SandboxState]:
    """The state at ``path`` for as long as the context lasts; created from ``seed`` if missing.

    If several processes create it at once, one wins and all use its state. Raises
    :class:`InvalidInput` for a seed or a place that cannot be used.
    """
    try:
        if not path.exists():
            _create_seeded(path, seed)
    except OSError as error:
        raise unusable_because(path, error) from None
    with SandboxState.open(path, create=False) as state:
        yield state


def _create_seeded(path: Path, seed: Path) -> None:
    wanted = load_seed(seed)
    make_private(path.parent)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".sandbox-") as folder:
        draft = Path(folder) / path.name
        with SandboxState.open(draft) as state:
            state.seed(wanted)
        with suppress(FileExistsError):
            os.link(draft, path)
