"""What a fault does to a response: pure functions from the right response to the wrong one."""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.http_messages import FIREWALL_PAGE, HTML, ApiRequest, ApiResponse, phrase

MALFORMED_ROW = '{"id": 17, "connections": "none"}'
MAINTENANCE_PAGE = "<!doctype html><html><body><h1>Down for maintenance</h1></body></html>"

Rows = list[Raw]
_array = msgspec.json.Decoder(Rows)
_page = msgspec.json.Decoder(dict[str, Raw])


def replacement(fault: Fault) -> ApiResponse | None:
    """The response that replaces the right one whatever that is, or None."""
    if fault.kind is FaultKind.STATUS:
        return _fixed_response(fault, fault.status or 503, {})
    if fault.kind is FaultKind.REDIRECT:
        return _fixed_response(fault, fault.status or 307, {"location": fault.location})
    return None


def _fixed_response(fault: Fault, status: int, headers: dict[str, str]) -> ApiResponse:
    body = fault.body
    if body is None and status == 403:
        body = FIREWALL_PAGE
    elif body is None:
        body = msgspec.json.encode({"detail": phrase(status)}).decode()
    kind = HTML if body.lstrip().startswith("<") else "application/json"
    sent = {name.lower(): value for name, value in fault.headers.items()}
    return ApiResponse(status, body.encode(), {"content-type": kind, **headers, **sent})


def with_fault(response: ApiResponse, fault: Fault, request: ApiRequest) -> ApiResponse:
    """The response with ``fault`` in it; unchanged for other kinds and where there is no list."""
    if fault.kind is FaultKind.NOT_JSON:
        page = (fault.body or MAINTENANCE_PAGE).encode()
        return ApiResponse(response.status, page, {"content-type": HTML}, response.effect)
    if fault.kind is FaultKind.TRUNCATED_BODY:
        return _with_body(response, response.body[: len(response.body) // 2])
    return _with_list_fault(response, fault, request) if response.status == 200 else response


def _with_list_fault(response: ApiResponse, fault: Fault, request: ApiRequest) -> ApiResponse:
    match fault.kind:
        case FaultKind.TRUNCATED_LIST:
            return _with_rows(response, lambda rows: rows[: fault.keep])
        case FaultKind.EMPTY_LIST:
            return _with_rows(response, lambda _: [])
        case FaultKind.MALFORMED_ROW:
            bad = Raw((fault.body or MALFORMED_ROW).encode())
            return _with_rows(response, lambda rows: [*rows[:-1], bad])
        case FaultKind.NEXT_ELSEWHERE:
            return _with_next(response, fault.location)
        case FaultKind.NEXT_LOOP:
            return _with_next(response, f"{request.origin}{request.path}?paginate=true")
        case _:
            return response


def _with_body(response: ApiResponse, body: bytes) -> ApiResponse:
    return ApiResponse(response.status, body, response.headers, response.effect)


def _with_rows(response: ApiResponse, change: Callable[[Rows], Rows]) -> ApiResponse:
    if response.body.startswith(b"["):
        return _with_body(response, msgspec.json.encode(change(_array.decode(response.body))))
    page: dict[str, object] = dict(_page.decode(response.body))
    page["results"] = change(_array.decode(_page.decode(response.body)["results"]))
    return _with_body(response, msgspec.json.encode(page))


def _with_next(response: ApiResponse, url: str) -> ApiResponse:
    page: dict[str, object] = {"previous": None}
    if response.body.startswith(b"["):
        page["results"] = Raw(response.body)
    else:
        page.update(_page.decode(response.body))
    return _with_body(response, msgspec.json.encode({**page, "next": url}))
