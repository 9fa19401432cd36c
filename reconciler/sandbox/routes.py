"""Which endpoint a method and path mean; the names that faults and the request log use."""

import re
from enum import Enum

from msgspec import Struct

ROOT = "/api/v1/calendar/"
USER = ROOT + "user/"
MEETINGS = ROOT + "meetings/"
_MEETING = re.compile(re.escape(MEETINGS) + r"([0-9a-fA-F-]{36})/")


class Credential(Enum):
    """What an endpoint asks of its caller."""

    API_KEY = "api key"
    USER_TOKEN = "user token"  # noqa: S105  # a name, not a secret
    BROWSER = "browser"


class Route(Struct, frozen=True):
    """An endpoint that was found; ``meeting_id`` where the path names a meeting."""

    endpoint: str
    credential: Credential
    meeting_id: str | None = None


class Unrouted(Struct, frozen=True):
    """A path that no endpoint answers (``allowed`` is empty) or not to this method."""

    allowed: tuple[str, ...] = ()


_TABLE: dict[str, tuple[Credential, dict[str, str]]] = {
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
    MEETINGS + "refresh/": (Credential.USER_TOKEN, {"POST": "refresh_meetings"}),
    ROOT + "google_oauth_callback/": (Credential.BROWSER, {"GET": "google_oauth_callback"}),
    ROOT + "ms_oauth_callback/": (Credential.BROWSER, {"GET": "ms_oauth_callback"}),
}
_MEETING_METHODS = {"GET": "get_meeting", "PUT": "update_meeting", "PATCH": "update_meeting"}


def find_route(method: str, path: str) -> Route | Unrouted:
    """The endpoint for a request; HEAD is answered like GET."""
    meeting_id: str | None = None
    credential, methods = _TABLE.get(path, (Credential.USER_TOKEN, {}))
    if not methods and (meeting := _MEETING.fullmatch(path)):
        meeting_id, methods = meeting[1].lower(), _MEETING_METHODS
    endpoint = methods.get("GET" if method == "HEAD" else method)
    if endpoint is None:
        return Unrouted(tuple(methods))
    return Route(endpoint, credential, meeting_id)


def lacks_slash(path: str) -> bool:
    """Whether some endpoint has this path with a slash added."""
    slashed = path + "/"
    return slashed in _TABLE or _MEETING.fullmatch(slashed) is not None
