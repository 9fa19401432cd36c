"""The httpx transports: connections to one endpoint, and a transport that can only GET.

httpx's transport does proxies, TLS and timeouts. The channel drives it without an ``httpx.Client``,
which would keep cookies, log every URL, and parse a ``Location`` that it does not follow: a
malformed one would hide the status of the answer.

Each call has two deadlines: when its request must have left, and when all of it must end. httpx's
timeouts limit a single wait on the socket, so an answer that drips never ends. Here every wait is
cut to what is left of the call's total. Sockets know only the machine's own clock, so this module
measures with it. httpcore's ``trace`` extension fires just before it writes the headers of a
request. An exception raised there keeps the request back, however long name lookup, connecting, a
proxy and TLS took before.
"""

import math
import os
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpcore
import httpx

from reconciler.domain import Diagnostic, Secret
from reconciler.domain.secrets import TELLING
from reconciler.recall.endpoint import Endpoint
from reconciler.recall.errors import NetworkSettingsInvalid

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


_KEY_LOG = "SSLKEYLOGFILE"


class MethodRefused(Exception):
    """A defect of ours: a reader was about to send something other than a bare GET."""


class ApiTransport(httpx.HTTPTransport):
    """Connections to one endpoint, over TLS unless it is on loopback, through the proxy if any.

    Without ``keep_alive`` every request has its own connection. ``proxy_secrets`` are the proxy's
    user and password, which no error may show.
    """

    def __init__(self, endpoint: Endpoint, bound: CallDeadline, *, keep_alive: bool) -> None:
        trust = _ssl_context(endpoint)
        proxy = None if endpoint.loopback else _proxy(endpoint, trust)
        self.proxy_secrets = _credentials(proxy)
        super().__init__(
            verify=trust,
            proxy=proxy,
            limits=httpx.Limits(
                max_connections=None,
                max_keepalive_connections=None if keep_alive else 0,
                keepalive_expiry=5.0,
            ),
            trust_env=False,
        )
        # httpx has no parameter for this. We read it before we set it: if a later version renames
        # it, this fails instead of silently losing our deadlines.
        plain = self._pool._network_backend  # noqa: SLF001
        self._pool._network_backend = DeadlineBackend(bound, plain)  # noqa: SLF001


class GetOnlyTransport(httpx.BaseTransport):
    """Lets a GET without a body through and raises MethodRefused for anything else."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET" or request.read():
            raise MethodRefused("a reader sends only GET without a body")
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def _ssl_context(endpoint: Endpoint) -> ssl.SSLContext:
    if not endpoint.url.startswith("https:"):
        # Never used; loading the certificate authorities would take as long as a small plan.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    variable = _trust_variable()
    try:
        if variable == "REQUESTS_CA_BUNDLE":
            return _trusting(Path(os.environ[variable]))
        return httpx.create_ssl_context()
    except OSError as error:
        used = [name for name in (variable, _KEY_LOG) if name and os.environ.get(name)]
        if not used:
            raise
        raise _unusable_tls(used, error) from None


def _trust_variable() -> str | None:
    """The variable that names the trusted authorities; None for the ones that httpx has."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
    return next((name for name in names if os.environ.get(name)), None)


def _trusting(bundle: Path) -> ssl.SSLContext:
    """The authorities in a file or, as in ``requests``, in a folder."""
    if bundle.is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)


def _proxy(endpoint: Endpoint, trust: ssl.SSLContext) -> httpx.Proxy | None:
    """The endpoint's proxy according to HTTPS_PROXY, ALL_PROXY and NO_PROXY.

    ``trust`` is for a proxy that speaks TLS itself.
    """
    proxies = urllib.request.getproxies()
    url = proxies.get("https") or proxies.get("all")
    if not url or urllib.request.proxy_bypass(httpx.URL(endpoint.url).host):
        return None
    try:
        proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
    except (ValueError, httpx.InvalidURL):
        raise _unusable_proxy() from None
    if proxy.url.scheme not in {"http", "https"}:
        raise _unusable_proxy()
    if proxy.url.scheme == "https":
        proxy.ssl_context = trust
    return proxy


def _credentials(proxy: httpx.Proxy | None) -> tuple[Secret, ...]:
    """User and password together, and each alone unless it is so short that other words hold it."""
    if proxy is None or proxy.raw_auth is None:
        return ()
    user, password = (part.decode() for part in proxy.raw_auth)
    alone = [part for part in (password, user) if len(part) >= TELLING]
    return tuple(Secret(part) for part in (f"{user}:{password}", *alone))


def _unusable_proxy() -> NetworkSettingsInvalid:
    return NetworkSettingsInvalid(
        Diagnostic(
            None,
            "HTTPS_PROXY or ALL_PROXY names a proxy that cannot be used",
            "an http:// or https:// URL",
        )
    )


def _unusable_tls(names: list[str], error: OSError) -> NetworkSettingsInvalid:
    reason = "no certificates in it" if isinstance(error, ssl.SSLError) else error.strerror
    return NetworkSettingsInvalid(
        Diagnostic(
            None,
            f"TLS cannot be set up with {' and '.join(names)} from the environment: {reason}",
            "SSL_CERT_FILE or REQUESTS_CA_BUNDLE: certificates in PEM;"
            " SSLKEYLOGFILE: a file that can be written",
        )
    )
