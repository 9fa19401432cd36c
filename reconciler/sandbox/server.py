"""The sandbox on a port: in a background thread for tests and commands, or until a signal.

uvicorn parses and writes HTTP. Its own server loop is not used: stopping it takes longer than a
test does. uvicorn and starlette are imported only when a server starts.

``serve_forever`` stores its address in the state, where commands look it up. An address counts only
if it answers with the id of the state.
"""

import asyncio
import contextlib
import http.client
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import msgspec

from reconciler.domain import InvalidInput, is_loopback
from reconciler.process import is_running
from reconciler.sandbox.database import StateDatabase
from reconciler.sandbox.http_messages import HEALTH_PATH
from reconciler.sandbox.settings import read_settings, set_speed
from reconciler.sandbox.state import SandboxState

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from reconciler.sandbox.service import Service


KEEP_ALIVE_SECONDS = 75
MAX_PORT = 65_535


class RemoteListenRefused(ValueError):
    """A sandbox was asked to listen where other machines can reach it."""


class SandboxServer:
    """Serves the state at ``state_path``, created if missing.

    As a context manager it serves in a background thread; :meth:`serve_forever` serves in the
    caller's. ``speed`` sets how fast sandbox time runs, for all servers of the state (absent:
    unchanged). ``now`` gives real time, Unix seconds.

    Raises :class:`RemoteListenRefused` for a host that is not loopback, unless ``allow_remote``.
    Starting raises :class:`OSError` for an address that cannot be used.
    """

    def __init__(
        self,
        state_path: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float | None = None,
        now: Callable[[], float] | None = None,
        allow_remote: bool = False,
    ) -> None:
        if not (allow_remote or is_loopback(host)):
            raise RemoteListenRefused(f"{host[:200]} can be reached from other machines")
        self.url = ""
        self._state_path = state_path
        self._address = (host, port)
        self._speed = speed
        self._now = now or time.time
        self._local_only = not allow_remote
        self._running: _Running | None = None

    def __enter__(self) -> Self:
        self._running = running = self._start()
        thread = threading.Thread(target=running.run_and_close, name="sandbox", daemon=True)
        running.thread = thread
        thread.start()
        running.ready.wait()
        if running.failure:
            self.__exit__(None, None, None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        running, self._running = self._running, None
        if running and running.thread:
            running.stop()
            running.thread.join()
            if running.failure:
                raise running.failure

    def serve_forever(self, ready: Callable[[], None] | None = None) -> None:
        """Serve until SIGINT, SIGTERM or :meth:`stop`; ``ready`` is called once ``url`` is set.

        While it serves, :func:`discovery.running_server` finds it.
        """
        running = self._running = self._start()
        try:
            with contextlib.closing(running.database), announced(running.database, self.url):
                if ready:
                    ready()
                running.run()
        finally:
            self._running = None

    def stop(self) -> None:
        """End :meth:`serve_forever`; callable from any thread."""
        if self._running:
            self._running.ready.wait()
            self._running.stop()

    def _start(self) -> "_Running":
        from reconciler.sandbox.service import Service  # noqa: PLC0415

        SandboxState.open(self._state_path).close()
        database = StateDatabase(self._state_path)
        try:
            with database.transaction() as db:
                if self._speed is not None:
                    set_speed(db, self._speed, self._now)
                state_id = read_settings(db, self._now).id
            listener = _listen(*self._address)
        except BaseException:
            database.close()
            raise
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        service = Service(database, self._now)
        return _Running(database, listener, service, state_id, local_only=self._local_only)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not 0 <= port <= MAX_PORT:
        raise OSError(f"port {port} is not within 0-{MAX_PORT}")
    return socket.create_server((host, port), family=family, backlog=512)


class _Running:
    """One serving event loop with its connections."""

    def __init__(
        self,
        database: StateDatabase,
        listener: socket.socket,
        service: "Service",
        state_id: str,
        *,
        local_only: bool,
    ) -> None:
        self.database = database
        self.ready = threading.Event()
        self.thread: threading.Thread | None = None
        self.failure: BaseException | None = None
        self._listener = listener
        self._service = service
        self._state_id = state_id
        self._local_only = local_only
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def run(self) -> None:
        """Serve until :meth:`stop`."""
        try:
            config = self._config()
            protocol = _protocol_class(self._transports)
            asyncio.run(self._serve(config, protocol))
        except BaseException as error:
            self.failure = error
            raise
        finally:
            self.ready.set()
            self._listener.close()

    def run_and_close(self) -> None:
        """Serve until :meth:`stop`, then close the state: the whole work of a background thread."""
        # A failure is raised where the server is entered or left.
        with contextlib.closing(self.database), contextlib.suppress(Exception):
            self.run()

    def stop(self) -> None:
        """Ask the loop to end, from any thread."""
        if self._loop and self._stopping:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)

    def _config(self) -> "Config":
        from uvicorn.config import Config  # noqa: PLC0415

        from reconciler.sandbox.app import SandboxApp  # noqa: PLC0415

        config = Config(
            SandboxApp(self._service, self._state_id, self._drop, local_only=self._local_only),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        config.load()
        return config

    async def _serve(self, config: "Config", protocol: "type[H11Protocol]") -> None:
        from uvicorn.server import ServerState  # noqa: PLC0415

        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        state = ServerState()
        server = await self._loop.create_server(
            lambda: protocol(config, state, {}), sock=self._listener
        )
        with _stopped_by_signals(self._loop, self._stopping):
            self.ready.set()
            await self._stopping.wait()
        server.close()
        for transport in list(self._transports.values()):
            transport.abort()
        await asyncio.sleep(0)
        for task in list(state.tasks):
            task.cancel()

    def _drop(self, client: tuple[str, int], reset: bool) -> None:  # noqa: FBT001  # a callback
        transport = self._transports.get(client)
        if transport is None:  # the client went away by itself
            return
        if not reset:
            transport.close()
            return
        sock = transport.get_extra_info("socket")
        # Closing with a linger time of zero sends a reset instead of an orderly end.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


def _protocol_class(transports: dict[tuple[str, int], asyncio.Transport]) -> "type[H11Protocol]":
    """uvicorn's HTTP protocol, which notes each connection under its client's address."""
    from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: PLC0415

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.address: tuple[str, int] = tuple(transport.get_extra_info("peername")[:2])
            transports[self.address] = transport
            # Headers and body are two writes: without this the second waits for an ACK.
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.address, None)
            super().connection_lost(exc)

    return Protocol


