"""Sockets, TLS and proxies beneath the clients."""

import base64
import ssl
from pathlib import Path

import httpcore
import pytest

from reconciler.domain import Deadline, InvalidInput, RateLimits, Secret
from reconciler.recall import (
    CalendarReader,
    ClientSettings,
    Endpoint,
    NoAnswer,
    NotReached,
    RateLimiter,
    base_url_endpoint,
)
from reconciler.recall.transport import ApiTransport, CallDeadline, CallTooSlow, DeadlineBackend
from tests.recall.clients import KEY, TOKEN
from tests.recall.fake_clock import FakeClock
from tests.recall.scripted_server import Reply, Scripted, reply

PROXY_VARIABLES = ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HTTP_PROXY")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)


def read_from(endpoint: Endpoint) -> None:
    clock = FakeClock()
    rate_limiter = RateLimiter(RateLimits(), clock)
    settings = ClientSettings(attempts=1)
    with CalendarReader(
        endpoint, clock=clock, rate_limiter=rate_limiter, settings=settings
    ) as reader:
        reader.get_user(Secret(TOKEN), "a", Deadline(clock))


def at(url: str) -> Endpoint:
    return base_url_endpoint(url, Secret(KEY))


def test_a_host_behind_a_proxy_is_asked_for_without_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Scripted(reply(407, b"")) as proxy:
        address = proxy.url.removeprefix("http://")
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:pa55@{address}")
        with pytest.raises(NotReached, match="407") as caught:
            read_from(at("https://recall.invalid"))
        (request,) = proxy.requests
    assert (request.method, request.path) == ("CONNECT", "recall.invalid:443")
    assert request.headers["proxy-authorization"].split() == [
        "Basic",
        base64.b64encode(b"me:pa55").decode(),
    ]
    assert not {"authorization", "x-recallcalendarauthtoken"} & set(request.headers)
    assert "pa55" not in str(caught.value)


def test_a_proxy_may_be_named_without_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(reply(502, b"")) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url.removeprefix("http://"))
        with pytest.raises(NotReached, match="502"):
            read_from(at("https://recall.invalid"))
        assert len(proxy.requests) == 1


def test_loopback_is_never_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Scripted(reply(200, {"id": "u", "external_id": None, "connections": []})) as server,
        Scripted(reply(407, b"")) as proxy,
    ):
        for name in ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        read_from(at(server.url))
        assert proxy.requests == []


def test_no_proxy_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "recall.invalid")
    ApiTransport(at("https://recall.invalid"), CallDeadline(), keep_alive=True).close()


@pytest.mark.parametrize(
    "proxy", ["socks5://me:pa55@127.0.0.1:1", "gopher://me:pa55@x", "http://me:pa55@x:port"]
)
def test_a_proxy_that_cannot_be_used_is_refused_and_not_repeated(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(InvalidInput, match="HTTPS_PROXY") as caught:
        read_from(at("https://recall.invalid"))
    assert "pa55" not in str(caught.value)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
def test_a_file_for_tls_that_is_not_there_is_refused_by_its_variable(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "none" / "x"))
    with pytest.raises(InvalidInput, match=f"{name} from the environment: No such file"):
        read_from(at("https://recall.invalid"))


def test_a_certificate_file_without_certificates_is_refused_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(InvalidInput, match="SSL_CERT_FILE from the environment: no certificates"):
        read_from(at("https://recall.invalid"))


class Slow(httpcore.NetworkStream):
    """Times out at whatever it does, and notes for how long it would have waited."""

    def __init__(self) -> None:
        self.timeouts: list[float | None] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.timeouts.append(timeout)
        raise httpcore.ReadTimeout

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.timeouts.append(timeout)
        raise httpcore.WriteTimeout

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        self.timeouts.append(timeout)
        return self

    def close(self) -> None:
        pass


class SlowBackend(httpcore.MockBackend):
    """Connects to ``stream``."""

    def __init__(self, stream: Slow) -> None:
        super().__init__([])
        self.stream = stream

    def connect_tcp(self, *args: object, **kwargs: object) -> httpcore.NetworkStream:
        return self.stream


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def bound() -> CallDeadline:
    return CallDeadline()


@pytest.fixture
def stream(slow: Slow, bound: CallDeadline) -> httpcore.NetworkStream:
    connected = DeadlineBackend(bound, SlowBackend(slow)).connect_tcp("x", 443)
    return connected.start_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "x", 7)


def test_a_wait_within_the_total_is_the_waits_own_timeout(
    stream: httpcore.NetworkStream, slow: Slow, bound: CallDeadline
) -> None:
    with bound.within(100):
        with pytest.raises(httpcore.ReadTimeout):
            stream.read(1, 3)
        with pytest.raises(httpcore.WriteTimeout):
            stream.write(b"x", 4)
    assert slow.timeouts == [7, 3, 4]


def test_a_wait_is_cut_to_what_is_left_of_the_total(
    stream: httpcore.NetworkStream, slow: Slow, bound: CallDeadline
) -> None:
    with bound.within(5), pytest.raises(httpcore.ReadTimeout):
        stream.read(1, None)
    (_, cut) = slow.timeouts
    assert cut is not None
    assert cut <= 5


def test_when_nothing_is_left_nothing_is_waited_for(
    stream: httpcore.NetworkStream, slow: Slow, bound: CallDeadline
) -> None:
    with bound.within(0):
        with pytest.raises(CallTooSlow):
            stream.read(1, 3)
        with pytest.raises(CallTooSlow):
            stream.write(b"x", 3)
    assert slow.timeouts == [7]


def test_an_answer_that_is_not_http_is_no_answer() -> None:
    with Scripted(Reply((b"SSH-2.0-x\r\n\r\n",), close=True)) as server, pytest.raises(NoAnswer):
        read_from(at(server.url))
