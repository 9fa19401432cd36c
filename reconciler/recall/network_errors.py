"""What a failure of the network means: the error that says whether the request had left."""

import re
import ssl

import httpx

from reconciler.domain import Secret
from reconciler.recall.bounded import CallTooSlow, TooLateToLeave
from reconciler.recall.calls import Call
from reconciler.recall.errors import (
    NoAnswer,
    NotReached,
    NotSentInTime,
    RecallError,
    TlsFailed,
    TooSlow,
)
from reconciler.recall.reasons import causes, in_words
from reconciler.recall.untrusted import shown

FAILURES = (httpx.TransportError, CallTooSlow, TooLateToLeave)
"""What an exchange fails with, other than by its answer."""

# The connection ended in the middle of the handshake: the next one may not.
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def network_error(
    call: Call,
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