@contextlib.contextmanager
def _stopped_by_signals(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # An ignored signal stays ignored, as `nohup` and `trap ''` ask for. Earlier handlers are put
    # back: removing a loop's handler would leave the default.
    before = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if (handler := signal.getsignal(number)) is not signal.SIG_IGN
    }
    for number in before:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


HEALTH_SECONDS = 1.0


@contextlib.contextmanager
def announced(database: StateDatabase, url: str) -> Iterator[None]:
    """Let other processes find the server at ``url`` for as long as the context lasts."""
    with database.transaction() as db:
        for (pid,) in db.execute("SELECT pid FROM servers").fetchall():
            if is_running(pid) is False:
                db.execute("DELETE FROM servers WHERE pid = ?", (pid,))
        db.execute("INSERT OR REPLACE INTO servers VALUES (?, ?)", (os.getpid(), url))
    try:
        yield
    finally:
        with database.transaction() as db:
            db.execute("DELETE FROM servers WHERE url = ?", (url,))


def running_server(state_path: Path) -> str | None:
    """The URL at which some process serves this state now with ``serve_forever``, or None."""
    if not state_path.exists():
        return None
    try:
        database = StateDatabase(state_path)
        with contextlib.closing(database), database.transaction() as db:
            state_id = read_settings(db, time.time).id
            urls = [row[0] for row in db.execute("SELECT url FROM servers ORDER BY rowid DESC")]
    except InvalidInput:
        return None
    return next((url for url in urls if _serves(url, state_id)), None)


def _serves(url: str, state_id: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=HEALTH_SECONDS
    )
    try:
        connection.request("GET", HEALTH_PATH)
        answer = connection.getresponse()
        body = msgspec.json.decode(answer.read(), type=dict[str, str])
    except (OSError, http.client.HTTPException, msgspec.DecodeError, msgspec.ValidationError):
        return False
    finally:
        connection.close()
    return body.get("id") == state_id
