"""The service as a web application (ASGI): HTTP to requests, outcomes to HTTP, faults included."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from email.utils import formatdate

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reconciler.domain import InvalidInput, is_loopback
from reconciler.sandbox.body import MAX_BODY
from reconciler.sandbox.fault import FaultKind
from reconciler.sandbox.service import Outcome, Service, Waiting
from reconciler.sandbox.wire import HEALTH_PATH, Answer, Request, json_answer

ORIGIN_METHODS = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
ORIGIN_HEADERS = (
    "authorization",
    "idempotency-key",
    "x-recallcalendarauthtoken",
    "x-requested-with",
)
ORIGIN_SECONDS = 86_400
# An IPv6 address in brackets or a name, and perhaps a port: all of the header, or it is none.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@/?#\\\s]+))(?::[0-9]*)?")


class SandboxApp:
    """Serves one state.

    ``drop`` ends the TCP connection of a client, given its address and whether with a reset.
    ``local_only``: requests that name another host than this machine are refused.
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
        http = HttpRequest(scope, receive)
        # Cancelled: the server stops, all connections are closed already.
        with contextlib.suppress(ClientDisconnect, asyncio.CancelledError):
            if self._local_only and not _is_for_this_machine(http):
                # A page whose name was made to lead here (DNS rebinding).
                refused = json_answer(400, {"detail": "The Host header names another machine."})
                await _response(refused)(scope, receive, send)
                return
            try:
                if scope["path"] == HEALTH_PATH:
                    await _response(json_answer(200, {"id": self._state_id}))(scope, receive, send)
                elif _is_preflight(http) and self._service.allows_other_origins():
                    preflight = self._preflights.preflight_response(http.headers)
                    await preflight(scope, receive, send)
                else:
                    await self._serve(scope, receive, send)
            except InvalidInput:
                # Damaged or filled up meanwhile; the commands on the state say how.
                broken = json_answer(500, {"detail": "The sandbox's state cannot be used."})
                await _response(broken)(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(HttpRequest(scope, receive))
        if request is None:
            refused = json_answer(413, {"detail": "Request body too large."})
            await _response(refused)(scope, receive, send)
        else:
            await self._send(await self._outcome(request), scope, receive, send)

    async def _outcome(self, request: Request) -> Outcome:
        outcome = self._service.handle(request)
        if isinstance(outcome, Waiting):
            await asyncio.sleep(outcome.seconds)
            outcome = self._service.resume(request, outcome)
        return outcome

    async def _send(self, outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
        if outcome.fault and outcome.fault.answer_delay:
            await asyncio.sleep(outcome.fault.answer_delay / outcome.speed)
        if outcome.answer is None:
            await self._hang_up(scope, receive, reset=True)
        elif outcome.fault and outcome.fault.kind is FaultKind.DROP_MIDWAY:
            await _send_half(_response(outcome.answer, outcome), send)
            await self._hang_up(scope, receive, reset=False)
        else:
            await _response(outcome.answer, outcome)(scope, receive, send)

    async def _hang_up(self, scope: Scope, receive: Receive, *, reset: bool) -> None:
        """End the connection, and wait until the server has noticed."""
        self._drop(tuple(scope["client"]), reset)
        await receive()  # the body has been read: what comes next is the disconnect


def _is_for_this_machine(http: HttpRequest) -> bool:
    """Whether the host that the client meant is this machine, as far as it says.

    Browsers always send ``Host`` and never a target in absolute form.
    """
    host = http.headers.get("host")
    if host is None or _absolute(http):
        return True
    named = _HOST.fullmatch(host)
    return named is not None and is_loopback((named[1] or named[2]).lower().removesuffix("."))


def _is_preflight(http: HttpRequest) -> bool:
    asks = "origin" in http.headers and "access-control-request-method" in http.headers
    return asks and http.method == "OPTIONS"


def _absolute(http: HttpRequest) -> bool:
    path: str = http.scope["path"]
    return path.lower().startswith(("http://", "https://"))


async def _read(http: HttpRequest) -> Request | None:
    """The request; None when its body is too large."""
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
    return Request(
        http.method, path, dict(http.query_params), headers, bytes(body), f"{scheme}://{host}"
    )


def _response(answer: Answer, outcome: Outcome | None = None) -> Response:
    response = Response(b"" if answer.status in {204, 304} else answer.body, answer.status)
    for name, value in answer.headers.items():
        response.headers[name] = value
    if outcome:
        response.headers["date"] = formatdate(outcome.date, usegmt=True)
    return response


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
