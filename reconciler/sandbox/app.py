"""The service as a web application (ASGI): HTTP to requests, outcomes to HTTP, faults included."""

import asyncio
import contextlib
from collections.abc import Callable
from email.utils import formatdate

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reconciler.domain import InvalidInput
from reconciler.sandbox.fault import FaultKind
from reconciler.sandbox.service import Outcome, Service, Waiting
from reconciler.sandbox.wire import HEALTH_PATH, Answer, Request, json_answer

MAX_BODY = 1 << 20


class SandboxApp:
    """Serves one state.

    ``drop`` ends the TCP connection of a client, given its address and whether with a reset.
    """

    def __init__(
        self, service: Service, state_id: str, drop: Callable[[tuple[str, int], bool], None]
    ) -> None:
        self._service = service
        self._state_id = state_id
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Cancelled: the server stops, all connections are closed already.
        with contextlib.suppress(ClientDisconnect, asyncio.CancelledError):
            request = await _read(HttpRequest(scope, receive))
            if request is None:
                refused = json_answer(413, {"detail": "Request body too large."})
                await _response(refused)(scope, receive, send)
            elif request.path == HEALTH_PATH:
                await _response(json_answer(200, {"id": self._state_id}))(scope, receive, send)
            else:
                try:
                    outcome = await self._outcome(request)
                except InvalidInput:
                    # Damaged or filled up meanwhile; the commands on the state say how.
                    broken = json_answer(500, {"detail": "The sandbox's state cannot be used."})
                    await _response(broken)(scope, receive, send)
                else:
                    await self._send(outcome, scope, receive, send)

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


async def _read(http: HttpRequest) -> Request | None:
    """The request; None when its body is too large."""
    body = b""
    async for chunk in http.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    headers = dict(http.headers)
    origin = f"{http.url.scheme}://{headers.get('host', http.url.netloc)}"
    query = dict(http.query_params)
    return Request(http.method, http.scope["path"], query, headers, body, origin)


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
