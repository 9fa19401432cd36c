"""Which calls are let in: those with a key or a token, as often as the rate limits allow."""

import base64
import hashlib
import hmac
import math
import sqlite3
from email.utils import formatdate

import msgspec
from msgspec import Struct

from reconciler.domain import Secret
from reconciler.sandbox.http_messages import ApiRequest, ApiResponse, RequestRefused, json_response
from reconciler.sandbox.settings import Behaviour, StateSettings

TOKEN_HEADER = "x-recallcalendarauthtoken"  # noqa: S105  # a name, not a secret


class _Claims(Struct):
    user_id: str
    iat: float
    exp: float


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_HEADER = _text(b'{"alg":"HS256","typ":"JWT"}')


def _signature(signed: str, settings: StateSettings) -> str:
    key = settings.signing_key.reveal().encode()
    return _text(hmac.digest(key, signed.encode(), hashlib.sha256))


def make_token(user_id: str, settings: StateSettings) -> str:
    """A new token for the user with Recall's id ``user_id``."""
    claims = _Claims(user_id, settings.now, settings.now + settings.behaviour.token_seconds)
    signed = f"{_HEADER}.{_text(msgspec.json.encode(claims))}"
    return f"{signed}.{_signature(signed, settings)}"


def user_id_of(token: str, settings: StateSettings) -> str | None:
    """The id of the token's user; None if the token is not of this state or has expired."""
    signed, _, signature = token.strip().rpartition(".")
    expected = _signature(signed, settings)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    payload = signed.partition(".")[2]
    claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=="), type=_Claims)
    return claims.user_id if settings.now < claims.exp else None


def has_api_key(request: ApiRequest, settings: StateSettings) -> bool:
    """Whether the request carries the workspace's key, with or without the word ``Token``."""
    value = request.headers.get("authorization", "").strip()
    word, _, key = value.partition(" ")
    if word.lower() == "token":
        return Secret(key.strip()) == settings.api_key
    return settings.behaviour.scheme_word == "optional" and Secret(value) == settings.api_key


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
