"""Proxies of the environment: what is said to them is no part of a call."""

from base64 import b64encode
from collections.abc import Callable

import pytest

from reconciler.domain import RateLimits, Timeouts
from reconciler.recall import (
    ClientSettings,
    Effect,
    NotReached,
    RecallError,
    TlsFailed,
)
from tests.recall.certificates import Company
from tests.recall.clients import TOKEN, Clients
from tests.recall.connect_proxy import ConnectProxy, refusal
from tests.recall.scripted_server import Scripted, reply
from tests.recall.test_tls import ALICE, Action, disconnect, get_user

HOST = "recall.example.com"
API = f"https://{HOST}"
VARIABLES = ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HTTP_PROXY")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(tmp_path_factory.mktemp("company"))


@pytest.fixture(autouse=True)
def _plain_environment(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.delenv("SSLKEYLOGFILE", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))


def test_calls_go_through_the_tunnel_of_a_proxy(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = (reply(200, ALICE), reply(204, b""))
    with (
        Scripted(*answers, tls=company.server(HOST)) as server,
        ConnectProxy(port=server.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with Clients(API) as clients:
            get_user(clients)
            disconnect(clients)
        assert [request.method for request in server.requests] == ["GET", "POST"]
    assert [head.split(b"\r\n")[0] for head in proxy.heads] == [
        f"CONNECT {HOST}:443 HTTP/1.1".encode()
    ] * 2
    assert not [head for head in proxy.heads if TOKEN.encode() in head]


def test_a_proxy_that_speaks_tls_may_have_a_certificate_of_the_company(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        Scripted(reply(200, ALICE), tls=company.server(HOST)) as server,
        ConnectProxy(port=server.port, tls=company.server("127.0.0.1")) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with Clients(API) as clients:
            get_user(clients)
        assert [request.method for request in server.requests] == ["GET"]


def test_a_proxy_whose_certificate_is_not_accepted_is_not_tried_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy(tls=company.server("another.example.com")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with Clients(API) as clients:
            with pytest.raises(TlsFailed):
                get_user(clients)
            assert clients.clock.waits == []
        assert proxy.heads == []


def test_a_certificate_that_is_not_accepted_inside_a_tunnel_is_not_tried_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        Scripted(reply(), tls=company.server("another.example.com")) as server,
        ConnectProxy(port=server.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with Clients(API) as clients, pytest.raises(TlsFailed, match=f"not valid for '{HOST}'"):
            disconnect(clients)
        assert (len(proxy.heads), server.requests) == (1, [])


NO_TUNNEL = {
    "forbidden": refusal(403),
    "asks who": refusal(407),
    "no gateway": refusal(502),
    "closes": b"",
    "breaks off": b"HTTP/1.1 200 Conn",
    "no http": b"SSH-2.0-x\r\n\r\n",
}


@pytest.mark.parametrize("answer", NO_TUNNEL.values(), ids=NO_TUNNEL)
def test_a_call_for_which_a_proxy_makes_no_tunnel_was_not_sent(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy(answer) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with Clients(API, limits=RateLimits(user=1)) as clients:
            with pytest.raises(NotReached):
                disconnect(clients)
            with pytest.raises(NotReached) as caught:
                disconnect(clients)
            assert clients.clock.waits == []
        assert len(proxy.heads) == 2
    assert caught.value.code == "not_reached"
    assert caught.value.effect is Effect.NONE
    assert "HTTPS_PROXY" in caught.value.hint


PROXY_USER, PROXY_PASSWORD = "pushkin", "pa55/w0rd"
PAIR = b64encode(f"{PROXY_USER}:{PROXY_PASSWORD}".encode())
TELLTALES: dict[str, Callable[[bytes], bytes]] = {
    "the reason": lambda seen: b"HTTP/1.1 407 denied " + seen + b"\r\nContent-Length: 0\r\n\r\n",
    "no http": lambda seen: b"DENIED " + seen + b"\r\n\r\n",
    "a header": lambda seen: b"HTTP/1.1 407 denied\r\n" + seen + b"\r\n\r\n",
}
TOLD = {
    "base64": b"Basic " + PAIR,
    "pair": f"{PROXY_USER}:{PROXY_PASSWORD}".encode(),
    "password": PROXY_PASSWORD.encode(),
    "in a url": b"pa55%2Fw0rd",
}


@pytest.mark.parametrize("seen", TOLD.values(), ids=TOLD)
@pytest.mark.parametrize("answer", TELLTALES.values(), ids=TELLTALES)
def test_a_proxy_that_repeats_its_user_and_password_gets_neither_shown(
    answer: Callable[[bytes], bytes], seen: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy(answer(seen)) as proxy:
        address = proxy.url.removeprefix("http://")
        monkeypatch.setenv("HTTPS_PROXY", f"http://{PROXY_USER}:pa55%2Fw0rd@{address}")
        with Clients(API) as clients, pytest.raises(NotReached) as caught:
            disconnect(clients)
        assert b"Basic " + PAIR in proxy.heads[0]
    shown = f"{caught.value} {caught.value.detail} {caught.value.hint}"
    assert not [part for part in (PAIR.decode(), PROXY_USER, "pa55", "w0rd") if part in shown]


def test_of_the_refusal_of_a_proxy_the_status_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with ConnectProxy(b"HTTP/1.1 407 whatever\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with Clients(API) as clients, pytest.raises(NotReached) as caught:
            disconnect(clients)
    assert caught.value.detail.endswith(": the proxy refused to connect: HTTP 407")


@pytest.mark.parametrize("status", [400, 500])
def test_an_answer_through_a_proxy_shows_no_password_of_it(
    company: Company, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    answer = reply(status, b"from " + PAIR + b" with pa55/w0rd")
    with (
        Scripted(answer, tls=company.server(HOST)) as server,
        ConnectProxy(port=server.port) as proxy,
    ):
        address = proxy.url.removeprefix("http://")
        monkeypatch.setenv("HTTPS_PROXY", f"http://{PROXY_USER}:pa55%2Fw0rd@{address}")
        with Clients(API) as clients, pytest.raises(RecallError) as caught:
            disconnect(clients)
    assert caught.value.detail.endswith(f"HTTP {status}: from (redacted) with (redacted)")


@pytest.mark.parametrize("action", [get_user, disconnect])
def test_a_proxy_that_does_not_answer_in_time_was_sent_no_call(
    action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = b"HTTP/1.1 "
    with ConnectProxy(never, hold=True) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        settings = ClientSettings(Timeouts(read=0.1), attempts=2)
        with Clients(API, settings) as clients, pytest.raises(NotReached):
            action(clients)
