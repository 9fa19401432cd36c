"""Which certificates are accepted, and what comes of those that are not."""

import math
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from reconciler.domain import InvalidInput, Platform, RateLimits, Secret
from reconciler.recall import Effect, NotReached, TlsFailed
from tests.recall.certificates import Company
from tests.recall.clients import LISTED, TOKEN, Clients
from tests.recall.scripted_server import Scripted, reply

ALICE = {"id": "u-1", "external_id": "alice@example.com", "connections": []}
LOOPBACK = "127.0.0.1"


def list_users(clients: Clients) -> None:
    clients.reader.list_users(clients.deadline)


def get_user(clients: Clients) -> None:
    clients.reader.get_user(Secret(TOKEN), "a", clients.deadline)


def mint(clients: Clients) -> None:
    clients.writer.mint_token(lambda: (LISTED, math.inf), clients.deadline)


def disconnect(clients: Clients) -> None:
    permit = clients.writer.reserve_disconnect("a", clients.deadline)
    leave_by = clients.clock.monotonic() + 2
    clients.writer.disconnect(Secret(TOKEN), Platform.GOOGLE, permit, leave_by=leave_by)


Action = Callable[[Clients], None]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(tmp_path_factory.mktemp("company"))


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("action", [list_users, get_user, mint, disconnect])
def test_a_certificate_of_an_unknown_authority_is_not_tried_again(
    company: Company, action: Action
) -> None:
    with Scripted(reply(), tls=company.server(LOOPBACK)) as server, Clients(server.url) as clients:
        with pytest.raises(TlsFailed, match="unable to get local issuer certificate") as caught:
            action(clients)
        assert (server.connections, server.requests) == (1, [])
        assert clients.clock.waits == []
    assert "SSL_CERT_FILE" in caught.value.hint
    assert caught.value.code == "tls_failed"
    assert caught.value.effect is Effect.NONE


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_the_authority_of_a_company_is_trusted_where_a_variable_names_it(
    company: Company, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(company.file))
    answers = (reply(200, ALICE), reply(204, b""))
    with Scripted(*answers, tls=company.server(LOOPBACK)) as server:
        with Clients(server.url) as clients:
            get_user(clients)
            disconnect(clients)
        assert [request.method for request in server.requests] == ["GET", "POST"]


def test_ssl_cert_file_counts_before_the_bundle_of_requests(
    company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with Scripted(reply(200, ALICE), tls=company.server(LOOPBACK)) as server:
        with Clients(server.url) as clients:
            get_user(clients)
        assert len(server.requests) == 1


def test_a_bundle_may_be_a_folder_as_it_may_for_requests(
    company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    with (
        Scripted(reply(), tls=company.server(LOOPBACK)) as server,
        Clients(server.url) as clients,
        pytest.raises(TlsFailed),
    ):
        get_user(clients)


@pytest.mark.parametrize("content", [None, "nothing"])
def test_a_bundle_that_cannot_be_used_is_refused_by_its_variable(
    content: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with pytest.raises(InvalidInput, match="set up with REQUESTS_CA_BUNDLE from the environment"):
        Clients("https://127.0.0.1:9")


def test_a_certificate_for_another_host_is_not_tried_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
    with Scripted(reply(), tls=company.server("another.example.com")) as server:
        with Clients(server.url) as clients:
            with pytest.raises(TlsFailed, match=r"certificate is not valid for '127.0.0.1'"):
                get_user(clients)
            assert clients.clock.waits == []
        assert (server.connections, server.requests) == (1, [])


class Plain:
    """Takes connections without TLS, answers the greeting of each with ``says`` and closes it."""

    def __init__(self, says: bytes) -> None:
        self.connections = 0
        self._says = says
        self._listener = socket.create_server((LOOPBACK, 0))
        self.url = f"https://{LOOPBACK}:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A connection that says nothing is the last.
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if not connection.recv(65536):
                    return
                self.connections += 1
                connection.sendall(self._says)


def test_a_server_that_does_not_speak_tls_is_not_tried_again() -> None:
    with Plain(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server, Clients(server.url) as clients:
        with pytest.raises(TlsFailed, match=r"get calendar user: TLS failed: [A-Z_]+"):
            get_user(clients)
        assert (server.connections, clients.clock.waits) == (1, [])


def test_a_handshake_that_breaks_off_is_tried_again() -> None:
    with Plain(b"") as server, Clients(server.url) as clients:
        with pytest.raises(NotReached) as caught:
            get_user(clients)
        assert (server.connections, len(clients.clock.waits)) == (5, 4)
    assert not isinstance(caught.value, TlsFailed)


def test_what_failed_for_tls_costs_no_budget(company: Company) -> None:
    with (
        Scripted(reply(), tls=company.server(LOOPBACK)) as server,
        Clients(server.url, limits=RateLimits(user=1)) as clients,
    ):
        for _ in range(3):
            with pytest.raises(TlsFailed):
                disconnect(clients)
        assert clients.clock.waits == []
