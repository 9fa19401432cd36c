"""How platforms come and go: connected in the browser, disconnected by a call, or after a while."""

import sqlite3

from reconciler.domain import Platform
from reconciler.sandbox import meetings, people
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.people import ConnectionRow, Person
from reconciler.sandbox.settings import derived_id, next_serial


def connect(
    db: sqlite3.Connection,
    person: Person,
    platform: Platform,
    email: str | None,
    behaviour: Behaviour,
    now: float,
) -> None:
    """The person connected ``platform`` in the browser, for the first time or again."""
    names = [person.id, platform.value]
    if behaviour.reconnect_id == "new":
        names += ["connected", next_serial(db)]
    row: ConnectionRow = {
        "platform": platform.value,
        "connected": True,
        "email": email,
        "id": derived_id(*names),
    }
    places = [i for i, r in enumerate(person.connections) if r["platform"] == platform]
    if places:
        person.connections[places[0]] = row
    else:
        person.connections.insert(
            0 if platform is Platform.GOOGLE else len(person.connections), row
        )
    person.pending.pop(platform, None)
    meetings.remove(db, person.id, platform)
    meetings.add(db, person.id, platform, email, person.meetings, now)
    people.save(db, person, now)


def disconnect(
    db: sqlite3.Connection, person: Person, platform: Platform, behaviour: Behaviour, now: float
) -> None:
    """Take ``platform`` away, at once."""
    kept: list[ConnectionRow] = []
    for row in person.connections:
        if row["platform"] != platform or not row["connected"]:
            kept.append(row)
        elif behaviour.after_disconnect == "nulls":
            kept.append({**row, "connected": False, "email": None, "id": None})
        elif behaviour.after_disconnect == "details_kept":
            kept.append({**row, "connected": False})
    person.connections = kept
    person.pending.pop(platform, None)
    if behaviour.meetings_after_disconnect == "removed":
        meetings.remove(db, person.id, platform)
    people.save(db, person, now)


def settle(db: sqlite3.Connection, behaviour: Behaviour, now: float) -> None:
    """Let the disconnects show whose time has come."""
    due = db.execute(
        "SELECT seq, document, pending, meetings FROM users WHERE due <= ?", (now,)
    ).fetchall()
    for row in due:
        person = people.person_from(row)
        for platform, at in sorted(person.pending.items()):
            if at <= now:
                disconnect(db, person, Platform(platform), behaviour, at)
