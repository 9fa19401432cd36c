"""The imitated API without HTTP: one request in, one outcome out, each in one transaction.

The order of things is the real API's: firewall, routing, credentials, limits, the endpoint.
The web application calls :meth:`Service.handle` and puts the outcome on the wire.
"""

import sqlite3
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from msgspec import Struct

from reconciler.sandbox import (
    connecting,
    description,
    fault_store,
    idempotency,
    oauth_endpoints,
    people,
    request_log,
    spoil,
    user_endpoints,
    windows,
    workspace_endpoints,
)
from reconciler.sandbox.behaviour import MissingSlash
from reconciler.sandbox.call import Call
from reconciler.sandbox.credentials import TOKEN_HEADER, has_api_key, user_id_of
from reconciler.sandbox.database import Database
from reconciler.sandbox.fault import Fault, FaultKind
from reconciler.sandbox.fault_store import ArmedFault
from reconciler.sandbox.people import Person
from reconciler.sandbox.routes import METADATA, Credential, Route, Unrouted, find_route
from reconciler.sandbox.settings import read_settings
from reconciler.sandbox.wire import (
    FIREWALL_PAGE,
    Answer,
    Refused,
    Request,
    html_answer,
    not_found,
    redirect,
    refusal,
    unauthorized,
)

OPEN_ENDPOINTS: dict[str, Callable[[Call], Answer]] = {
    METADATA: description.metadata,
    "schema": description.schema,
    **{
        endpoint: partial(oauth_endpoints.oauth_callback, platform=platform)
        for endpoint, platform in oauth_endpoints.PLATFORMS.items()
    },
}
WORKSPACE_ENDPOINTS: dict[str, Callable[[Call], Answer]] = {
    METADATA: description.metadata,
    "authenticate": workspace_endpoints.authenticate,
    "list_users": workspace_endpoints.list_users,
}
USER_ENDPOINTS: dict[str, Callable[[Call, Person], Answer]] = {
    METADATA: lambda call, _: description.metadata(call),
    "get_user": user_endpoints.get_user,
    "update_user": user_endpoints.update_user,
    "delete_user": user_endpoints.delete_user,
    "disconnect": user_endpoints.disconnect,
    "list_meetings": user_endpoints.list_meetings,
    "refresh_meetings": user_endpoints.refresh_meetings,
    "get_meeting": user_endpoints.get_meeting,
    "update_meeting": user_endpoints.update_meeting,
}
COMMON_HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "vary": "Origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
UNANSWERED = frozenset({FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER})


class Outcome(Struct, frozen=True):
    """What becomes of a request: the answer, and the fault that hits it.

    Without an answer the connection is dropped unanswered. ``date`` is the Unix time for the
    ``Date`` header. ``speed`` turns a fault's seconds into real ones.
    """

    answer: Answer | None
    fault: Fault | None
    date: float
    speed: float


class Waiting(Struct, frozen=True):
    """A request that a fault holds back: to be resumed after ``seconds`` real seconds."""

    seq: int
    armed: ArmedFault
    seconds: float


class Service:
    """Answers requests out of one state. ``now`` gives real time, Unix seconds."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def handle(self, request: Request) -> Outcome | Waiting:
        """Take the request's effect and answer it, unless a fault holds it back."""
        with self._database.transaction() as db:
            call, route, person = self._opened(db, request)
            endpoint = route.endpoint if isinstance(route, Route) else "unknown"
            external_id = person.external_id if person else _named(call, endpoint)
            seq = request_log.arrived(db, request, endpoint, external_id, call.settings)
            method = "GET" if request.method == "HEAD" else request.method
            armed = fault_store.claim(db, method=method, endpoint=endpoint, external_id=external_id)
            if armed and armed.fault.latency:
                request_log.answered(db, seq, None, None, armed.fault.kind)
                return Waiting(seq, armed, armed.fault.latency / call.settings.clock.speed)
            return _outcome(call, route, person, seq, armed)

    def allows_other_origins(self) -> bool:
        """Whether a browser is told that pages of other origins may call the API."""
        with self._database.transaction() as db:
            return read_settings(db, self._now).behaviour.cross_origin == "allowed"

    def resume(self, request: Request, waiting: Waiting) -> Outcome:
        """Take the effect of a request that was held back, and answer it."""
        with self._database.transaction() as db:
            call, route, person = self._opened(db, request)
            return _outcome(call, route, person, waiting.seq, waiting.armed)

    def _opened(
        self, db: sqlite3.Connection, request: Request
    ) -> tuple[Call, Route | Unrouted, Person | None]:
        """The call as it stands now, where it goes, and whom it is about."""
        settings = read_settings(db, self._now)
        connecting.settle(db, settings.behaviour, settings.now)
        call = Call(request, db, settings)
        route = _route(call)
        return call, route, _subject(call, route)


