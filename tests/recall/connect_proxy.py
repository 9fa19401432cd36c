"""A proxy on loopback that takes CONNECT, and then does what a test tells it to."""

import contextlib
import select
import socket
import socketserver
import ssl
import threading
from typing import Self

TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"


def refusal(status: int) -> bytes:
    """The answer of a proxy that does not connect."""
    return f"HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\n\r\n".encode()


class ConnectProxy:
    """Answers each CONNECT with ``answer``; after a TUNNEL it carries bytes to ``port``.

    After any other answer it closes the connection, or with ``hold`` keeps it open and says no
    more. With ``tls`` the proxy itself speaks TLS. ``heads`` are the requests that it got.
    """

    def __init__(
        self,
        answer: bytes = TUNNEL,
        *,
        port: int | None = None,
        tls: ssl.SSLContext | None = None,
        hold: bool = False,
    ) -> None:
        self.heads: list[bytes] = []
        self._answer = answer
        self._port = port
        self._tls = tls
        self._hold = hold
        self._closing = threading.Event()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    proxy.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self, client: socket.socket) -> None:
        client.settimeout(5)
        if self._tls is not None:
            client = self._tls.wrap_socket(client, server_side=True)
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                if not (piece := client.recv(1)):
                    return
                head += piece
            self.heads.append(head)
            client.sendall(self._answer)
            if self._answer == TUNNEL and self._port is not None:
                self._carry(client, self._port)
            elif self._hold:
                self._closing.wait(5)

    def _carry(self, client: socket.socket, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as server:
            other = {client: server, server: client}
            while not self._closing.is_set():
                pending = client.pending() if isinstance(client, ssl.SSLSocket) else 0
                ready = [client] if pending else select.select(list(other), [], [], 0.05)[0]
                for source in ready:
                    piece = source.recv(65536)
                    if not piece:
                        return
                    other[source].sendall(piece)
