"""Faults: what goes wrong, on which requests and how often, and what it does to a response.

Tests, seeds and demonstrations add faults. The state counts down what is left of each, so all
processes count together. The service takes the first fault that matches a request.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct, field

from reconciler.sandbox import users
from reconciler.sandbox.http_messages import FIREWALL_PAGE, HTML, ApiRequest, ApiResponse, phrase
from reconciler.sandbox.settings import Behaviour, Count, NotNegative, PositiveCount

_HEADER = re.compile(r"[\t -~]*")


class FaultKind(StrEnum):
    """What goes wrong. ``docs/sandbox.md`` says what the client sees and what takes effect."""

    LATENCY = "latency"
    STATUS = "status"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    DROP_MIDWAY = "drop_midway"
    NOT_JSON = "not_json"
    TRUNCATED_BODY = "truncated_body"
    TRUNCATED_LIST = "truncated_list"
    EMPTY_LIST = "empty_list"
    STALE_LIST = "stale_list"
    MALFORMED_ROW = "malformed_row"
    NEXT_ELSEWHERE = "next_elsewhere"
    NEXT_LOOP = "next_loop"
    REDIRECT = "redirect"
    CLOCK_JUMP = "clock_jump"


USER_LIST_KINDS = frozenset(
    {FaultKind.STALE_LIST, FaultKind.NEXT_ELSEWHERE, FaultKind.NEXT_LOOP},
)
LIST_KINDS = USER_LIST_KINDS | {
    FaultKind.TRUNCATED_LIST,
    FaultKind.EMPTY_LIST,
    FaultKind.MALFORMED_ROW,
}


class Match(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which requests a fault is for. An absent field matches all.

    ``endpoint`` is a glob over the endpoint names (``list_users``, ``disconnect``, …),
    ``external_id`` one over the id of the user that the request is about. A request about no user
    matches no ``external_id``.
    """

    method: str | None = None
    endpoint: str | None = None
    external_id: str | None = field(default=None, name="external_id")

    def fits(self, *, method: str, endpoint: str, external_id: str | None) -> bool:
        if self.method is not None and self.method.upper() != method:
            return False
        if self.endpoint is not None and not fnmatchcase(endpoint, self.endpoint):
            return False
        if self.external_id is None:
            return True
        return external_id is not None and fnmatchcase(external_id, self.external_id)


class Fault(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One thing that goes wrong on the requests that ``match``. Durations: sandbox seconds.

    ``skip`` requests pass first, then ``times`` are hit. Every kind can wait: ``latency`` before
    the request takes effect, ``answer_delay`` after it. The rest belongs to single kinds:

    * ``status``, ``headers``, ``body``: the answer of ``status`` (default 503) and ``redirect``
      (default 307); ``after_effect`` lets the request take effect first;
    * ``body`` also: the bad row of ``malformed_row`` and the text of ``not_json``;
    * ``keep``: the rows that ``truncated_list`` leaves;
    * ``seconds``: how old ``stale_list`` is (absent: as old as the fault), and how far
      ``clock_jump`` moves the ``Date`` header;
    * ``location``: where ``redirect`` and ``next_elsewhere`` point.
    """

    kind: FaultKind
    match: Match = Match()
    times: PositiveCount | Literal["forever"] = 1
    skip: Count = 0
    latency: NotNegative = 0
    answer_delay: NotNegative = 0
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    after_effect: bool = False
    keep: Count = 1
    seconds: float | None = None
    location: str = "http://elsewhere.invalid/api/v1/calendar/users/"

    def __post_init__(self) -> None:
        if not all(_HEADER.fullmatch(text) for text in (*self.headers.values(), self.location)):
            raise ValueError("headers and `location` must be printable ASCII")

    def fits(self, *, method: str, endpoint: str, external_id: str | None) -> bool:
        """Whether the fault is for such a request. Kinds that change lists are for lists only."""
        if self.kind in LIST_KINDS:
            lists = (
                {"list_users"} if self.kind in USER_LIST_KINDS else {"list_users", "list_meetings"}
            )
            if endpoint not in lists:
                return False
        return self.match.fits(method=method, endpoint=endpoint, external_id=external_id)


_fault_decoder = msgspec.json.Decoder(Fault)
_rows = msgspec.json.Decoder(list[Raw])


class ArmedFault(Struct, frozen=True):
    """A fault that hits the request at hand, and the number that it is stored under."""

    seq: int
    fault: Fault


def add(db: sqlite3.Connection, fault: Fault, behaviour: Behaviour) -> None:
    """Add a fault. A ``stale_list`` without ``seconds`` stores the list as it is now."""
    snapshot: bytes | None = None
    if fault.kind is FaultKind.STALE_LIST and fault.seconds is None:
        snapshot = b"[" + b",".join(users.documents(db, behaviour.list_order)) + b"]"
    times = None if fault.times == "forever" else fault.times
    db.execute(
        "INSERT INTO faults (document, skip, times, snapshot) VALUES (?, ?, ?, ?)",
        (msgspec.json.encode(fault).decode(), fault.skip, times, snapshot),
    )


def clear(db: sqlite3.Connection) -> None:
    """Remove all faults."""
    db.execute("DELETE FROM faults")


def armed(db: sqlite3.Connection) -> tuple[Fault, ...]:
    """The faults that can still hit, in the order they were added."""
    rows = db.execute("SELECT document FROM faults WHERE times IS NULL OR times > 0 ORDER BY seq")
    return tuple(_fault_decoder.decode(row[0]) for row in rows)


def claim(
    db: sqlite3.Connection, *, method: str, endpoint: str, external_id: str | None
) -> ArmedFault | None:
    """The first fault that hits such a request. Counts the hit, and the requests it skips."""
    rows = db.execute(
        "SELECT seq, document, skip FROM faults WHERE times IS NULL OR times > 0 ORDER BY seq"
    ).fetchall()
    for seq, document, skip in rows:
        fault = _fault_decoder.decode(document)
        if not fault.fits(method=method, endpoint=endpoint, external_id=external_id):
            continue
        if skip:
            db.execute("UPDATE faults SET skip = skip - 1 WHERE seq = ?", (seq,))
            continue
        db.execute("UPDATE faults SET times = times - 1 WHERE seq = ?", (seq,))
        return ArmedFault(seq, fault)
    return None


def stale_rows(
    db: sqlite3.Connection, armed_fault: ArmedFault, behaviour: Behaviour, now: float
) -> list[bytes] | None:
    """The users that a stale list shows; None for other kinds of fault."""
    fault = armed_fault.fault
    if fault.kind is not FaultKind.STALE_LIST:
        return None
    if fault.seconds is not None:
        return list(users.documents_at(db, behaviour.list_order, now - fault.seconds))
    row = db.execute("SELECT snapshot FROM faults WHERE seq = ?", (armed_fault.seq,)).fetchone()
    return [bytes(raw) for raw in _rows.decode(row[0])] if row else []


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
