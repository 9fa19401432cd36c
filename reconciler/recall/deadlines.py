"""The time limits of one call: when its request has to leave by, and when all of it has to end.

httpx's timeouts bound one wait on the socket, so that an answer that drips a byte now and then
never ends. Here every wait is cut to what is left of the call's total. Sockets know the
machine's own clock only, so this module measures with it.

A call may also have to leave by a moment. httpcore's ``trace`` extension tells when the headers of
a request are about to be written; an exception raised there keeps the request back, however long
name lookup, connecting, a proxy and TLS took before.
"""

import math
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpcore

_MOMENT = 0.001

_HEADERS_BEGIN = ".send_request_headers.started"
"""The end of httpcore's event; before it stands the version of HTTP."""


class CallTooSlow(Exception):
    """The call as a whole took longer than it may."""


class TooLateToLeave(Exception):
    """The moment by which the request had to leave is over; not a byte of it was written."""


class CallDeadline(threading.local):
    """The moments by which this thread's current call has to have left, and to have ended.

    ``departed`` tells whether the request of the last call began to be written. What is said to
    a proxy before, and the handshake of TLS, are no part of it.
    """

    departed = False
    _end = math.inf
    _to_leave: Callable[[], float] | None = None

    @contextmanager
    def within(self, seconds: float, to_leave: Callable[[], float] | None = None) -> Iterator[None]:
        """Bound what this thread does meanwhile.

        ``to_leave`` tells the seconds in which the request still may begin to be written (less
        than 0: none), by the caller's clock; None where that may be at any time.
        """
        self.departed = False
        self._end = time.monotonic() + seconds
        self._to_leave = to_leave
        try:
            yield
        finally:
            self._end = math.inf
            self._to_leave = None

    def cut(self, timeout: float | None) -> float:
        """``timeout``, or what is left if that is less; a moment when nothing is."""
        left = self._end - time.monotonic()
        if self._to_leave is not None:
            left = min(left, self._to_leave())
        # Never 0: a socket with that does not wait at all, and fails in a way of its own.
        left = max(_MOMENT, left)
        return left if timeout is None else min(timeout, left)

    def check(self) -> None:
        """Raise CallTooSlow or TooLateToLeave when nothing is left."""
        if time.monotonic() >= self._end:
            raise CallTooSlow("the call took too long as a whole")
        self.check_departure()

    def check_departure(self) -> None:
        """Raise TooLateToLeave when the request was not begun, and may not be any more."""
        if self._to_leave is not None and self._to_leave() < 0:
            raise TooLateToLeave("what comes before it, like connecting, took too long")

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """The ``trace`` extension of the call's request: lets it leave, or raises TooLateToLeave.

        From here on it only has to end in time. What still lets it leave later than it may is a
        pause of this very thread between the check below and the write that follows.
        """
        if event.endswith(_HEADERS_BEGIN) and info["request"].method != b"CONNECT":
            self.check_departure()
            self._to_leave = None
            self.departed = True


class DeadlineBackend(httpcore.NetworkBackend):
    """The sockets of ``plain``, every wait on which respects ``bound``."""

    def __init__(self, bound: CallDeadline, plain: httpcore.NetworkBackend) -> None:
        self._bound = bound
        self._plain = plain

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self._bound.check_departure()
        try:
            stream = self._plain.connect_tcp(
                host, port, self._bound.cut(timeout), local_address, socket_options
            )
        except httpcore.ConnectTimeout:
            self._bound.check_departure()
            raise
        return _DeadlineStream(stream, self._bound)


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, plain: httpcore.NetworkStream, bound: CallDeadline) -> None:
        self._plain = plain
        self._bound = bound

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._bound.check()
        try:
            return self._plain.read(max_bytes, self._bound.cut(timeout))
        except httpcore.ReadTimeout:
            self._bound.check()
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._bound.check()
        try:
            self._plain.write(buffer, self._bound.cut(timeout))
        except httpcore.WriteTimeout:
            self._bound.check()
            raise

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            stream = self._plain.start_tls(ssl_context, server_hostname, self._bound.cut(timeout))
        except httpcore.ConnectTimeout:
            self._bound.check_departure()
            raise
        return _DeadlineStream(stream, self._bound)

    def get_extra_info(self, info: str) -> Any:  # the library's own signature
        return self._plain.get_extra_info(info)
