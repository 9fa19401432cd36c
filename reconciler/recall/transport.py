"""The httpx transports: connections to one endpoint, and a transport that can only GET.

httpx's transport does proxies, TLS and timeouts. The channel drives it without an ``httpx.Client``,
which would keep cookies, log every URL, and parse a ``Location`` that it does not follow: a
malformed one would hide the status of the answer.
"""

import os
import ssl
import urllib.request
from pathlib import Path

import httpx

from reconciler.domain import Diagnostic, Secret
from reconciler.domain.secrets import TELLING
from reconciler.recall.deadlines import CallDeadline, DeadlineBackend
from reconciler.recall.endpoint import Endpoint
from reconciler.recall.errors import NetworkSettingsInvalid

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
