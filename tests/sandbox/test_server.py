"""Starting, finding and stopping a server."""

import contextlib
import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from reconciler.domain import InvalidInput
from reconciler.process import is_running
from reconciler.sandbox import RemoteListenRefused, SandboxServer, SandboxState, running_server
from reconciler.sandbox.http_messages import HEALTH_PATH


def _health(url: str) -> str:
    return str(httpx.get(url + HEALTH_PATH, trust_env=False).json()["id"])


def test_a_server_makes_the_state_it_lacks(state_path: Path) -> None:
    with SandboxServer(state_path) as server, SandboxState.open(state_path, create=False) as state:
        assert _health(server.url) == state.id


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])
def test_a_host_that_is_not_loopback_is_refused(state_path: Path, host: str) -> None:
    with pytest.raises(RemoteListenRefused, match="other machines"):
        SandboxServer(state_path, host=host)
    assert not state_path.exists()


def test_a_remote_host_needs_a_word(state_path: Path) -> None:
    with SandboxServer(state_path, host="0.0.0.0", allow_remote=True) as server:
        port = server.url.rpartition(":")[2]
        assert _health(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_every_loopback_host_will_do(state_path: Path, host: str) -> None:
    with SandboxServer(state_path, host=host) as server:
        assert _health(server.url)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_ipv6_loopback_will_do(state_path: Path) -> None:
    with SandboxServer(state_path, host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert _health(server.url)


def test_a_port_in_use_is_an_error_and_leaves_nothing_open(state_path: Path) -> None:
    with SandboxServer(state_path) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            SandboxServer(state_path, port=port).__enter__()


def test_a_port_that_cannot_be_is_an_error(state_path: Path) -> None:
    with pytest.raises(OSError, match="0-65535"):
        SandboxServer(state_path, port=70_000).__enter__()


def test_a_file_that_is_no_state_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("x")
    with pytest.raises(InvalidInput):
        SandboxServer(path).__enter__()


def test_a_stopped_server_leaves_no_thread_and_no_port(state_path: Path) -> None:
    before = threading.active_count()
    server = SandboxServer(state_path)
    with server, httpx.Client(trust_env=False) as client:
        client.get(server.url + HEALTH_PATH)
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        _health(server.url)
    server.__exit__(None, None, None)  # a second time does nothing


def test_a_server_that_cannot_start_says_so_to_its_caller(
    state_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(config: object) -> None:
        raise OSError("no more files")

    monkeypatch.setattr("uvicorn.config.Config.load", fail)
    before = threading.active_count()
    with pytest.raises(OSError, match="no more files"):
        SandboxServer(state_path).__enter__()
    with pytest.raises(OSError, match="no more files"):
        SandboxServer(state_path).serve_forever()
    assert threading.active_count() == before


def test_signal_handlers_are_left_alone_by_a_background_server(state_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with SandboxServer(state_path) as server:
        assert _health(server.url)
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_noise_on_the_port_is_not_printed(
    state_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with SandboxServer(state_path) as server:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as noise:
            noise.sendall(b"\x00nonsense\r\n\r\n")
            noise.recv(100)
        with socket.create_connection(("127.0.0.1", port)) as gone:
            gone.sendall(b"POST /api/v1/calendar/user/ HTTP/1.1\r\nHost: x\r\n")
            gone.sendall(b"Content-Length: 100\r\n\r\nhalf")
        assert _health(server.url)
    assert [r for r in caplog.records if r.levelno >= logging.WARNING and r.name != "httpx"] == []


def _serve_in_thread(server: SandboxServer) -> threading.Thread:
    ready = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(ready.set,))
    thread.start()
    ready.wait()
    return thread


def test_a_serving_process_is_found_until_it_stops(state_path: Path) -> None:
    assert running_server(state_path) is None
    server = SandboxServer(state_path)
    thread = _serve_in_thread(server)
    assert running_server(state_path) == server.url
    server.stop()
    thread.join()
    assert running_server(state_path) is None
    server.stop()  # a second time does nothing


def test_a_background_server_is_not_announced(state_path: Path) -> None:
    with SandboxServer(state_path):
        assert running_server(state_path) is None


def test_a_file_that_is_no_state_has_no_server(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("x")
    assert running_server(path) is None


def _announce(state_path: Path, pid: int, url: str) -> None:
    with sqlite3.connect(state_path) as db:
        db.execute("INSERT INTO servers VALUES (?, ?)", (pid, url))
    db.close()


def test_an_address_that_another_state_took_over_is_not_believed(
    tmp_path: Path, state_path: Path
) -> None:
    SandboxState.open(state_path).close()
    with SandboxServer(tmp_path / "other.db") as other:
        _announce(state_path, os.getpid(), other.url)
        assert running_server(state_path) is None


def test_an_address_that_nobody_answers_is_not_believed(state_path: Path) -> None:
    SandboxState.open(state_path).close()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    _announce(state_path, os.getpid(), f"http://127.0.0.1:{port}")
    assert running_server(state_path) is None


def test_servers_that_died_are_forgotten_by_the_next(state_path: Path) -> None:
    SandboxState.open(state_path).close()
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    _announce(state_path, int(child.stdout), "http://127.0.0.1:1")
    _announce(state_path, 1, "http://127.0.0.1:2")
    server = SandboxServer(state_path)
    thread = _serve_in_thread(server)
    with sqlite3.connect(state_path) as db:
        urls = {row[0] for row in db.execute("SELECT url FROM servers")}
    db.close()
    server.stop()
    thread.join()
    assert urls == {"http://127.0.0.1:2", server.url}


def test_a_process_that_is_not_ours_counts_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert is_running(1) is True


SERVE = """
import pathlib, sys
from reconciler.sandbox import SandboxServer
server = SandboxServer(pathlib.Path(sys.argv[1]))
server.serve_forever(lambda: print(server.url, flush=True))
print("stopped cleanly")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_serving_process_cleanly(state_path: Path, number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "always", "-c", SERVE, str(state_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert _health(url)
        assert running_server(state_path) == url
        process.send_signal(number)
        output, errors = process.communicate()
    assert (output, errors, process.returncode) == ("stopped cleanly\n", "", 0)
    assert running_server(state_path) is None


def test_signals_mean_what_they_meant_before_once_serving_ends(state_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def end_once_serving() -> None:
        while signal.getsignal(signal.SIGTERM) == before:
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=end_once_serving)
    thread.start()
    SandboxServer(state_path).serve_forever()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_server_whose_state_is_damaged_meanwhile_answers_500_and_prints_nothing(
    state_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with SandboxServer(state_path) as server:
        with contextlib.closing(sqlite3.connect(state_path)) as db:
            db.execute("DROP TABLE meta")
        answer = httpx.get(f"{server.url}/api/v1/calendar/users/", trust_env=False)
        assert running_server(state_path) is None
    assert (answer.status_code, answer.json()) == (
        500,
        {"detail": "The sandbox's state cannot be used."},
    )
    assert [r for r in caplog.records if r.levelno >= logging.WARNING and r.name != "httpx"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_is_ignored_stays_ignored_while_serving(
    state_path: Path, number: int
) -> None:
    def end_once_serving() -> None:
        server.stop()  # waits until it serves
        handlers.append(signal.getsignal(number))

    handlers: list[object] = []
    server = SandboxServer(state_path)
    before = signal.signal(number, signal.SIG_IGN)
    try:
        thread: list[threading.Thread] = []

        def ready() -> None:
            thread.append(threading.Thread(target=end_once_serving))
            thread[0].start()

        server.serve_forever(ready)
        thread[0].join()
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)
    assert handlers == [signal.SIG_IGN]
