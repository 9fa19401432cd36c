"""The rate limits: how many calls a minute an endpoint allows one user, or the workspace."""

import math
import sqlite3
from email.utils import formatdate

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.http_messages import ApiResponse, RequestRefused, json_response

WINDOW_SECONDS = 60.0


def limit_of(endpoint: str, behaviour: Behaviour) -> int:
    """Calls that ``endpoint`` allows one subject in a window."""
    if endpoint == "list_users":
        return behaviour.list_limit
    if endpoint == "authenticate":
        return behaviour.authenticate_limit
    return behaviour.disconnect_limit if endpoint == "disconnect" else behaviour.user_limit


def admit(
    db: sqlite3.Connection, endpoint: str, subject: str, behaviour: Behaviour, now: float
) -> None:
    """Count a call of ``subject``: a user's id, or empty for the workspace.

    Raises :class:`RequestRefused` with 429 if the window is full.
    """
    if not behaviour.enforce_limits:
        return
    limit = limit_of(endpoint, behaviour)
    if behaviour.limits_count == "per_subject":
        endpoint = "*"
    db.execute("DELETE FROM calls WHERE at <= ?", (now - WINDOW_SECONDS,))
    since = _window_start(behaviour, now)
    (used,) = db.execute(
        "SELECT count(*) FROM calls WHERE endpoint = ? AND subject = ? AND at >= ?",
        (endpoint, subject, since),
    ).fetchone()
    if used < limit or behaviour.limiter_counts_refused:
        db.execute("INSERT INTO calls VALUES (?, ?, ?)", (endpoint, subject, now))
    if used < limit:
        return
    if behaviour.limiter == "fixed" or limit == 0:
        wait = since + WINDOW_SECONDS - now if limit else WINDOW_SECONDS
    else:
        (frees,) = db.execute(
            "SELECT at FROM calls WHERE endpoint = ? AND subject = ? ORDER BY at DESC LIMIT 1"
            " OFFSET ?",
            (endpoint, subject, limit - 1),
        ).fetchone()
        wait = frees + WINDOW_SECONDS - now
    raise RequestRefused(throttled(wait, behaviour, now))


def _window_start(behaviour: Behaviour, now: float) -> float:
    if behaviour.limiter == "fixed":
        return math.floor(now / WINDOW_SECONDS) * WINDOW_SECONDS
    return now - WINDOW_SECONDS


def throttled(wait: float, behaviour: Behaviour, now: float) -> ApiResponse:
    """The 429 that asks the client to wait ``wait`` seconds."""
    seconds = max(1, math.ceil(wait))
    detail = f"Request was throttled. Expected available in {seconds} seconds."
    body = {"code": "throttled", "detail": detail}
    response = json_response(429, body if behaviour.error_bodies == "2025" else {"detail": detail})
    headers = dict(response.headers)
    if behaviour.retry_after == "seconds":
        headers["retry-after"] = str(seconds)
    elif behaviour.retry_after == "http_date":
        headers["retry-after"] = formatdate(math.ceil(now + wait), usegmt=True)
    return ApiResponse(429, response.body, headers)
