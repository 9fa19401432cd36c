"""The pages of the watch over HTTP. There is nothing to send but GET and HEAD, and nothing acts.

uvicorn serves in a thread, and renders pages in others, so that a slow page delays no metrics.
"""

import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.domain import is_loopback
from reconciler.reporting import Format
from reconciler.reporting.html.watched import watched_html
from reconciler.watching.access import Access, Refusal
from reconciler.watching.board import Board, Shown

_HEADERS: Final = {
    b"cache-control": b"no-store",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"content-security-policy": b"frame-ancestors 'none'",
}
"""On every answer. The page itself holds the policy on its scripts and styles."""

_SECONDS_TO_STOP: Final = 1
_CONNECTIONS: Final = 100


class WatchServer:
    """Serves on ``listener`` for as long as the context lasts."""

    def __init__(self, listener: socket.socket, host: str, board: Board, metrics: "Text") -> None:
        self._listener = listener
        app = _application(host, board, metrics)
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_SECONDS_TO_STOP,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="watch", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=3 * _SECONDS_TO_STOP)
        self._listener.close()


Text = Callable[[], tuple[bytes, str]]
"""The metrics, and their media type."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises :class:`OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _application(host: str, board: Board, metrics: Text) -> ASGIApp:
    local = is_loopback(host)

    def show_metrics(_: Request) -> Response:
        text, media_type = metrics()
        return Response(text, headers={"content-type": media_type})

    def healthz(_: Request) -> Response:
        return _lines(board.hanging())

    def readyz(_: Request) -> Response:
        return _lines(board.unready())

    def refusal(request: Request, shown: Shown) -> Refusal | None:
        access = Access(local, shown.state.token)
        return access.to_personal_data(request.headers.get("authorization", ""))

    def page(request: Request, form: Format, media_type: str) -> Response:
        shown = board.shown
        name = request.path_params.get("name") or next(iter(shown), "")
        if name not in shown:
            return PlainTextResponse("No such workspace is watched.\n", status_code=404)
        refused = refusal(request, shown[name])
        if refused is not None:
            return _refused(refused)
        found, text = shown[name].pages.of(shown[name].state.snapshot, form)
        return Response(text, status_code=200 if found else 503, media_type=media_type)

    def html(request: Request) -> Response:
        return page(request, Format.HTML, "text/html")

    def json(request: Request) -> Response:
        return page(request, Format.JSON, "application/json")

    def workspaces(request: Request) -> Response:
        """Those whose token was given. Only if that is none of any, the page is refused."""
        shown = sorted(board.shown.items())
        refused = {name: refusal(request, of) for name, of in shown}
        rows = [board.row(name, of) for name, of in shown if refused[name] is None]
        refusals = [found for found in refused.values() if found is not None]
        if refusals and not rows:
            return _refused(max(refusals, key=lambda found: found.challenge))
        return Response(watched_html(rows, len(refusals)), media_type="text/html")

    above = "" if board.alone else "/w/{name}"
    routes = [
        Route("/metrics", show_metrics),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        *([] if board.alone else [Route("/", workspaces)]),
        Route(f"{above}/", html),
        Route(f"{above}/plan.json", json),
    ]
    return _guarded(Starlette(routes=routes), Access(local, None))


def _lines(reasons: list[str]) -> Response:
    text = "".join(f"{reason}\n" for reason in reasons or ["ok"])
    return PlainTextResponse(text, status_code=503 if reasons else 200)


def _refused(refusal: Refusal) -> Response:
    headers = {"www-authenticate": 'Bearer realm="reconciler watch"'} if refusal.challenge else {}
    return PlainTextResponse(f"{refusal.text}\n", status_code=refusal.status, headers=headers)


def _guarded(app: ASGIApp, access: Access) -> ASGIApp:
    """``app`` for requests to this host, with our headers on every answer."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS.items()]
            await send(message)

        refused = access.to_anything(Headers(scope=scope).get("host", ""))
        answer: Callable[[Scope, Receive, Send], Awaitable[None]] = app
        if refused is not None:
            answer = _refused(refused)
        with contextlib.suppress(ConnectionError):
            await answer(scope, receive, with_headers)

    return serve
