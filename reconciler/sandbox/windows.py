"""The rate limits: how many calls an endpoint allows a subject in a window, kept in the state."""

import math
import sqlite3
from email.utils import formatdate

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.wire import Answer, Refused, json_answer


def limit_of(endpoint: str, behaviour: Behaviour) -> int:
    """Calls a window that ``endpoint`` allows one subject."""
    if endpoint == "list_users":
        return behaviour.list_limit
    if endpoint == "authenticate":
        return behaviour.authenticate_limit
    return behaviour.disconnect_limit if endpoint == "disconnect" else behaviour.user_limit


def admit(
    db: sqlite3.Connection, endpoint: str, subject: str, behaviour: Behaviour, now: float
) -> None:
    """Count the call. Raises :class:`Refused` with 429 when the window is full."""
    if not behaviour.enforce_limits:
        return
    limit = limit_of(endpoint, behaviour)
    if behaviour.limits_count == "per_subject":
        endpoint = "*"
    db.execute("DELETE FROM calls WHERE at <= ?", (now - behaviour.window_seconds,))
    since = _window_start(behaviour, now)
    (used,) = db.execute(
        "SELECT count(*) FROM calls WHERE endpoint = ? AND subject = ? AND at > ?",
        (endpoint, subject, since),
    ).fetchone()
    if used < limit or behaviour.limiter_counts_refused:
        db.execute("INSERT INTO calls VALUES (?, ?, ?)", (endpoint, subject, now))
    if used < limit:
        return
    if behaviour.limiter == "fixed" or limit == 0:
        wait = since + behaviour.window_seconds - now if limit else behaviour.window_seconds
    else:
        (frees,) = db.execute(
            "SELECT at FROM calls WHERE endpoint = ? AND subject = ? ORDER BY at DESC LIMIT 1"
            " OFFSET ?",
            (endpoint, subject, limit - 1),
        ).fetchone()
        wait = frees + behaviour.window_seconds - now
    raise Refused(throttled(wait, behaviour, now))


def _window_start(behaviour: Behaviour, now: float) -> float:
    if behaviour.limiter == "fixed":
        return math.floor(now / behaviour.window_seconds) * behaviour.window_seconds
    return now - behaviour.window_seconds


def throttled(wait: float, behaviour: Behaviour, now: float) -> Answer:
    """The 429 that asks for ``wait`` seconds."""
    seconds = max(1, math.ceil(wait))
    detail = f"Request was throttled. Expected available in {seconds} seconds."
    body = {"code": "throttled", "detail": detail}
    answer = json_answer(429, body if behaviour.error_bodies == "2025" else {"detail": detail})
    headers = dict(answer.headers)
    if behaviour.retry_after == "seconds":
        headers["retry-after"] = str(seconds)
    elif behaviour.retry_after == "http_date":
        headers["retry-after"] = formatdate(math.ceil(now + wait), usegmt=True)
    return Answer(429, answer.body, headers)
