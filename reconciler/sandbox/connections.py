"""Connecting and disconnecting platforms, at once or after a delay."""

import sqlite3

from reconciler.domain import Platform
from reconciler.sandbox import meetings, users
from reconciler.sandbox.settings import Behaviour, derived_id, next_serial
from reconciler.sandbox.users import ConnectionRow, StoredUser


def connect(
    db: sqlite3.Connection,
    user: StoredUser,
    platform: Platform,
    email: str | None,
    behaviour: Behaviour,
    now: float,
) -> None:
    """Connect ``platform`` as the user does in the browser, for the first time or again."""
    names = [user.id, platform.value]
    if behaviour.reconnect_id == "new":
        names += ["connected", next_serial(db)]
    row: ConnectionRow = {
        "platform": platform.value,
        "connected": True,
        "email": email,
        "id": derived_id(*names),
    }
    places = [i for i, r in enumerate(user.connections) if r["platform"] == platform]
    if places:
        user.connections[places[0]] = row
    else:
        user.connections.insert(0 if platform is Platform.GOOGLE else len(user.connections), row)
    user.pending.pop(platform, None)
    meetings.remove(db, user.id, platform)
    meetings.add(db, user.id, platform, email, user.meetings, now)
    users.save(db, user, now)


def disconnect(
    db: sqlite3.Connection, user: StoredUser, platform: Platform, behaviour: Behaviour, now: float
) -> None:
    """Disconnect ``platform`` now."""
    kept: list[ConnectionRow] = []
    for row in user.connections:
        if row["platform"] != platform or not row["connected"]:
            kept.append(row)
        elif behaviour.after_disconnect == "nulls":
            kept.append({**row, "connected": False, "email": None, "id": None})
        elif behaviour.after_disconnect == "details_kept":
            kept.append({**row, "connected": False})
    user.connections = kept
    user.pending.pop(platform, None)
    meetings.remove(db, user.id, platform)
    users.save(db, user, now)


def finish_due(db: sqlite3.Connection, behaviour: Behaviour, now: float) -> None:
    """Carry out the delayed disconnects that are due."""
    due = db.execute(
        "SELECT seq, document, pending, meetings FROM users WHERE due <= ?", (now,)
    ).fetchall()
    for row in due:
        user = users.user_from(row)
        for platform, at in sorted(user.pending.items()):
            if at <= now:
                disconnect(db, user, Platform(platform), behaviour, at)
