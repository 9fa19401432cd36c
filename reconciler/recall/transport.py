"""The httpx transports of this room: connections to one endpoint, and one that can only GET.

The channel drives a transport directly, without an ``httpx.Client`` around it: so there is nothing
that could follow a redirect, keep a cookie or read credentials from ``.netrc``.
"""

import os
import ssl
import urllib.request
from collections.abc import Iterator

import httpcore

from reconciler.domain import Diagnostic, InvalidInput
from reconciler.recall.bounded import BoundedBackend, TimeBound
from reconciler.recall.endpoint import Endpoint
from reconciler.recall.http_library import httpx

# The files that TLS takes from the environment; a folder that is missing (SSL_CERT_DIR) is none.
_TLS_VARIABLES = ("SSL_CERT_FILE", "SSLKEYLOGFILE")


class MethodRefused(Exception):
    """A defect of ours: something other than a bare GET was about to leave a reader."""


class ApiTransport(httpx.BaseTransport):
    """Connections to one endpoint, over TLS unless it is on loopback, through the proxy if any.

    Without ``keep_alive`` every request has its own connection. Raises httpcore's exceptions.
    """

    def __init__(self, endpoint: Endpoint, bound: TimeBound, *, keep_alive: bool) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_ssl_context(endpoint),
            proxy=None if endpoint.loopback else _proxy(endpoint),
            max_connections=None,
            max_keepalive_connections=None if keep_alive else 0,
            keepalive_expiry=5.0,
            network_backend=BoundedBackend(bound),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def close(self) -> None:
        self._pool.close()


class GetOnlyTransport(httpx.BaseTransport):
    """Lets a GET without a body through and raises MethodRefused for anything else."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET" or request.read():
            raise MethodRefused("a reader sends nothing but GET without a body")
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _ssl_context(endpoint: Endpoint) -> ssl.SSLContext:
    if endpoint.url.startswith("https:"):
        try:
            return httpx.create_ssl_context()
        except OSError as error:
            if names := [name for name in _TLS_VARIABLES if os.environ.get(name)]:
                raise _unusable_tls(names, error) from None
            raise
    # Never used: loading the certificate authorities would cost what a small plan takes.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _proxy(endpoint: Endpoint) -> httpcore.Proxy | None:
    """The proxy that the environment (HTTPS_PROXY, ALL_PROXY, NO_PROXY) has for the endpoint."""
    proxies = urllib.request.getproxies()
    url = proxies.get("https") or proxies.get("all")
    host = httpx.URL(endpoint.url).host
    if not url or urllib.request.proxy_bypass(host):
        return None
    try:
        proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
    except (ValueError, httpx.InvalidURL):
        raise _unusable_proxy() from None
    if proxy.url.scheme not in {"http", "https"}:
        raise _unusable_proxy()
    return httpcore.Proxy(
        httpcore.URL(
            scheme=proxy.url.raw_scheme,
            host=proxy.url.raw_host,
            port=proxy.url.port,
            target=proxy.url.raw_path,
        ),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
    )


def _unusable_proxy() -> InvalidInput:
    return InvalidInput(
        Diagnostic(
            None, "HTTPS_PROXY names a proxy that cannot be used", "an http:// or https:// URL"
        )
    )


def _unusable_tls(names: list[str], error: OSError) -> InvalidInput:
    reason = "no certificates in it" if isinstance(error, ssl.SSLError) else error.strerror
    return InvalidInput(
        Diagnostic(
            None,
            f"TLS cannot be set up with {' and '.join(names)} of the environment: {reason}",
            "SSL_CERT_FILE: certificates in PEM; SSLKEYLOGFILE: a file that can be written",
        )
    )
