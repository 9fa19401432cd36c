"""A loopback server that sends exactly the bytes a test tells it to, sound HTTP or not."""

import contextlib
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from typing import Self

from msgspec import Struct


class Request(Struct, frozen=True):
    """What came in; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


class Reply(Struct, frozen=True):
    """``pieces`` are sent one after the other, then the connection is kept or closed.

    ``drip`` is waited between pieces, on ``Scripted.closing``; ``reset`` closes with RST.
    """

    pieces: tuple[bytes, ...]
    close: bool = False
    reset: bool = False
    drip: float = 0.0


def reply(status: int = 200, body: object = None, **headers: str) -> Reply:
    """A sound answer; ``body`` is bytes as they are, or JSON. ``_`` in names is ``-``."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Reply(("\r\n".join(lines).encode() + b"\r\n\r\n" + content,))


class Scripted:
    """Answers the n-th request with the n-th of ``replies``, and with the last ever after.

    With ``tls`` it speaks HTTPS. ``connections`` counts those without a request too.
    """

    def __init__(
        self, *replies: Reply | Callable[[Request], Reply], tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._replies = replies
        self._lock = threading.Lock()
        self.connections = 0
        self._tls = tls
        script = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with contextlib.suppress(OSError):
                    script.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            number = self.connections
        connection.settimeout(5)
        if self._tls is None:
            self._answer(connection, number)
            return
        with self._tls.wrap_socket(connection, server_side=True) as secured:
            self._answer(secured, number)

    def _answer(self, connection: socket.socket, number: int) -> None:
        stream = connection.makefile("rb")
        with stream:
            while not self.closing.is_set() and (line := stream.readline()):
                method, path, _ = line.decode().split(" ")
                headers = {}
                while line := stream.readline().strip():
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", 0)))
                request = Request(method, path, headers, body, number)
                with self._lock:
                    self.requests.append(request)
                    step = self._replies[min(len(self.requests), len(self._replies)) - 1]
                answer = step(request) if callable(step) else step
                for index, piece in enumerate(answer.pieces):
                    if index and self.closing.wait(answer.drip):
                        return
                    connection.sendall(piece)
                if answer.reset:
                    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                if answer.reset or answer.close:
                    return