def _outcome(
    call: Call, route: Route | Unrouted, person: Person | None, seq: int, armed: ArmedFault | None
) -> Outcome:
    db, settings = call.db, call.settings
    fault = armed.fault if armed else None
    answer = spoil.instead(fault) if fault else None
    before = fault is not None and (
        fault.kind is FaultKind.DROP_BEFORE or (answer is not None and not fault.after_effect)
    )
    effect: str | None = None
    if not before:
        if armed:
            stale = fault_store.stale_rows(db, armed, settings.behaviour, settings.now)
            call = Call(call.request, db, settings, stale)
        right = _answer(call, route, person)
        effect = right.effect
        if fault:
            right = spoil.spoiled(right, fault, call.request)
        answer = answer or right
    if fault and fault.kind in UNANSWERED:
        answer = None
    status = answer.status if answer else None
    request_log.answered(db, seq, status, effect, fault.kind if fault else None)
    date = settings.now
    if fault and fault.kind is FaultKind.CLOCK_JUMP:
        date += fault.seconds or 0
    return Outcome(answer, fault, date, settings.clock.speed)


def _route(call: Call) -> Route | Unrouted:
    request = call.request
    route = find_route(request.method, request.path)
    if isinstance(route, Unrouted) and not route.allowed and _missing_slash(call) == "tolerated":
        return find_route(request.method, request.path + "/")
    return route


def _missing_slash(call: Call) -> MissingSlash:
    reads = call.request.method in {"GET", "HEAD"}
    return call.behaviour.missing_slash_on_get if reads else call.behaviour.missing_slash_on_post


def _subject(call: Call, route: Route | Unrouted) -> Person | None:
    """Whom the request is about, by the token it carries."""
    if isinstance(route, Unrouted) or route.credential is Credential.API_KEY:
        return None
    if route.endpoint in oauth_endpoints.PLATFORMS:
        return oauth_endpoints.person_of(call)
    user_id = user_id_of(call.request.headers.get(TOKEN_HEADER, ""), call.settings)
    return people.find_by_id(call.db, user_id) if user_id else None


def _named(call: Call, endpoint: str) -> str | None:
    if endpoint != "authenticate":
        return None
    return workspace_endpoints.subject_of_authenticate(call)


def _answer(call: Call, route: Route | Unrouted, person: Person | None) -> Answer:
    """The right answer, with the headers that the API puts on each of its own."""
    if _blocked(call):
        return html_answer(403, FIREWALL_PAGE)
    try:
        answer = _routed(call, route, person)
    except Refused as refused:
        answer = refused.answer
    headers = {**answer.headers, **COMMON_HEADERS}
    if route.allowed:
        headers["allow"] = ", ".join(route.allowed)
    if "origin" in call.request.headers and call.behaviour.cross_origin == "allowed":
        headers["access-control-allow-origin"] = "*"
    return Answer(answer.status, answer.body, headers, answer.effect)


def _routed(call: Call, route: Route | Unrouted, person: Person | None) -> Answer:
    if isinstance(route, Unrouted):
        return _unrouted(call, route)
    if route.credential is Credential.API_KEY:
        return _workspace_answer(call, route)
    if route.credential is Credential.USER_TOKEN:
        return _user_answer(call, route, person)
    return OPEN_ENDPOINTS[route.endpoint](call)


def _blocked(call: Call) -> bool:
    reads = call.request.method in {"GET", "HEAD"}
    return reads and bool(call.request.body) and call.behaviour.body_on_get == "blocked"


def _unrouted(call: Call, route: Unrouted) -> Answer:
    method, path = call.request.method, call.request.path
    if route.allowed:
        detail = f'Method "{method}" not allowed.'
        raise refusal(405, "method_not_allowed", detail, call.behaviour)
    if _missing_slash(call) == "redirect" and find_route(method, path + "/").allowed:
        query = f"?{urlencode(call.request.query)}" if call.request.query else ""
        return redirect(f"{path}/{query}", status=301)
    raise not_found()


def _workspace_answer(call: Call, route: Route) -> Answer:
    if not has_api_key(call.request, call.settings):
        raise unauthorized(call.behaviour)
    windows.admit(call.db, route.endpoint, "", call.behaviour, call.now)
    return _once(call, lambda: WORKSPACE_ENDPOINTS[route.endpoint](call))


def _user_answer(call: Call, route: Route, person: Person | None) -> Answer:
    key = has_api_key(call.request, call.settings)
    if TOKEN_HEADER not in call.request.headers and key:
        if call.behaviour.api_key_alone_status == 403:
            detail = "You do not have permission to perform this action."
            raise refusal(403, "permission_denied", detail, call.behaviour)
        raise unauthorized(call.behaviour)
    wrong_key = "authorization" in call.request.headers and not key
    if person is None or (wrong_key and call.behaviour.second_credential == "checked"):
        raise unauthorized(call.behaviour)
    windows.admit(call.db, route.endpoint, person.id, call.behaviour, call.now)
    call = Call(call.request, call.db, call.settings, meeting_id=route.meeting_id)
    return _once(call, lambda: USER_ENDPOINTS[route.endpoint](call, person))


def _once(call: Call, run: Callable[[], Answer]) -> Answer:
    """Run the endpoint, or replay the answer of the first request with the same key."""
    key = idempotency.key_of(call.request, call.behaviour)
    if key is None:
        return run()
    answer = idempotency.finished(call.db, key, call.behaviour, call.now)
    if answer is None:
        try:
            answer = run()
        except Refused as refused:
            answer = refused.answer
        idempotency.finish(call.db, key, answer, call.now)
    return answer
