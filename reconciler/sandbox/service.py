"""The imitated API without HTTP: one request in, one result out, each in one transaction.

The order is that of the real API: firewall, routing, credentials, limits, the endpoint. The web
application calls :meth:`Service.handle` and sends the result.
"""

import sqlite3
from collections.abc import Callable

from msgspec import Struct, structs

from reconciler.sandbox import (
    admission,
    callbacks,
    connections,
    endpoints,
    faults,
    request_log,
    users,
)
from reconciler.sandbox.admission import TOKEN_HEADER, has_api_key, user_id_of
from reconciler.sandbox.database import StateDatabase
from reconciler.sandbox.faults import ArmedFault, Fault, FaultKind
from reconciler.sandbox.http_messages import (
    FIREWALL_PAGE,
    ApiRequest,
    ApiResponse,
    EndpointCall,
    RequestRefused,
    html_response,
    not_found,
    refusal,
    unauthorized,
)
from reconciler.sandbox.routes import ApiRoute, Credential, RouteMatch, find_route
from reconciler.sandbox.settings import read_settings
from reconciler.sandbox.users import StoredUser

COMMON_HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "vary": "Origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
UNANSWERED = frozenset({FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER})


class ServiceResult(Struct, frozen=True):
    """The result of a request: the response, and the fault that hit it.

    Without a response the connection is dropped. ``date`` is the Unix time for the ``Date``
    header. ``speed`` turns a fault's seconds into real ones.
    """

    response: ApiResponse | None
    fault: Fault | None
    date: float
    speed: float


class DelayedRequest(Struct, frozen=True):
    """A request that a fault delays: resume it after ``seconds`` real seconds."""

    seq: int
    armed: ArmedFault
    seconds: float


class Service:
    """Answers requests from one state. ``now`` gives real time, Unix seconds."""

    def __init__(self, database: StateDatabase, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def handle(self, request: ApiRequest) -> ServiceResult | DelayedRequest:
        """Carry out the request and answer it, unless a fault delays it."""
        with self._database.transaction() as db:
            call, found = self._opened(db, request)
            endpoint = found.route.name if found.route else "unknown"
            external_id = _external_id(call, endpoint)
            seq = request_log.arrived(db, request, endpoint, external_id, call.settings)
            method = "GET" if request.method == "HEAD" else request.method
            armed = faults.claim(db, method=method, endpoint=endpoint, external_id=external_id)
            if armed and armed.fault.latency:
                request_log.answered(db, seq, None, None, armed.fault.kind)
                return DelayedRequest(seq, armed, armed.fault.latency / call.settings.clock.speed)
            return _result(call, found, seq, armed)

    def resume(self, request: ApiRequest, delayed: DelayedRequest) -> ServiceResult:
        """Carry out a delayed request and answer it."""
        with self._database.transaction() as db:
            call, found = self._opened(db, request)
            return _result(call, found, delayed.seq, delayed.armed)

    def _opened(
        self, db: sqlite3.Connection, request: ApiRequest
    ) -> tuple[EndpointCall, RouteMatch]:
        settings = read_settings(db, self._now)
        connections.finish_due(db, settings.behaviour, settings.now)
        found = find_route(request.method, request.path)
        if not found.allowed and settings.behaviour.missing_slash == "tolerated":
            found = find_route(request.method, request.path + "/")
        call = EndpointCall(request, db, settings, meeting_id=found.meeting_id)
        return structs.replace(call, caller=_caller(call, found.route)), found


def _caller(call: EndpointCall, route: ApiRoute | None) -> StoredUser | None:
    """The user whose token the request carries, where the endpoint takes one."""
    if route is None or route.credential in {Credential.API_KEY, Credential.NONE}:
        return None
    if route.credential is Credential.OAUTH_STATE:
        return callbacks.connecting_user(call)
    user_id = user_id_of(call.request.headers.get(TOKEN_HEADER, ""), call.settings)
    return users.find_by_id(call.db, user_id) if user_id else None


def _external_id(call: EndpointCall, endpoint: str) -> str | None:
    if call.caller:
        return call.caller.external_id
    return endpoints.subject_of_authenticate(call) if endpoint == "authenticate" else None


def _result(
    call: EndpointCall, found: RouteMatch, seq: int, armed: ArmedFault | None
) -> ServiceResult:
    db, settings = call.db, call.settings
    fault = armed.fault if armed else None
    response = faults.replacement(fault) if fault else None
    without_effect = fault is not None and (
        fault.kind is FaultKind.DROP_BEFORE or (response is not None and not fault.after_effect)
    )
    effect: str | None = None
    if not without_effect:
        if armed:
            stale = faults.stale_rows(db, armed, settings.behaviour, settings.now)
            call = structs.replace(call, stale=stale)
        right = _response(call, found)
        effect = right.effect
        if fault:
            right = faults.with_fault(right, fault, call.request)
        response = response or right
    if fault and fault.kind in UNANSWERED:
        response = None
    status = response.status if response else None
    request_log.answered(db, seq, status, effect, fault.kind if fault else None)
    date = settings.now
    if fault and fault.kind is FaultKind.CLOCK_JUMP:
        date += fault.seconds or 0
    return ServiceResult(response, fault, date, settings.clock.speed)


def _response(call: EndpointCall, found: RouteMatch) -> ApiResponse:
    """The right response, with the headers that the API adds to each of its own."""
    if call.request.method in {"GET", "HEAD"} and call.request.body:
        return html_response(403, FIREWALL_PAGE)
    try:
        response = _routed(call, found)
    except RequestRefused as refused:
        response = refused.response
    headers = {**response.headers, **COMMON_HEADERS}
    if found.allowed:
        headers["allow"] = ", ".join(found.allowed)
    if "origin" in call.request.headers:
        headers["access-control-allow-origin"] = "*"
    return ApiResponse(response.status, response.body, headers, response.effect)


def _routed(call: EndpointCall, found: RouteMatch) -> ApiResponse:
    if found.route is None:
        if not found.allowed:
            raise not_found()
        detail = f'Method "{call.request.method}" not allowed.'
        raise refusal(405, "method_not_allowed", detail, call.behaviour)
    answer = found.route.answer
    match found.route.credential:
        case Credential.API_KEY if not has_api_key(call.request, call.settings):
            raise unauthorized(call.behaviour)
        case Credential.USER_TOKEN if call.caller is None:
            raise unauthorized(call.behaviour)
        case Credential.API_KEY | Credential.USER_TOKEN:
            subject = call.caller.id if call.caller else ""
            admission.admit(call.db, found.route.name, subject, call.behaviour, call.now)
            return _once(call, answer)
        case _:
            return answer(call)


def _once(call: EndpointCall, answer: Callable[[EndpointCall], ApiResponse]) -> ApiResponse:
    """Run the endpoint, or replay the response of the first request with the same key."""
    key = request_log.idempotency_key(call.request)
    if key is None:
        return answer(call)
    response = request_log.replayed(call.db, key, call.now)
    if response is None:
        try:
            response = answer(call)
        except RequestRefused as refused:
            response = refused.response
        request_log.keep_response(call.db, key, response, call.now)
    return response
