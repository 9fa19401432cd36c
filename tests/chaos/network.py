"""The network between a process and the sandbox, byte for byte, without a socket.

httpcore and all that stands on it are the real ones; only where they would open a socket there
is this. Requests are served by the sandbox's own service, one after the other.
"""

import base64
import json
from collections.abc import Callable, Iterable
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

import httpcore
from msgspec import Struct

from reconciler.sandbox.admission import TOKEN_HEADER
from reconciler.sandbox.faults import FaultKind
from reconciler.sandbox.http_messages import ApiRequest
from reconciler.sandbox.service import ServiceResult
from tests.chaos.process import Process, of_task

_ENDPOINTS = {
    ("GET", "/api/v1/calendar/users/"): "list_users",
    ("POST", "/api/v1/calendar/authenticate/"): "authenticate",
    ("GET", "/api/v1/calendar/user/"): "get_user",
    ("PUT", "/api/v1/calendar/user/"): "update_user",
    ("POST", "/api/v1/calendar/user/disconnect/"): "disconnect",
}
MUTATING = frozenset({"disconnect", "update_user"})
PROVEN = frozenset({401, 409, 429})
"""Answers that prove that a call did nothing."""


class Exchange(Struct, eq=False):
    """One request of ``process``, and what became of it.

    ``left_at`` is when nothing could hold it back any more, ``at`` when it arrived. ``subject``
    is Recall's id of the user whose token it carries, ``external_id`` the subject as the sandbox
    logged it. The sandbox is still working on it while it is ``under_way``; ``reply`` is what it
    sent, ``read_at`` when the process had it, if ever.
    """

    process: Process
    endpoint: str
    request: ApiRequest
    left_at: float
    subject: str | None
    seq: int = 0
    at: float = 0.0
    external_id: str | None = None
    effect: str | None = None
    fault: str | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    broken: bool = False
    under_way: bool = False
    answered: bool = False
    read_at: float | None = None

    @property
    def mutating(self) -> bool:
        return self.endpoint in MUTATING

    @property
    def whole(self) -> bool:
        """Whether the process has the whole answer."""
        return self.read_at is not None and self.status is not None and not self.broken

    @property
    def proven_idle(self) -> bool:
        """Whether the process has an answer that proves that nothing happened. That says its
        status: a body that breaks off takes nothing from it."""
        return self.read_at is not None and self.status in PROVEN

    def sent(self) -> dict[str, Any]:
        """The body of the request."""
        return dict(json.loads(self.request.body or b"{}"))


class Network(httpcore.NetworkBackend):
    """What httpcore opens connections with.

    ``serve`` takes each request in, ``deliver`` is told that its answer has come.
    """

    def __init__(
        self,
        serve: Callable[[Exchange], None],
        deliver: Callable[[Exchange], None],
        refuses: Callable[[], bool],
    ) -> None:
        self._serve = serve
        self._deliver = deliver
        self._refuses = refuses

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        process = of_task()
        process.seam("connect")
        if self._refuses():
            raise httpcore.ConnectError("connection refused")
        return _Stream(process, self._serve, self._deliver)


class _Stream(httpcore.NetworkStream):
    def __init__(
        self,
        process: Process,
        serve: Callable[[Exchange], None],
        deliver: Callable[[Exchange], None],
    ) -> None:
        self._process = process
        self._serve = serve
        self._deliver = deliver
        self._sent = b""
        self._exchange: Exchange | None = None
        self._reply = b""
        self._left = 0.0

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        process = self._process
        if not self._sent:
            self._left = process.times.scheduler.time
            process.seam(f"leave:{_endpoint(buffer)}")
        self._sent += buffer
        request = _whole(self._sent)
        if request is not None:
            endpoint = _ENDPOINTS[request.method, request.path]
            exchange = Exchange(process, endpoint, request, self._left, _subject(request))
            self._sent, self._exchange = b"", exchange
            self._serve(exchange)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = self._exchange
        if exchange is not None:
            scheduler = self._process.times.scheduler
            scheduler.block(lambda: exchange.answered, 1e9 if timeout is None else timeout)
            if not exchange.answered:
                self._exchange = None
                raise httpcore.ReadTimeout("timed out")
            self._process.seam(f"answer:{exchange.endpoint}")
            self._exchange = None
            exchange.read_at = scheduler.time
            self._deliver(exchange)
            if exchange.status is None:
                raise httpcore.ReadError("connection reset")
            self._reply = _bytes(exchange, self._process.times.server())
        chunk, self._reply = self._reply[:max_bytes], self._reply[max_bytes:]
        return chunk

    def close(self) -> None:
        self._exchange = None
        self._reply = b""

    def get_extra_info(self, info: str) -> Any:
        return None


def _endpoint(beginning: bytes) -> str:
    method, target, _ = beginning.split(b"\r\n", 1)[0].decode().split(" ")
    return _ENDPOINTS[method, target.partition("?")[0]]


def _whole(sent: bytes) -> ApiRequest | None:
    """The request, once all of it is there."""
    head, end, body = sent.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode().split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if len(body) < int(headers.get("content-length", 0)):
        return None
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    return ApiRequest(
        method, path, dict(parse_qsl(query)), headers, body, f"http://{headers['host']}"
    )


def _subject(request: ApiRequest) -> str | None:
    token = request.headers.get(TOKEN_HEADER)
    if token is None:
        return None
    claims = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=="))["user_id"])


def answered(exchange: Exchange, result: ServiceResult) -> None:
    """What the sandbox sends."""
    exchange.broken = result.fault is not None and result.fault.kind is FaultKind.DROP_MIDWAY
    if result.response is not None:
        exchange.status = result.response.status
        exchange.headers = tuple(result.response.headers.items())
        exchange.body = result.response.body
    exchange.answered = True


def _bytes(exchange: Exchange, now: float) -> bytes:
    body = exchange.body
    headers = {
        **dict(exchange.headers),
        "content-length": str(len(body)),
        "date": formatdate(now, usegmt=True),
    }
    lines = [f"HTTP/1.1 {exchange.status} X", *(f"{n}: {v}" for n, v in headers.items())]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return head + (body[: len(body) // 2] if exchange.broken else body)
