"""The errors of a call, one class for each thing that the caller can do about it.

Each error says whether the call can have had an effect. The executor sends a disconnect again only
after an error that proves that it had none.
"""

import re
from enum import Enum
from typing import ClassVar

from reconciler.domain import InvalidInput

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


class Effect(Enum):
    """What we know about the effect of a failed call."""

    NONE = "none"
    UNKNOWN = "unknown"


class RecallError(Exception):
    """A call to the API that failed.

    ``detail`` says what was called and what came back, without secrets and control characters;
    ``hint`` says what to do. ``status`` is the HTTP status, None if no answer began.
    ``retry_after`` are the seconds that the server asked us to wait, if it did.
    """

    effect: ClassVar[Effect] = Effect.UNKNOWN
    default_hint: ClassVar[str] = "try again later"

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        hint: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.detail = detail
        self.status = status
        self.hint = self.default_hint if hint is None else hint
        self.retry_after = retry_after
        super().__init__(f"{detail} ({self.hint})")

    @property
    def code(self) -> str:
        """The error's stable name in reports and records: its class in ``snake_case``."""
        return _WORD_START.sub("_", type(self).__name__).lower()


class NetworkSettingsInvalid(InvalidInput):
    """The environment names a proxy, or certificates to trust, that cannot be used."""


class CredentialsRefused(RecallError):
    """401 on a call with the API key."""

    effect = Effect.NONE
    default_hint = "check the API key, and that it belongs to this region"


class UserTokenRefused(RecallError):
    """401 on a call with a user token: mint another one."""

    effect = Effect.NONE
    default_hint = "the user's token expired or was revoked; a new one can be minted"


class OutOfCredit(RecallError):
    """402: nothing works until the account is topped up; stop the run."""

    effect = Effect.NONE
    default_hint = "the Recall.ai account is out of credit"


class Blocked(RecallError):
    """403: a firewall in front of the API refused the call; its body is not the API's."""

    effect = Effect.NONE
    default_hint = "a firewall refused the call; ask Recall.ai or your network administrators"


class NotFound(RecallError):
    """404 or 405: no such thing, or not with this method."""

    effect = Effect.NONE
    default_hint = "check the address of the API"


class Rejected(RecallError):
    """400, 422 or another 4xx: the API rejects the request; the detail shows its answer."""

    effect = Effect.NONE
    default_hint = "sending it again will not help"


class Conflict(RecallError):
    """409: the API was busy with the user; nothing happened."""

    effect = Effect.NONE


class Throttled(RecallError):
    """429: the rate limit is used up; nothing happened."""

    effect = Effect.NONE
    default_hint = "the rate limit is used up, perhaps by another client of the workspace"


class ThrottledBeyondCap(Throttled):
    """429 with a ``Retry-After`` longer than we wait."""


class NotReached(RecallError):
    """No connection was established (DNS, refused, timeout, proxy): nothing was sent."""

    effect = Effect.NONE
    default_hint = "check the address, the network and HTTPS_PROXY"


class TlsFailed(NotReached):
    """No TLS with the server or the proxy: nothing was sent, and a retry would fail again."""

    default_hint = (
        "check the address; if your company signs certificates itself, let SSL_CERT_FILE name"
        " its authority's certificates (PEM)"
    )


class NotSentInTime(RecallError):
    """The call could not leave in time: nothing was sent."""

    effect = Effect.NONE
    default_hint = "it takes too long to connect; check the network and HTTPS_PROXY"


class NoAnswer(RecallError):
    """The call was sent, and no answer came or, with a ``status``, no complete answer."""


class TooSlow(NoAnswer):
    """The answer did not end within the time of a whole call; a retry would take as long."""


class ServerError(RecallError):
    """5xx: the call may or may not have had its effect."""


class UnexpectedAnswer(RecallError):
    """A redirect, or an answer that differs from the API's documentation."""

    default_hint = "check the address of the API"
