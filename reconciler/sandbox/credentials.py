"""API keys and calendar user tokens: creating and checking them.

A token looks like a JWT and is stateless: every process that serves the state accepts it.
"""

import base64
import hashlib
import hmac

import msgspec
from msgspec import Struct

from reconciler.domain import Secret
from reconciler.sandbox.http_messages import ApiRequest
from reconciler.sandbox.settings import StateSettings

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
