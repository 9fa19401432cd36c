"""The table of endpoints: methods, path, credential and the function that answers.

The names are those that faults and the request log use. Starlette's routes match a request.
"""

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from starlette.routing import Match, Route

from reconciler.sandbox import callbacks, consent, endpoints, meetings
from reconciler.sandbox.http_messages import (
    JSON,
    MEDIA_TYPES,
    ApiResponse,
    EndpointCall,
    encoded_json_response,
    json_response,
)

ROOT = "/api/v1/calendar/"
SCHEMA = "/api/schema/"
GOOGLE_CONSENT = "/o/oauth2/v2/auth"
MS_CONSENT = "/common/oauth2/v2.0/authorize"
_PACKAGE = Path(__file__).parents[1]
# Inside the package in an installed wheel, beside it in a checkout.
_SCHEMA_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


class Credential(Enum):
    """What an endpoint asks of its caller."""

    API_KEY = "api key"
    USER_TOKEN = "user token"  # noqa: S105  # a name, not a secret
    OAUTH_STATE = "oauth state"  # checked by the endpoint itself
    NONE = "none"


class ApiRoute(Route):
    """One endpoint: its name, what it takes, and the function that answers a call."""

    def __init__(
        self,
        methods: str,
        path: str,
        answer: Callable[[EndpointCall], ApiResponse],
        credential: Credential,
    ) -> None:
        super().__init__(path, answer, methods=methods.split(), name=answer.__name__)
        self.listed = methods.split()
        self.answer = answer
        self.credential = credential


class RouteMatch(NamedTuple):
    """Where a request leads: no ``route`` means an unknown path, or a method not ``allowed``."""

    route: ApiRoute | None
    allowed: tuple[str, ...]
    meeting_id: str = ""


def metadata(call: EndpointCall) -> ApiResponse:
    """The answer to OPTIONS, in the shape of Django REST Framework."""
    words = call.request.path.removeprefix(ROOT).replace("_", " ").split("/")
    return json_response(
        200,
        {
            "name": " ".join(word for word in words if "-" not in word).strip().title(),
            "description": "",
            "renders": [JSON],
            "parses": list(MEDIA_TYPES),
        },
    )


def schema(_call: EndpointCall) -> ApiResponse:
    """The published OpenAPI description of the sandbox."""
    folder = next(folder for folder in _SCHEMA_FOLDERS if folder.is_dir())
    return encoded_json_response(200, (folder / "sandbox.openapi.json").read_bytes())


def _routes() -> list[ApiRoute]:
    key, token = Credential.API_KEY, Credential.USER_TOKEN
    state, none = Credential.OAUTH_STATE, Credential.NONE
    user, meeting = ROOT + "user/", ROOT + "meetings/{id:uuid}/"
    table = [
        ApiRoute("POST", ROOT + "authenticate/", endpoints.authenticate, key),
        ApiRoute("GET", ROOT + "users/", endpoints.list_users, key),
        ApiRoute("GET", user, endpoints.get_user, token),
        ApiRoute("PUT PATCH", user, endpoints.update_user, token),
        ApiRoute("DELETE", user, endpoints.delete_user, token),
        ApiRoute("POST", user + "disconnect/", endpoints.disconnect, token),
        ApiRoute("GET", ROOT + "meetings/", meetings.list_meetings, token),
        ApiRoute("GET", meeting, meetings.get_meeting, token),
        ApiRoute("PUT PATCH", meeting, meetings.update_meeting, token),
        ApiRoute("POST", ROOT + "meetings/refresh/", meetings.refresh_meetings, token),
        ApiRoute("GET", ROOT + "google_oauth_callback/", callbacks.google_oauth_callback, state),
        ApiRoute("GET", ROOT + "ms_oauth_callback/", callbacks.ms_oauth_callback, state),
        ApiRoute("GET", SCHEMA, schema, none),
    ]
    credentials = {route.path: route.credential for route in table}
    options = [ApiRoute("OPTIONS", path, metadata, asked) for path, asked in credentials.items()]
    # Not of the API, but of the platforms.
    pages = [
        ApiRoute("GET", GOOGLE_CONSENT, consent.google_consent, none),
        ApiRoute("POST", GOOGLE_CONSENT, consent.google_decision, none),
        ApiRoute("GET", MS_CONSENT, consent.ms_consent, none),
        ApiRoute("POST", MS_CONSENT, consent.ms_decision, none),
    ]
    return table + options + pages


ROUTES = _routes()


def find_route(method: str, path: str) -> RouteMatch:
    """The endpoint of a request. HEAD is answered like GET."""
    scope = {"type": "http", "method": method, "path": path}
    matches = [(route, *route.matches(scope)) for route in ROUTES]
    matches = [(route, match, found) for route, match, found in matches if match is not Match.NONE]
    allowed = [name for route, _, _ in matches for name in route.listed]
    if "GET" in allowed:
        allowed.insert(-1, "HEAD")
    for route, match, found in matches:
        if match is Match.FULL:
            return RouteMatch(route, tuple(allowed), str(found["path_params"].get("id", "")))
    return RouteMatch(None, tuple(allowed))
