"""Which endpoint a method and path mean; the names that faults and the request log use."""

import re
from enum import Enum

from msgspec import Struct

ROOT = "/api/v1/calendar/"
USER = ROOT + "user/"
MEETINGS = ROOT + "meetings/"
MEETING = MEETINGS + "{id}/"
SCHEMA = "/api/schema/"
METADATA = "metadata"
_MEETING = re.compile(re.escape(MEETINGS) + r"([0-9a-fA-F-]{36})/")


class Credential(Enum):
    """What an endpoint asks of its caller."""

    API_KEY = "api key"
    USER_TOKEN = "user token"  # noqa: S105  # a name, not a secret
    NONE = "none"


class Route(Struct, frozen=True):
    """An endpoint that was found, and the methods of its path; ``meeting_id`` if it names one."""

    endpoint: str
    credential: Credential
    allowed: tuple[str, ...]
    meeting_id: str = ""


class Unrouted(Struct, frozen=True):
    """A path that no endpoint answers (``allowed`` is empty) or not to this method."""

    allowed: tuple[str, ...] = ()


ENDPOINTS: dict[str, tuple[Credential, dict[str, str]]] = {
    ROOT + "authenticate/": (Credential.API_KEY, {"POST": "authenticate"}),
    ROOT + "users/": (Credential.API_KEY, {"GET": "list_users"}),
    USER: (
        Credential.USER_TOKEN,
        {
            "GET": "get_user",
            "PUT": "update_user",
            "PATCH": "update_user",
            "DELETE": "delete_user",
        },
    ),
    USER + "disconnect/": (Credential.USER_TOKEN, {"POST": "disconnect"}),
    MEETINGS: (Credential.USER_TOKEN, {"GET": "list_meetings"}),
    MEETING: (
        Credential.USER_TOKEN,
        {"GET": "get_meeting", "PUT": "update_meeting", "PATCH": "update_meeting"},
    ),
    MEETINGS + "refresh/": (Credential.USER_TOKEN, {"POST": "refresh_meetings"}),
    ROOT + "google_oauth_callback/": (Credential.NONE, {"GET": "google_oauth_callback"}),
    ROOT + "ms_oauth_callback/": (Credential.NONE, {"GET": "ms_oauth_callback"}),
    SCHEMA: (Credential.NONE, {"GET": "schema"}),
}


def find_route(method: str, path: str) -> Route | Unrouted:
    """The endpoint for a request; HEAD is answered like GET, OPTIONS by every path's metadata."""
    meeting = _MEETING.fullmatch(path)
    credential, methods = ENDPOINTS.get(MEETING if meeting else path, (Credential.NONE, {}))
    if not methods:
        return Unrouted()
    allowed = (*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS")
    if method == "OPTIONS":
        return Route(METADATA, credential, allowed)
    endpoint = methods.get("GET" if method == "HEAD" else method)
    if endpoint is None:
        return Unrouted(allowed)
    return Route(endpoint, credential, allowed, meeting[1].lower() if meeting else "")
