"""``Idempotency-Key``: a finished key replays its first answer for a while and runs nothing."""

import sqlite3

import msgspec

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.wire import Answer, Request

METHODS = frozenset({"PUT", "POST", "PATCH"})


def key_of(request: Request, behaviour: Behaviour) -> str | None:
    """The request's key, where keys mean something."""
    if request.method not in METHODS or not behaviour.idempotency_seconds:
        return None
    return request.headers.get("idempotency-key")


def finished(db: sqlite3.Connection, key: str, behaviour: Behaviour, now: float) -> Answer | None:
    """The first answer to ``key``, or None."""
    db.execute("DELETE FROM finished_keys WHERE at <= ?", (now - behaviour.idempotency_seconds,))
    row = db.execute(
        "SELECT status, body, headers FROM finished_keys WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    return Answer(row[0], row[1], msgspec.json.decode(row[2], type=dict[str, str]))


def finish(db: sqlite3.Connection, key: str, answer: Answer, now: float) -> None:
    """Keep the answer for repetitions."""
    headers = msgspec.json.encode(dict(answer.headers)).decode()
    db.execute(
        "INSERT INTO finished_keys VALUES (?, ?, ?, ?, ?)",
        (key, now, answer.status, headers, answer.body),
    )
