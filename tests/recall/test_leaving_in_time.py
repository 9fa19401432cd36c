"""A change leaves by the moment that it has to leave by, or not a byte of it is sent."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Self

import pytest

from reconciler.domain import (
    Deadline,
    Platform,
    Preferences,
    RateLimits,
    Secret,
    SystemClock,
    Timeouts,
)
from reconciler.recall import (
    CalendarWriter,
    ClientSettings,
    Effect,
    Endpoint,
    NotReached,
    NotSentInTime,
    RateLimiter,
    RecallError,
    base_url_endpoint,
)
from tests.recall.clients import KEY, TOKEN
from tests.recall.fake_clock import FakeClock

HANDSHAKE = b"\x16"
ANSWER = b"HTTP/1.1 204 X\r\n\r\n"


class Raw:
    """Accepts connections and notes every byte; ``on_head`` answers what ends with a blank line."""

    def __init__(self, on_head: Callable[[], bytes] = lambda: ANSWER) -> None:
        self.connections = 0
        self.received = b""
        self._settled = False
        self._on_head = on_head
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._last = socket.socket()
        self._last.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._settled:
            self.settle()

    def settle(self) -> None:
        """Wait until all that was sent is here and the client has closed; serve no more."""
        self._settled = True
        with self._last as last, self._listener:
            last.connect(self._listener.getsockname())
            self._thread.join(300)
            assert not self._thread.is_alive(), "a connection was left open"

    def _serve(self) -> None:
        last = self._last.getsockname()
        while True:
            connection, client = self._listener.accept()
            with connection, contextlib.suppress(ConnectionError):
                if client == last:
                    return
                self.connections += 1
                while chunk := connection.recv(65536):
                    self.received += chunk
                    if b"\r\n\r\n" in chunk:
                        connection.sendall(self._on_head())


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def at(url: str) -> Endpoint:
    return base_url_endpoint(url, Secret(KEY))


@contextlib.contextmanager
def writing(
    endpoint: Endpoint, clock: FakeClock | SystemClock, rate_limiter: RateLimiter | None = None
) -> Iterator[CalendarWriter]:
    if rate_limiter is None:
        rate_limiter = RateLimiter(RateLimits(), clock)
    settings = ClientSettings(Timeouts(connect=5.0))
    with CalendarWriter(
        endpoint, clock=clock, rate_limiter=rate_limiter, settings=settings
    ) as writer:
        yield writer


def disconnect(writer: CalendarWriter, clock: FakeClock | SystemClock, leave_by: float) -> None:
    permit = writer.reserve_disconnect("alice", Deadline(clock))
    writer.disconnect(Secret(TOKEN), Platform.GOOGLE, permit, leave_by=leave_by)


def update(writer: CalendarWriter, clock: FakeClock | SystemClock, leave_by: float) -> None:
    permit = writer.reserve_update("alice", Deadline(clock))
    preferences = Preferences(bot_name="Scribe")
    writer.update_preferences(Secret(TOKEN), preferences, permit, leave_by=leave_by)


def slow(monkeypatch: pytest.MonkeyPatch, step: str, delay: Callable[[], None]) -> None:
    """Let ``delay`` happen once ``step`` has been made, which is still made for real."""
    made = getattr(socket, step)

    def make(*args: object, **kwargs: object) -> object:
        result = made(*args, **kwargs)
        delay()
        return result

    monkeypatch.setattr(socket, step, make)


@pytest.mark.parametrize("change", [disconnect, update])
@pytest.mark.parametrize("step", ["create_connection", "getaddrinfo"])
def test_nothing_is_written_on_a_connection_that_comes_too_late(
    change: Callable[[CalendarWriter, FakeClock, float], None],
    step: str,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Raw() as server, writing(at(f"http://{server.address}"), clock) as writer:
        slow(monkeypatch, step, lambda: setattr(clock, "time", clock.time + 2.1))
        with pytest.raises(NotSentInTime) as caught:
            change(writer, clock, clock.time + 2)
        server.settle()
        assert (server.connections, server.received) == (1, b"")
    assert caught.value.effect is Effect.NONE
    assert caught.value.code == "not_sent_in_time"
    assert "too long" in str(caught.value)


@pytest.mark.parametrize("change", [disconnect, update])
def test_a_call_leaves_up_to_the_very_moment(
    change: Callable[[CalendarWriter, FakeClock, float], None],
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Raw() as server, writing(at(f"http://{server.address}"), clock) as writer:
        slow(monkeypatch, "create_connection", lambda: setattr(clock, "time", clock.time + 2))
        change(writer, clock, clock.time + 2)
    assert server.received.count(b"HTTP/1.1\r\n") == 1


def test_a_call_that_left_in_time_may_be_answered_later(clock: FakeClock) -> None:
    def late() -> bytes:
        clock.time += 30
        return ANSWER

    with Raw(late) as server, writing(at(f"http://{server.address}"), clock) as writer:
        disconnect(writer, clock, clock.time + 2)
    assert server.received.count(b"HTTP/1.1\r\n") == 1


def test_no_connection_is_made_when_it_is_too_late_already(clock: FakeClock) -> None:
    with (
        Raw() as server,
        writing(at(f"http://{server.address}"), clock) as writer,
        pytest.raises(NotSentInTime),
    ):
        disconnect(writer, clock, clock.time - 0.1)
    assert server.connections == 0


@pytest.mark.parametrize(("takes", "kind"), [(1.9, NotReached), (2.1, NotSentInTime)])
def test_a_connection_that_does_not_come_is_waited_for_as_long_as_the_call_may_leave(
    takes: float, kind: type[RecallError], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts: list[object] = []

    def never(_: object, timeout: object, **__: object) -> None:
        timeouts.append(timeout)
        clock.time += takes
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", never)
    with writing(at("http://127.0.0.1:9"), clock) as writer, pytest.raises(kind):
        disconnect(writer, clock, clock.time + 2)
    assert timeouts == [2]


def test_a_call_that_did_not_leave_in_time_costs_no_budget(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate_limiter = RateLimiter(RateLimits(user=1), clock)
    with Raw() as server, writing(at(f"http://{server.address}"), clock, rate_limiter) as writer:
        with pytest.raises(NotSentInTime):
            disconnect(writer, clock, clock.time - 0.1)
        disconnect(writer, clock, clock.time + 2)
    assert clock.waits == []


def test_the_next_call_may_leave_again(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with Raw() as server, writing(at(f"http://{server.address}"), clock) as writer:
        with monkeypatch.context() as patched:
            slow(patched, "create_connection", lambda: setattr(clock, "time", clock.time + 3))
            with pytest.raises(NotSentInTime):
                disconnect(writer, clock, clock.time + 2)
        disconnect(writer, clock, clock.time + 2)
    assert server.connections == 2
    assert server.received.count(b"HTTP/1.1\r\n") == 1


def test_a_handshake_that_never_ends_is_not_waited_for_longer_than_the_call_may_leave() -> None:
    clock = SystemClock()
    with Raw() as server, writing(at(f"https://{server.address}"), clock) as writer:
        with pytest.raises(NotSentInTime):
            disconnect(writer, clock, clock.monotonic() + 0.2)
        server.settle()
    # All that may have come is the client's greeting.
    assert server.received[:1] in {b"", HANDSHAKE}
    assert b"HTTP/1.1" not in server.received


def test_a_handshake_that_runs_out_before_the_call_had_to_leave_reached_nobody(
    clock: FakeClock,
) -> None:
    # The clock by which the call has to leave stands still.
    with Raw() as server, writing(at(f"https://{server.address}"), clock) as writer:
        with pytest.raises(NotReached):
            disconnect(writer, clock, clock.time + 0.2)
        server.settle()
    assert b"HTTP/1.1" not in server.received


def test_nothing_is_written_after_a_handshake_that_ends_too_late(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_tls(self: ssl.SSLContext, plain: socket.socket, **_: object) -> socket.socket:
        clock.time += 2.1
        return plain

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", without_tls)
    with Raw() as server, writing(at(f"https://{server.address}"), clock) as writer:
        with pytest.raises(NotSentInTime):
            disconnect(writer, clock, clock.time + 2)
        server.settle()
        assert (server.connections, server.received) == (1, b"")


@pytest.fixture
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> Callable[[Raw], Endpoint]:
    def behind(proxy: Raw) -> Endpoint:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        return at("https://recall.invalid")

    return behind


TUNNEL = b"HTTP/1.1 200 X\r\n\r\n"


def test_a_proxy_that_takes_too_long_hears_of_the_host_alone(
    behind_a_proxy: Callable[[Raw], Endpoint], clock: FakeClock
) -> None:
    def late() -> bytes:
        clock.time += 2.1
        return TUNNEL

    with Raw(late) as proxy, writing(behind_a_proxy(proxy), clock) as writer:
        with pytest.raises(NotSentInTime):
            disconnect(writer, clock, clock.time + 2)
        proxy.settle()
    head, _, tail = proxy.received.partition(b"\r\n\r\n")
    assert head.startswith(b"CONNECT recall.invalid:443 HTTP/1.1\r\n")
    assert tail[:1] in {b"", HANDSHAKE}
    assert TOKEN.encode() not in proxy.received


def test_a_proxy_that_never_answers_is_not_waited_for_longer_than_the_call_may_leave(
    behind_a_proxy: Callable[[Raw], Endpoint],
) -> None:
    clock = SystemClock()
    with Raw(lambda: b"") as proxy, writing(behind_a_proxy(proxy), clock) as writer:
        with pytest.raises(NotSentInTime):
            disconnect(writer, clock, clock.monotonic() + 0.2)
        proxy.settle()
    assert proxy.received.count(b"\r\n\r\n") <= 1
    assert TOKEN.encode() not in proxy.received


def test_a_tunnel_whose_handshake_ends_too_late_carries_nothing(
    behind_a_proxy: Callable[[Raw], Endpoint], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_tls(self: ssl.SSLContext, plain: socket.socket, **_: object) -> socket.socket:
        clock.time += 2.1
        return plain

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", without_tls)
    with Raw(lambda: TUNNEL) as proxy, writing(behind_a_proxy(proxy), clock) as writer:
        with pytest.raises(NotSentInTime):
            disconnect(writer, clock, clock.time + 2)
        proxy.settle()
    assert proxy.received.count(b"\r\n\r\n") == 1
    assert TOKEN.encode() not in proxy.received
