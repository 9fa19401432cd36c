"""Turns a refusal or a failure of the network into the error that says what to do.

A refusal is an answer with a status other than 2xx. Errors of the network say whether the request
had left, in plain words instead of the numbers of the operating system.
"""

import errno
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import httpx

from reconciler.domain import Secret
from reconciler.domain.text import excerpt
from reconciler.recall.endpoint import Endpoint, HttpAnswer, HttpCall
from reconciler.recall.errors import (
    Blocked,
    Conflict,
    CredentialsRefused,
    NoAnswer,
    NotFound,
    NotReached,
    NotSentInTime,
    OutOfCredit,
    RecallError,
    Rejected,
    ServerError,
    Throttled,
    ThrottledBeyondCap,
    TlsFailed,
    TooSlow,
    UnexpectedAnswer,
    UserTokenRefused,
)
from reconciler.recall.retries import seconds_to_wait
from reconciler.recall.transport import CallTooSlow, TooLateToLeave

_KINDS: dict[int, type[RecallError]] = {
    402: OutOfCredit,
    403: Blocked,
    404: NotFound,
    405: NotFound,
    408: NoAnswer,  # a gateway waited in vain; it may have passed the call on
    409: Conflict,
    429: Throttled,
}


def refusal(
    call: HttpCall,
    answer: HttpAnswer,
    endpoint: Endpoint,
    now: datetime,
    retry_after_cap: float,
    secrets: tuple[Secret, ...],
) -> RecallError | None:
    """The error for ``answer`` to ``call``; None for 2xx.

    ``now`` is our own clock, for a ``Retry-After`` in an answer without a ``Date``. No error shows
    any of ``secrets``.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    detail = f"{call.name}: HTTP {status}"
    if status == 403:
        # The body is the firewall's page, not the API's answer.
        return Blocked(detail, status=status)
    if body := excerpt(answer.body, *secrets):
        detail += f": {body}"
    if status == 401:
        return _unauthorised(call, detail, endpoint)
    wait = seconds_to_wait(answer.retry_after, answer.server_time, now)
    if status == 429 and wait is not None and wait > retry_after_cap:
        beyond = f"it asks for a wait of {wait:.0f} s; the limit is {retry_after_cap:g} s"
        return ThrottledBeyondCap(detail, status=status, hint=beyond, retry_after=wait)
    redirected = "redirects are not followed; check the address of the API"
    hint = redirected if status < 400 else None
    return _kind(status)(detail, status=status, hint=hint, retry_after=wait)


def _kind(status: int) -> type[RecallError]:
    if status in _KINDS:
        return _KINDS[status]
    if 400 <= status < 500:
        return Rejected
    return ServerError if status >= 500 else UnexpectedAnswer


def _unauthorised(call: HttpCall, detail: str, endpoint: Endpoint) -> RecallError:
    if call.token is not None:
        return UserTokenRefused(detail, status=401)
    hint = f"check the API key, and that it belongs to {endpoint.address}"
    return CredentialsRefused(detail, status=401, hint=hint)


FAILURES = (httpx.TransportError, CallTooSlow, TooLateToLeave)
"""What an exchange raises when no usable answer comes."""

# The connection ended in the middle of the handshake; the next one may succeed.
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def network_error(
    call: HttpCall,
    error: Exception,
    secrets: tuple[Secret, ...],
    *,
    departed: bool,
    status: int | None,
) -> RecallError:
    """The RecallError for ``error``, which is one of FAILURES.

    ``departed`` is true once the request began to be written. Connecting, talking to a proxy and
    the TLS handshake come before that: if one of them fails, nothing was sent.
    """
    # Some errors quote what the server sent, which may be what we sent before.
    quoted = excerpt(str(error), *secrets) or type(error).__name__
    reason = describe(error) or quoted
    detail = f"{call.name}: {reason}"
    if isinstance(error, TooLateToLeave):
        return NotSentInTime(detail)
    if isinstance(error, CallTooSlow):
        return TooSlow(detail, status=status)
    if departed:
        return NoAnswer(detail, status=status)
    if isinstance(error, httpx.ProxyError):
        # Show only the status: the rest may hold the password that the proxy refuses.
        code = _STATUS.match(str(error))
        refused = f": HTTP {code[0]}" if code else ""
        return NotReached(f"{call.name}: the proxy refused to connect{refused}", hint=_PROXY)
    for cause in causes(error):
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _BROKEN_OFF):
            return TlsFailed(f"{call.name}: {_disagreement(cause)}")
    return NotReached(detail)


_STATUS = re.compile(r"\d{3}\b")
_PROXY = "check HTTPS_PROXY, its user and password, and NO_PROXY"


def _disagreement(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {excerpt(error.verify_message)}"
    return f"TLS failed: {excerpt(error.reason or str(error))}"


_WORDS: Final[Mapping[int, str]] = {
    errno.ECONNREFUSED: "connection refused: nothing listens there",
    errno.ENETUNREACH: "network unreachable",
    errno.ENETDOWN: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.EHOSTDOWN: "host unreachable",
    errno.EADDRNOTAVAIL: "network unreachable: this machine has no address to call from",
    errno.ECONNRESET: "connection closed by the other side",
    errno.EPIPE: "connection closed by the other side",
    errno.ECONNABORTED: "connection closed by the other side",
    errno.ETIMEDOUT: "timed out while connecting",
}
_LOOKUP_FAILED: Final = "host not found: the name could not be looked up just now"


def describe(error: BaseException) -> str | None:
    """The reason that the operating system gave for ``error``, in plain words; None without one."""
    for cause in causes(error):
        if isinstance(cause, socket.gaierror):
            return _LOOKUP_FAILED if cause.errno == socket.EAI_AGAIN else "host not found"
        words = _WORDS.get(cause.errno or 0) if isinstance(cause, OSError) else None
        if words is not None:
            return words
    return None


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """``error``, then the exceptions that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
