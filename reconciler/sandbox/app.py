"""The service as a web application (ASGI): HTTP requests in, responses out, faults included."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from email.utils import formatdate

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reconciler.domain import InvalidInput, is_loopback
from reconciler.sandbox.faults import FaultKind
from reconciler.sandbox.http_messages import (
    HEALTH_PATH,
    MAX_BODY,
    ApiRequest,
    ApiResponse,
    json_response,
)
from reconciler.sandbox.service import DelayedRequest, Service, ServiceResult

ORIGIN_METHODS = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
ORIGIN_HEADERS = (
    "authorization",
    "idempotency-key",
    "x-recallcalendarauthtoken",
    "x-requested-with",
)
ORIGIN_SECONDS = 86_400
# An IPv6 address in brackets or a name, then perhaps a port. Anything else is not a host.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@/?#\\\s]+))(?::[0-9]*)?")


class SandboxApp:
    """Serves one state.

    ``drop`` ends a client's TCP connection, given its address and whether to reset it.
    ``local_only`` refuses requests that name another host than this machine.
    """

    def __init__(
        self,
        service: Service,
        state_id: str,
        drop: Callable[[tuple[str, int], bool], None],
        *,
        local_only: bool,
    ) -> None:
        self._service = service
        self._state_id = state_id
        self._drop = drop
        self._local_only = local_only
        self._preflights = CORSMiddleware(
            self._serve,
            allow_origins=["*"],
            allow_methods=ORIGIN_METHODS,
            allow_headers=ORIGIN_HEADERS,
            max_age=ORIGIN_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = Request(scope, receive)
        # Cancelled: the server stops, all connections are closed already.
        with contextlib.suppress(ClientDisconnect, asyncio.CancelledError):
            try:
                await self._respond(http, scope, receive, send)
            except InvalidInput:
                # Damaged or full since the server started; the commands on the state say how.
                broken = json_response(500, {"detail": "The sandbox's state cannot be used."})
                await _http(broken)(scope, receive, send)

    async def _respond(self, http: Request, scope: Scope, receive: Receive, send: Send) -> None:
        if self._local_only and not _is_for_this_machine(http):
            # A page whose name was made to lead here (DNS rebinding).
            refused = json_response(400, {"detail": "The Host header names another machine."})
            await _http(refused)(scope, receive, send)
        elif scope["path"] == HEALTH_PATH:
            await _http(json_response(200, {"id": self._state_id}))(scope, receive, send)
        elif _is_preflight(http):
            await self._preflights.preflight_response(http.headers)(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(Request(scope, receive))
        if request is None:
            refused = json_response(413, {"detail": "Request body too large."})
            await _http(refused)(scope, receive, send)
        else:
            await self._send(await self._result(request), scope, receive, send)

    async def _result(self, request: ApiRequest) -> ServiceResult:
        result = self._service.handle(request)
        if isinstance(result, DelayedRequest):
            await asyncio.sleep(result.seconds)
            result = self._service.resume(request, result)
        return result

    async def _send(
        self, result: ServiceResult, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if result.fault and result.fault.answer_delay:
            await asyncio.sleep(result.fault.answer_delay / result.speed)
        if result.response is None:
            await self._hang_up(scope, receive, reset=True)
        elif result.fault and result.fault.kind is FaultKind.DROP_MIDWAY:
            await _send_half(_http(result.response, result.date), send)
            await self._hang_up(scope, receive, reset=False)
        else:
            await _http(result.response, result.date)(scope, receive, send)

    async def _hang_up(self, scope: Scope, receive: Receive, *, reset: bool) -> None:
        """End the connection, and wait until the server has noticed."""
        self._drop(tuple(scope["client"]), reset)
        await receive()  # the body has been read: what comes next is the disconnect


def _is_for_this_machine(http: Request) -> bool:
    """Whether the host that the client names, if any, is this machine.

    Browsers always send ``Host`` and never a target in absolute form.
    """
    host = http.headers.get("host")
    if host is None or _absolute(http):
        return True
    named = _HOST.fullmatch(host)
    return named is not None and is_loopback((named[1] or named[2]).lower().removesuffix("."))


def _is_preflight(http: Request) -> bool:
    asks = "origin" in http.headers and "access-control-request-method" in http.headers
    return asks and http.method == "OPTIONS"


def _absolute(http: Request) -> bool:
    path: str = http.scope["path"]
    return path.lower().startswith(("http://", "https://"))


async def _read(http: Request) -> ApiRequest | None:
    """The request, or None if its body is too large."""
    headers = dict(http.headers)
    if int(headers.get("content-length", 0)) > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    path: str = http.scope["path"]
    scheme, host = http.scope["scheme"], headers.get("host", "127.0.0.1")
    if _absolute(http):
        scheme, _, rest = path.partition("://")
        host, slash, rest = rest.partition("/")
        path = slash + rest
    return ApiRequest(
        http.method, path, dict(http.query_params), headers, bytes(body), f"{scheme}://{host}"
    )


def _http(response: ApiResponse, date: float | None = None) -> Response:
    """The response for Starlette to send; ``date`` (Unix time) replaces the ``Date`` header."""
    http = Response(b"" if response.status in {204, 304} else response.body, response.status)
    for name, value in response.headers.items():
        http.headers[name] = value
    if date is not None:
        http.headers["date"] = formatdate(date, usegmt=True)
    return http


async def _send_half(response: Response, send: Send) -> None:
    body = bytes(response.body)
    await send(
        {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
    )
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
