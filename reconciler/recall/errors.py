"""What can go wrong with a call, divided by what the caller can do about it.

Each error says whether the call can have had an effect: the executor sends a disconnect again
only after one that proves it had none.
"""

import re
from enum import Enum
from typing import ClassVar

from reconciler.domain import InvalidInput

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


class Effect(Enum):
    """What is known of the effect of a call that failed."""

    NONE = "none"
    UNKNOWN = "unknown"


class RecallError(Exception):
    """A call to the API that did not do what it should.

    ``detail`` says what was called and what came back, bounded and free of secrets and control
    characters; ``hint`` what the caller can do. ``status`` is the HTTP status, None where no
    answer began. ``retry_after`` are the seconds that the server asked to wait, where it did.
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
    """What the environment says of proxies, or of the certificates to trust, cannot be used."""


class CredentialsRefused(RecallError):
    """401 on a call with the API key."""

    effect = Effect.NONE
    default_hint = "check the API key, and that it belongs to this region"


class UserTokenRefused(RecallError):
    """401 on a call with a user token: mint another one."""

    effect = Effect.NONE
    default_hint = "the user's token expired or was revoked; a new one can be minted"


class OutOfCredit(RecallError):
    """402: nothing will work until the account is topped up; stop the run."""

    effect = Effect.NONE
    default_hint = "the Recall.ai account is out of credit"


class Blocked(RecallError):
    """403: a firewall in front of the API refused the call; its body is not the API's."""

    effect = Effect.NONE
    default_hint = "a firewall refused the call; ask Recall.ai or your network's keepers"


class NotFound(RecallError):
    """404 or 405: no such thing, or not with this method."""

    effect = Effect.NONE
    default_hint = "check the address of the API"


class Rejected(RecallError):
    """400, 422 or another 4xx: the API does not accept the request; the detail shows its body."""

    effect = Effect.NONE
    default_hint = "sending it again will not help"


class Conflict(RecallError):
    """409: something else was going on with the user; nothing happened."""

    effect = Effect.NONE


class Throttled(RecallError):
    """429: the rate limit is used up; nothing happened."""

    effect = Effect.NONE
    default_hint = "the rate limit is used up, perhaps by another client of the workspace"


class ThrottledBeyondCap(Throttled):
    """429 with a ``Retry-After`` longer than is waited for."""


class NotReached(RecallError):
    """No connection was established (DNS, refused, timeout, proxy): nothing was sent."""

    effect = Effect.NONE
    default_hint = "check the address, the network and HTTPS_PROXY"


class TlsFailed(NotReached):
    """No TLS with the server or the proxy: nothing was sent, and another try fails the same way."""

    default_hint = (
        "check the address, and that SSL_CERT_FILE names the certificates (PEM) of the authority"
        " that signed the server's, such as your company's own"
    )


class NotSentInTime(RecallError):
    """It could not leave by the moment it had to leave by: nothing was sent."""

    effect = Effect.NONE
    default_hint = "it takes too long to connect; check the network and HTTPS_PROXY"


class NoAnswer(RecallError):
    """The call was sent and its answer did not come, or (with a ``status``) not to its end."""


class TooSlow(NoAnswer):
    """The answer did not end within the time of a whole call; asking again would take as long."""


class ServerError(RecallError):
    """5xx: the call may or may not have had its effect."""


class UnexpectedAnswer(RecallError):
    """A redirect, or an answer that is not what the API documents."""

    default_hint = "check the address of the API"
