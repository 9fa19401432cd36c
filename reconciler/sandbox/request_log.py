"""The log of every request that reached a sandbox, for tests, trials and ``sandbox show``."""

import sqlite3
from urllib.parse import urlencode

from msgspec import Struct

from reconciler.domain import REDACTED
from reconciler.domain.redaction import redacted
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.wire import Request

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
BODY_LENGTH = 2_000
_SECRET_PARAMETERS = frozenset({"state", "code"})


class LoggedRequest(Struct, frozen=True):
    """One request as it arrived, and what came of it.

    ``seq`` counts from 1; ``at`` is sandbox time, Unix seconds; ``external_id`` the subject's,
    where known; ``body`` that of a mutating call, without secrets, cut at 2 000 characters;
    ``status`` is None where the client got no answer (or not yet); ``effect`` is what changed;
    ``fault`` the kind of the fault that hit it.
    """

    seq: int
    at: float
    method: str
    path: str
    query: str
    endpoint: str
    external_id: str | None
    body: str | None
    status: int | None
    effect: str | None
    fault: str | None


def arrived(
    db: sqlite3.Connection,
    request: Request,
    endpoint: str,
    external_id: str | None,
    settings: Settings,
) -> int:
    """Write down a request; its sequence number."""
    body: str | None = None
    if request.method in MUTATING:
        text = request.body.decode("utf-8", "replace")
        body = _without_secrets(text, settings)[:BODY_LENGTH]
    shown = {k: REDACTED if k in _SECRET_PARAMETERS else v for k, v in request.query.items()}
    query = _without_secrets(urlencode(shown, safe="()@:"), settings)[:BODY_LENGTH]
    path = _without_secrets(request.path, settings)[:BODY_LENGTH]
    cursor = db.execute(
        "INSERT INTO requests (at, method, path, query, endpoint, external_id, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (settings.now, request.method, path, query, endpoint, external_id, body),
    )
    return int(cursor.lastrowid or 0)


def answered(
    db: sqlite3.Connection, seq: int, status: int | None, effect: str | None, fault: str | None
) -> None:
    """Write down what came of it."""
    db.execute(
        "UPDATE requests SET status = ?, effect = ?, fault = ? WHERE seq = ?",
        (status, effect, fault, seq),
    )


def read(db: sqlite3.Connection, since: int) -> tuple[LoggedRequest, ...]:
    """The requests with a sequence number above ``since``."""
    rows = db.execute("SELECT * FROM requests WHERE seq > ? ORDER BY seq", (since,))
    return tuple(LoggedRequest(*row) for row in rows)


def _without_secrets(text: str, settings: Settings) -> str:
    return redacted(text, settings.api_key)
