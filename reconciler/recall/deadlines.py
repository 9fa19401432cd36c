"""The two deadlines of one call: when its request must have left, and when all of it must end.

httpx's timeouts limit a single wait on the socket, so an answer that drips never ends. Here every
wait is cut to what is left of the call's total. Sockets know only the machine's own clock, so this
module measures with it.

A call may have to leave by a given moment. httpcore's ``trace`` extension fires just before it
writes the headers of a request. An exception raised there keeps the request back, however long name
lookup, connecting, a proxy and TLS took before.
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
"""The end of the name of httpcore's event; the HTTP version comes before it."""


class CallTooSlow(Exception):
    """The call as a whole took too long."""


class TooLateToLeave(Exception):
    """The request did not leave in time; not a byte of it was written."""


class CallDeadline(threading.local):
    """The moments by which this thread's current call must have left, and must have ended.

    ``departed`` is true once the request of the last call began to be written. Talking to a proxy
    and the TLS handshake come before that.
    """

    departed = False
    _end = math.inf
    _to_leave: Callable[[], float] | None = None

    @contextmanager
    def within(self, seconds: float, to_leave: Callable[[], float] | None = None) -> Iterator[None]:
        """Limit what this thread does inside the context to ``seconds``.

        ``to_leave`` gives the seconds that are left, by the caller's clock, for the request to
        begin to be written (below 0: too late). None means that it may leave at any time.
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
        """``timeout``, or the time that is left if that is less; never less than a millisecond."""
        left = self._end - time.monotonic()
        if self._to_leave is not None:
            left = min(left, self._to_leave())
        # Never 0: a socket with a timeout of 0 does not wait at all, and fails differently.
        left = max(_MOMENT, left)
        return left if timeout is None else min(timeout, left)

    def check(self) -> None:
        """Raise CallTooSlow or TooLateToLeave when nothing is left."""
        if time.monotonic() >= self._end:
            raise CallTooSlow("the call took too long as a whole")
        self.check_departure()

    def check_departure(self) -> None:
        """Raise TooLateToLeave when the request has not begun to leave, and it is too late now."""
        if self._to_leave is not None and self._to_leave() < 0:
            raise TooLateToLeave("not sent: connecting, or a step before it, took too long")

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """The ``trace`` extension of the call's request: let it leave, or raise TooLateToLeave.

        From here on the call only has to end in time. One gap remains: this thread may pause
        between the check below and the write that follows.
        """
        if event.endswith(_HEADERS_BEGIN) and info["request"].method != b"CONNECT":
            self.check_departure()
            self._to_leave = None
            self.departed = True


class DeadlineBackend(httpcore.NetworkBackend):
    """The sockets of ``plain``; every wait on them respects ``bound``."""

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
