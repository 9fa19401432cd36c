"""The calendar users of a sandbox: created, changed, deleted and listed.

A user is stored as the JSON of the response, so a list is a join of strings.
"""

import sqlite3
import zlib
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from reconciler.domain import PREFERENCE_FIELDS, Platform
from reconciler.sandbox.settings import Behaviour, derived_id, next_serial

DEFAULT_BOT_NAME = "Notetaker"
HISTORY_SECONDS = 3_600.0  # how far back a stale list can reach
_INSERTION = "SELECT CAST(document AS BLOB) FROM users ORDER BY seq"
_SHUFFLED = "SELECT CAST(document AS BLOB) FROM users ORDER BY shuffle, seq"

ConnectionRow = dict[str, object]
PreferencesRow = dict[str, object]


class StoredUser(Struct, kw_only=True):
    """One calendar user as stored.

    ``pending`` maps a platform to the sandbox time when its disconnect shows. ``meetings`` is the
    number of meetings that a new connection brings.
    """

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
        """The connected rows of ``platform``; more than one only if a seed has them."""
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


def user_from(row: tuple[int, str, str, int]) -> StoredUser:
    """A user from the columns seq, document, pending and meetings."""
    document = _document.decode(row[1])
    return StoredUser(
        seq=row[0],
        id=document.id,
        external_id=document.external_id,
        connections=document.connections,
        preferences=document.preferences,
        pending=_pending.decode(row[2]),
        meetings=row[3],
    )


def find_by_id(db: sqlite3.Connection, user_id: str) -> StoredUser | None:
    """The user with Recall's id ``user_id``."""
    row = db.execute(
        "SELECT seq, document, pending, meetings FROM users WHERE id = ?", (user_id,)
    ).fetchone()
    return user_from(row) if row else None


def find_by_external_id(db: sqlite3.Connection, external_id: str) -> StoredUser | None:
    """The oldest user with that ``external_id``."""
    row = db.execute(
        "SELECT seq, document, pending, meetings FROM users WHERE external_id = ?"
        " ORDER BY seq LIMIT 1",
        (external_id,),
    ).fetchone()
    return user_from(row) if row else None


def default_preferences(user_id: str) -> PreferencesRow:
    """The preferences of a new user: nothing is recorded."""
    values: PreferencesRow = {"id": derived_id(user_id, "preferences")}
    values.update(dict.fromkeys(PREFERENCE_FIELDS, False))
    values["bot_name"] = DEFAULT_BOT_NAME
    return values


def row_not_connected(platform: Platform) -> ConnectionRow:
    """The row of a platform that is not connected."""
    return {"platform": platform.value, "connected": False, "email": None, "id": None}


def first_rows(behaviour: Behaviour) -> list[ConnectionRow]:
    """The rows of a user who never connected a platform, Google first."""
    if behaviour.connection_rows == "when_connected":
        return []
    return [row_not_connected(platform) for platform in Platform]


def create(
    db: sqlite3.Connection, external_id: str, behaviour: Behaviour, now: float
) -> StoredUser:
    """Create the user for an ``external_id`` that authenticates for the first time."""
    user_id = _id_for(db, external_id, behaviour)
    user = StoredUser(
        id=user_id,
        external_id=external_id,
        connections=first_rows(behaviour),
        preferences=default_preferences(user_id),
        pending={},
    )
    insert(db, [user])
    stored = find_by_id(db, user_id)
    assert stored is not None  # noqa: S101  # it was inserted in this transaction
    _keep_old_document(db, stored.seq, user_id, None, now)
    return stored


def _id_for(db: sqlite3.Connection, external_id: str, behaviour: Behaviour) -> str:
    if behaviour.recreated_user_id == "same":
        former = db.execute("SELECT id FROM former_users WHERE external_id = ?", (external_id,))
        for (user_id,) in former:
            return str(user_id)
    return derived_id("user", external_id, "made", next_serial(db))


def _shuffle(user_id: str) -> int:
    return zlib.crc32(user_id.encode())


def insert(db: sqlite3.Connection, new: list[StoredUser]) -> None:
    """Store new users, in this order."""
    db.executemany(
        "INSERT INTO users (id, external_id, shuffle, document, pending, meetings)"
        " VALUES (?, ?, ?, ?, '{}', ?)",
        ((u.id, u.external_id, _shuffle(u.id), u.document().decode(), u.meetings) for u in new),
    )


def save(db: sqlite3.Connection, user: StoredUser, now: float) -> None:
    """Store a changed user. The earlier document stays available to stale lists."""
    (before,) = db.execute("SELECT document FROM users WHERE seq = ?", (user.seq,)).fetchone()
    document = user.document().decode()
    if document != before:
        _keep_old_document(db, user.seq, user.id, before, now)
    db.execute(
        "UPDATE users SET external_id = ?, document = ?, pending = ?, due = ? WHERE seq = ?",
        (
            user.external_id,
            document,
            _encoder.encode(user.pending).decode(),
            min(user.pending.values(), default=None),
            user.seq,
        ),
    )


def _keep_old_document(
    db: sqlite3.Connection, seq: int, user_id: str, before: str | None, now: float
) -> None:
    db.execute("DELETE FROM old_documents WHERE replaced_at < ?", (now - HISTORY_SECONDS,))
    db.execute(
        "INSERT INTO old_documents VALUES (?, ?, ?, ?)", (seq, now, _shuffle(user_id), before)
    )


def delete(db: sqlite3.Connection, user: StoredUser, now: float) -> None:
    """Delete the user and their meetings."""
    _keep_old_document(db, user.seq, user.id, user.document().decode(), now)
    db.execute("DELETE FROM meetings WHERE user_id = ?", (user.id,))
    db.execute("DELETE FROM users WHERE seq = ?", (user.seq,))
    if user.external_id is not None:
        db.execute("INSERT OR REPLACE INTO former_users VALUES (?, ?)", (user.external_id, user.id))


def merged_preferences(user: StoredUser, changes: Mapping[str, object]) -> PreferencesRow:
    """The user's preferences (or the defaults) with ``changes`` applied."""
    return {**(user.preferences or default_preferences(user.id)), **changes}


def documents(db: sqlite3.Connection, order: str) -> Iterator[bytes]:
    """All users as the API lists them. ``order`` is a value of the switch ``list_order``."""
    rows = db.execute(_INSERTION if order == "insertion" else _SHUFFLED)
    return (row[0] for row in rows)


def documents_at(db: sqlite3.Connection, order: str, then: float) -> Iterator[bytes]:
    """All users as they were at sandbox time ``then``, at most an hour ago."""
    found: dict[int, tuple[int, str | None]] = {
        seq: (shuffle, document)
        for seq, shuffle, document in db.execute("SELECT seq, shuffle, document FROM users")
    }
    replaced = db.execute(
        "SELECT seq, shuffle, document FROM old_documents WHERE replaced_at > ?"
        " ORDER BY replaced_at DESC, rowid DESC",
        (then,),
    )
    for seq, shuffle, document in replaced:
        found[seq] = (shuffle, document)
    place = {seq: (0 if order == "insertion" else shuffle) for seq, (shuffle, _) in found.items()}
    for seq in sorted(found, key=lambda seq: (place[seq], seq)):
        document = found[seq][1]
        if document is not None:
            yield document.encode()
