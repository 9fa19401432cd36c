"""What a failure of the network means: the error that says whether the request had left.

Why no connection came about, in words instead of the numbers of the operating system.
"""

import errno
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Final

import httpx

from reconciler.domain import Secret
from reconciler.recall.calls import HttpCall
from reconciler.recall.deadlines import CallTooSlow, TooLateToLeave
from reconciler.recall.errors import (
    NoAnswer,
    NotReached,
    NotSentInTime,
    RecallError,
    TlsFailed,
    TooSlow,
)
from reconciler.recall.status_errors import shown

FAILURES = (httpx.TransportError, CallTooSlow, TooLateToLeave)
"""What an exchange fails with, other than by its answer."""

# The connection ended in the middle of the handshake: the next one may not.
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def network_error(
    call: HttpCall,
    error: Exception,
    secrets: tuple[Secret, ...],
    *,
    departed: bool,
    status: int | None,
) -> RecallError:
    """The error that ``error``, one of FAILURES, stands for.

    ``departed`` tells whether the request began to be written. A connection, what is said to a
    proxy and the handshake of TLS come before that: whatever fails there, nothing was sent.
    """
    # Some quote what the server sent, and that may be what we sent before.
    quoted = shown(str(error), *secrets) or type(error).__name__
    reason = in_words(error) or quoted
    detail = f"{call.name}: {reason}"
    if isinstance(error, TooLateToLeave):
        return NotSentInTime(detail)
    if isinstance(error, CallTooSlow):
        return TooSlow(detail, status=status)
    if departed:
        return NoAnswer(detail, status=status)
    if isinstance(error, httpx.ProxyError):
        # Of its answer the status alone: the rest may be the password that it refuses.
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
        return f"the certificate is not accepted: {shown(error.verify_message)}"
    return f"TLS failed: {shown(error.reason or str(error))}"


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


def in_words(error: BaseException) -> str | None:
    """What kept a call from being made, if the operating system said so."""
    for cause in causes(error):
        if isinstance(cause, socket.gaierror):
            return _LOOKUP_FAILED if cause.errno == socket.EAI_AGAIN else "host not found"
        words = _WORDS.get(cause.errno or 0) if isinstance(cause, OSError) else None
        if words is not None:
            return words
    return None


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """``error`` and what it was raised from, one after the other."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
