"""The calendar users of a sandbox and what can happen to them: made, changed, connected, deleted.

The stored form is the answer's own JSON, so that a list is a join of strings.
"""

import sqlite3
import zlib
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from reconciler.domain import PREFERENCE_FIELDS, Platform
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.settings import derived_id, next_serial

DEFAULT_BOT_NAME = "Notetaker"
HISTORY_SECONDS = 3_600.0  # how far back a stale list can reach

ConnectionRow = dict[str, object]
PreferencesRow = dict[str, object]


class Person(Struct, kw_only=True):
    """One calendar user as stored. ``pending``: platforms whose disconnect shows at that time."""

    id: str
    external_id: str | None
    connections: list[ConnectionRow]
    preferences: PreferencesRow | None
    pending: dict[str, float]
    meetings: int = 0
    seq: int = 0

    def document(self) -> bytes:
        """The CalendarUser that the API answers."""
        return _encoder.encode(
            {
                "id": self.id,
                "external_id": self.external_id,
                "connections": self.connections,
                "preferences": self.preferences,
            }
        )

    def connected_rows(self, platform: Platform) -> list[ConnectionRow]:
        """The connected rows of ``platform``; more than one only where a seed said so."""
        return [r for r in self.connections if r["platform"] == platform and r["connected"]]

    @property
    def anything_connected(self) -> bool:
        return any(row["connected"] for row in self.connections)


class _Document(Struct):
    id: str
    external_id: str | None
    connections: list[ConnectionRow]
    preferences: PreferencesRow | None


_encoder = msgspec.json.Encoder()
_document = msgspec.json.Decoder(_Document)
_pending = msgspec.json.Decoder(dict[str, float])


def person_from(row: tuple[int, str, str, int]) -> Person:
    """A user from the columns seq, document, pending and meetings."""
    document = _document.decode(row[1])
    return Person(
        seq=row[0],
        id=document.id,
        external_id=document.external_id,
        connections=document.connections,
        preferences=document.preferences,
        pending=_pending.decode(row[2]),
        meetings=row[3],
    )


def find_by_id(db: sqlite3.Connection, user_id: str) -> Person | None:
    """The user with Recall's id ``user_id``."""
    row = db.execute(
        "SELECT seq, document, pending, meetings FROM users WHERE id = ?", (user_id,)
    ).fetchone()
    return person_from(row) if row else None


def find_by_external_id(db: sqlite3.Connection, external_id: str) -> Person | None:
    """The oldest user with that ``external_id``."""
    row = db.execute(
        "SELECT seq, document, pending, meetings FROM users WHERE external_id = ?"
        " ORDER BY seq LIMIT 1",
        (external_id,),
    ).fetchone()
    return person_from(row) if row else None


def default_preferences(user_id: str) -> PreferencesRow:
    """What a new user's preferences are: nothing is recorded."""
    values: PreferencesRow = {"id": derived_id(user_id, "preferences")}
    values.update(dict.fromkeys(PREFERENCE_FIELDS, False))
    values["bot_name"] = DEFAULT_BOT_NAME
    return values


def row_not_connected(platform: Platform) -> ConnectionRow:
    """The row of a platform that is not connected."""
    return {"platform": platform.value, "connected": False, "email": None, "id": None}


def first_rows(behaviour: Behaviour) -> list[ConnectionRow]:
    """The rows of a user who never connected anything, Google first."""
    if behaviour.connection_rows == "when_connected":
        return []
    return [row_not_connected(platform) for platform in Platform]


def create(db: sqlite3.Connection, external_id: str, behaviour: Behaviour, now: float) -> Person:
    """Make the user that authenticating an unknown id makes."""
    user_id = _id_for(db, external_id, behaviour)
    person = Person(
        id=user_id,
        external_id=external_id,
        connections=first_rows(behaviour),
        preferences=(
            default_preferences(user_id) if behaviour.new_user_preferences == "defaults" else None
        ),
        pending={},
    )
    insert(db, [person])
    stored = find_by_id(db, user_id)
    assert stored is not None  # noqa: S101  # it was inserted in this transaction
    _remember(db, stored.seq, user_id, None, now)
    return stored


def _id_for(db: sqlite3.Connection, external_id: str, behaviour: Behaviour) -> str:
    if behaviour.recreated_user_id == "same":
        former = db.execute("SELECT id FROM former_users WHERE external_id = ?", (external_id,))
        for (user_id,) in former:
            return str(user_id)
    return derived_id("user", external_id, "made", next_serial(db))


def _shuffle(user_id: str) -> int:
    return zlib.crc32(user_id.encode())


def insert(db: sqlite3.Connection, people: list[Person]) -> None:
    """Store new users, in this order."""
    db.executemany(
        "INSERT INTO users (id, external_id, shuffle, document, pending, meetings)"
        " VALUES (?, ?, ?, ?, '{}', ?)",
        ((p.id, p.external_id, _shuffle(p.id), p.document().decode(), p.meetings) for p in people),
    )


def save(db: sqlite3.Connection, person: Person, now: float) -> None:
    """Store what changed; the earlier document stays reachable for stale lists."""
    (before,) = db.execute("SELECT document FROM users WHERE seq = ?", (person.seq,)).fetchone()
    document = person.document().decode()
    if document != before:
        _remember(db, person.seq, person.id, before, now)
    db.execute(
        "UPDATE users SET external_id = ?, document = ?, pending = ?, due = ? WHERE seq = ?",
        (
            person.external_id,
            document,
            _encoder.encode(person.pending).decode(),
            min(person.pending.values(), default=None),
            person.seq,
        ),
    )


def _remember(
    db: sqlite3.Connection, seq: int, user_id: str, before: str | None, now: float
) -> None:
    db.execute("DELETE FROM old_documents WHERE replaced_at < ?", (now - HISTORY_SECONDS,))
    db.execute(
        "INSERT INTO old_documents VALUES (?, ?, ?, ?)", (seq, now, _shuffle(user_id), before)
    )


def delete(db: sqlite3.Connection, person: Person, now: float) -> None:
    """Remove the user with everything that hangs on it."""
    _remember(db, person.seq, person.id, person.document().decode(), now)
    db.execute("DELETE FROM meetings WHERE user_id = ?", (person.id,))
    db.execute("DELETE FROM users WHERE seq = ?", (person.seq,))
    if person.external_id is not None:
        db.execute(
            "INSERT OR REPLACE INTO former_users VALUES (?, ?)", (person.external_id, person.id)
        )


def merged_preferences(person: Person, changes: Mapping[str, object]) -> PreferencesRow:
    """The person's preferences, or the defaults, with ``changes``."""
    return {**(person.preferences or default_preferences(person.id)), **changes}
