"""A network backend for httpcore in which a whole call ends in time, not only each read.

httpx's timeouts bound one wait on the socket, so that an answer that drips a byte now and then
never ends. Here every wait is cut to what is left of the call's total. Sockets know the
machine's own clock only, so this module measures with it.
"""

import math
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

_MOMENT = 0.001


class CallTooSlow(httpcore.TimeoutException):
    """The call as a whole took longer than it may."""


class TimeBound(threading.local):
    """The moment at which this thread's current call has to have ended."""

    _end = math.inf

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound what this thread does meanwhile."""
        self._end = time.monotonic() + seconds
        try:
            yield
        finally:
            self._end = math.inf

    def cut(self, timeout: float | None) -> float:
        """``timeout``, or what is left if that is less; a moment when nothing is."""
        # Never 0: a socket with that does not wait at all, and fails in a way of its own.
        left = max(_MOMENT, self._end - time.monotonic())
        return left if timeout is None else min(timeout, left)

    def check(self) -> None:
        """Raise CallTooSlow when nothing is left."""
        if time.monotonic() >= self._end:
            raise CallTooSlow("the call took too long as a whole")


class BoundedBackend(httpcore.NetworkBackend):
    """Plain sockets (or ``plain``), every wait on which respects ``bound``."""

    def __init__(self, bound: TimeBound, plain: httpcore.NetworkBackend | None = None) -> None:
        self._bound = bound
        self._plain = plain or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._plain.connect_tcp(
            host, port, self._bound.cut(timeout), local_address, socket_options
        )
        return _BoundedStream(stream, self._bound)


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, plain: httpcore.NetworkStream, bound: TimeBound) -> None:
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
        stream = self._plain.start_tls(ssl_context, server_hostname, self._bound.cut(timeout))
        return _BoundedStream(stream, self._bound)

    def get_extra_info(self, info: str) -> Any:  # the library's own signature
        return self._plain.get_extra_info(info)
