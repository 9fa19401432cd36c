"""A sandbox's state as its owner sees it: seed it, look at it, play the other people in it.

Used by tests, the command line and the server. What the API's own clients may do goes through
the service instead.
"""

import secrets
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from reconciler.domain import CalendarUser, Platform, Secret
from reconciler.sandbox import connecting, fault_store, meetings, people, request_log, roster
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.database import Database, create_database, unusable_because
from reconciler.sandbox.fault import Fault
from reconciler.sandbox.people import Person
from reconciler.sandbox.request_log import LoggedRequest
from reconciler.sandbox.seed import Seed, people_of
from reconciler.sandbox.settings import (
    SandboxClock,
    Settings,
    initial_meta,
    read_settings,
    write_setting,
)

_user = msgspec.json.Decoder(CalendarUser)
_EMPTIED = (
    "users",
    "former_users",
    "old_documents",
    "meetings",
    "calls",
    "finished_keys",
    "faults",
    "requests",
)


class UnknownUser(LookupError):
    """No calendar user has the external id."""


class SandboxState:
    """One state file. Any number of these and of servers may have it open, in any processes."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    @classmethod
    def open(cls, path: Path, *, create: bool = True, now: Callable[[], float] = time.time) -> Self:
        """Open the state at ``path``, making it (and its folders, mode 0700) where missing.

        ``now`` gives real time, Unix seconds. Raises :class:`InvalidInput` when the file is no
        sandbox state, missing with ``create`` false, or cannot be made or read.
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
            return cls(Database(path), now)
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

    def _settings(self) -> Settings:
        with self._database.transaction() as db:
            return read_settings(db, self._now)

    @property
    def id(self) -> str:
        """Made with the file and never changed; ``sandbox:<id>`` is the sandbox's address."""
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
        """Begin anew: users, switches and faults of ``seed``; log and windows are emptied."""
        found = people_of(seed)
        with self._database.transaction() as db:
            for table in _EMPTIED:
                db.execute(f"DELETE FROM {table}")  # noqa: S608  # names from the tuple above
            self._restart_clock(db)
            write_setting(db, "serial", "0")
            write_setting(db, "behaviour", _text(seed.behaviour))
            if seed.api_key is not None:
                write_setting(db, "api_key", seed.api_key)
            people.insert(db, found)
            now = read_settings(db, self._now).now
            for person in found:
                _add_meetings(db, person, now)
            for fault in seed.faults:
                fault_store.add(db, fault, seed.behaviour)

    def _restart_clock(self, db: sqlite3.Connection) -> None:
        speed = read_settings(db, self._now).clock.speed
        real = self._now()
        write_setting(db, "clock", _text(SandboxClock(real, real, speed)))

    def users(self) -> tuple[CalendarUser, ...]:
        """All calendar users in the order they were made."""
        with self._database.transaction() as db:
            settings = read_settings(db, self._now)
            connecting.settle(db, settings.behaviour, settings.now)
            return tuple(_user.decode(row) for row in roster.documents(db, "insertion"))

    def log(self, *, since: int = 0) -> tuple[LoggedRequest, ...]:
        """The requests that arrived, oldest first; ``since`` is the last number already seen."""
        with self._database.transaction() as db:
            return request_log.read(db, since)

    def connect(self, external_id: str, platform: Platform, email: str | None = None) -> None:
        """The person connected ``platform`` in the browser, with the account ``email``.

        Nothing is told of the account where that is None. Raises :class:`UnknownUser`.
        """
        with self._database.transaction() as db:
            settings = read_settings(db, self._now)
            person = _known(db, external_id)
            connecting.connect(db, person, platform, email, settings.behaviour, settings.now)

    def disconnect(self, external_id: str, platform: Platform) -> None:
        """Somebody else disconnected ``platform``. Raises :class:`UnknownUser`."""
        with self._database.transaction() as db:
            settings = read_settings(db, self._now)
            person = _known(db, external_id)
            connecting.disconnect(db, person, platform, settings.behaviour, settings.now)

    def behaviour(self) -> Behaviour:
        """The switches as they stand."""
        return self._settings().behaviour

    def set_behaviour(self, behaviour: Behaviour) -> None:
        """Replace the switches, for all servers of this state."""
        with self._database.transaction() as db:
            write_setting(db, "behaviour", _text(behaviour))

    def faults(self) -> tuple[Fault, ...]:
        """The faults that can still hit, as they were added."""
        with self._database.transaction() as db:
            return fault_store.armed(db)

    def add_fault(self, fault: Fault) -> None:
        """Let something go wrong; faults that were added earlier come first."""
        with self._database.transaction() as db:
            fault_store.add(db, fault, read_settings(db, self._now).behaviour)

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        with self._database.transaction() as db:
            fault_store.clear(db)


def _text(value: Behaviour | SandboxClock) -> str:
    return msgspec.json.encode(value).decode()


def _known(db: sqlite3.Connection, external_id: str) -> Person:
    person = people.find_by_external_id(db, external_id)
    if person is None:
        raise UnknownUser(f"no calendar user has the external id {external_id[:200]!r}")
    return person


def _add_meetings(db: sqlite3.Connection, person: Person, now: float) -> None:
    if not person.meetings:
        return
    for platform in Platform:
        for row in person.connected_rows(platform)[:1]:
            email = row.get("email")
            address = email if isinstance(email, str) else None
            meetings.add(db, person.id, platform, address, person.meetings, now)
