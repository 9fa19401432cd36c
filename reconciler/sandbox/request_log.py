"""What is stored of each request: its line in the log, and the response to its idempotency key.

Tests, trials and ``sandbox show`` read the log.
"""

import sqlite3
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from reconciler.domain import REDACTED
from reconciler.domain.secrets import redacted
from reconciler.sandbox.http_messages import ApiRequest, ApiResponse
from reconciler.sandbox.settings import StateSettings

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
BODY_LENGTH = 2_000
KEYED = frozenset({"PUT", "POST", "PATCH"})
KEY_SECONDS = 3_600.0  # how long an ``Idempotency-Key`` replays its first response
_SECRET_PARAMETERS = frozenset({"state", "code"})


class LoggedRequest(Struct, frozen=True):
    """One request as it arrived, and its result.

    ``seq`` counts from 1. ``at`` is sandbox time, Unix seconds. ``external_id`` is that of the
    user the request is about, if known. ``body`` is that of a mutating call, without secrets, cut
    at 2 000 characters. ``status`` is None if the client got no response (yet). ``effect`` says
    what changed. ``fault`` is the kind of the fault that hit the request.
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
    request: ApiRequest,
    endpoint: str,
    external_id: str | None,
    settings: StateSettings,
) -> int:
    """Log a request and return its sequence number."""
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
    """Add the result of request ``seq`` to the log."""
    db.execute(
        "UPDATE requests SET status = ?, effect = ?, fault = ? WHERE seq = ?",
        (status, effect, fault, seq),
    )


def read(db: sqlite3.Connection, since: int) -> tuple[LoggedRequest, ...]:
    """The requests with a sequence number above ``since``."""
    rows = db.execute("SELECT * FROM requests WHERE seq > ? ORDER BY seq", (since,))
    return tuple(LoggedRequest(*row) for row in rows)


def _without_secrets(text: str, settings: StateSettings) -> str:
    return redacted(text, settings.api_key)


def idempotency_key(request: ApiRequest) -> str | None:
    """The request's ``Idempotency-Key``, if its method honours one."""
    return request.headers.get("idempotency-key") if request.method in KEYED else None


def replayed(db: sqlite3.Connection, key: str, now: float) -> ApiResponse | None:
    """The first response to ``key``, or None if there was none in the last hour."""
    db.execute("DELETE FROM finished_keys WHERE at <= ?", (now - KEY_SECONDS,))
    row = db.execute(
        "SELECT status, body, headers FROM finished_keys WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    return ApiResponse(row[0], row[1], msgspec.json.decode(row[2], type=dict[str, str]))


def keep_response(db: sqlite3.Connection, key: str, response: ApiResponse, now: float) -> None:
    """Store the first response to ``key``, to replay it."""
    headers = msgspec.json.encode(dict(response.headers)).decode()
    db.execute(
        "INSERT INTO finished_keys VALUES (?, ?, ?, ?, ?)",
        (key, now, response.status, headers, response.body),
    )
