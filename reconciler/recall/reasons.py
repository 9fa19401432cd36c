"""Why no connection came about, in words instead of the numbers of the operating system."""

import errno
import socket
from collections.abc import Iterator, Mapping
from typing import Final

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
