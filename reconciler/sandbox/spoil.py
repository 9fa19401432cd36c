"""What a fault does to an answer: pure, from the right answer to the wrong one."""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from reconciler.sandbox.fault import Fault, FaultKind
from reconciler.sandbox.wire import FIREWALL_PAGE, HTML, Answer, Request, phrase

MALFORMED_ROW = '{"id": 17, "connections": "none"}'
MAINTENANCE_PAGE = "<!doctype html><html><body><h1>Down for maintenance</h1></body></html>"

Rows = list[Raw]
_array = msgspec.json.Decoder(Rows)
_page = msgspec.json.Decoder(dict[str, Raw])


def instead(fault: Fault) -> Answer | None:
    """The answer that takes the place of the right one whatever that is, or None."""
    if fault.kind is FaultKind.STATUS:
        return _answer(fault, fault.status or 503, {})
    if fault.kind is FaultKind.REDIRECT:
        return _answer(fault, fault.status or 307, {"location": fault.location})
    return None


def _answer(fault: Fault, status: int, headers: dict[str, str]) -> Answer:
    body = fault.body
    if body is None and status == 403:
        body = FIREWALL_PAGE
    elif body is None:
        body = msgspec.json.encode({"detail": phrase(status)}).decode()
    kind = HTML if body.lstrip().startswith("<") else "application/json"
    sent = {name.lower(): value for name, value in fault.headers.items()}
    return Answer(status, body.encode(), {"content-type": kind, **headers, **sent})


def spoiled(answer: Answer, fault: Fault, request: Request) -> Answer:
    """The answer with ``fault`` in it; other kinds and answers without a list pass unchanged."""
    if fault.kind is FaultKind.NOT_JSON:
        page = (fault.body or MAINTENANCE_PAGE).encode()
        return Answer(answer.status, page, {"content-type": HTML}, answer.effect)
    if fault.kind is FaultKind.TRUNCATED_BODY:
        return _with_body(answer, answer.body[: len(answer.body) // 2])
    return _spoiled_list(answer, fault, request) if answer.status == 200 else answer


def _spoiled_list(answer: Answer, fault: Fault, request: Request) -> Answer:
    match fault.kind:
        case FaultKind.TRUNCATED_LIST:
            return _with_rows(answer, lambda rows: rows[: fault.keep])
        case FaultKind.EMPTY_LIST:
            return _with_rows(answer, lambda _: [])
        case FaultKind.MALFORMED_ROW:
            bad = Raw((fault.body or MALFORMED_ROW).encode())
            return _with_rows(answer, lambda rows: [*rows[:-1], bad])
        case FaultKind.NEXT_ELSEWHERE:
            return _with_next(answer, fault.location)
        case FaultKind.NEXT_LOOP:
            return _with_next(answer, f"{request.origin}{request.path}?paginate=true")
        case _:
            return answer


def _with_body(answer: Answer, body: bytes) -> Answer:
    return Answer(answer.status, body, answer.headers, answer.effect)


def _with_rows(answer: Answer, change: Callable[[Rows], Rows]) -> Answer:
    if answer.body.startswith(b"["):
        return _with_body(answer, msgspec.json.encode(change(_array.decode(answer.body))))
    page: dict[str, object] = dict(_page.decode(answer.body))
    page["results"] = change(_array.decode(_page.decode(answer.body)["results"]))
    return _with_body(answer, msgspec.json.encode(page))


def _with_next(answer: Answer, url: str) -> Answer:
    page: dict[str, object] = {"previous": None}
    if answer.body.startswith(b"["):
        page["results"] = Raw(answer.body)
    else:
        page.update(_page.decode(answer.body))
    return _with_body(answer, msgspec.json.encode({**page, "next": url}))
