"""One call to the API and its answer, as data: what clients say and what the channel carries."""

from datetime import datetime

from msgspec import Struct

from reconciler.domain import Secret

LIST_PATH = "/api/v1/calendar/users/"
USER_PATH = "/api/v1/calendar/user/"
AUTHENTICATE_PATH = "/api/v1/calendar/authenticate/"
DISCONNECT_PATH = "/api/v1/calendar/user/disconnect/"


class HttpCall(Struct, frozen=True):
    """One request. ``name`` is for people, ``path`` begins with a slash and may hold a query.

    With ``token`` it is sent with that user token, without with the workspace's API key.
    ``silence`` and ``total`` bound it in seconds, ``max_bytes`` its answer. With ``leave_by``
    (monotonic) nothing of it is written after that moment.
    """

    name: str
    method: str
    path: str
    silence: float
    total: float
    max_bytes: int
    token: Secret | None = None
    content: bytes | None = None
    leave_by: float | None = None

    def secrets(self, key: Secret) -> tuple[Secret, ...]:
        """What of it no error may show, the workspace's ``key`` included."""
        return (key,) if self.token is None else (key, self.token)


class HttpAnswer(Struct, frozen=True):
    """What came back: ``body`` is whole when the status is 2xx, its beginning otherwise.

    ``retry_after`` are the headers of that name; ``server_time`` is what the ``Date`` says.
    """

    status: int
    body: bytearray
    retry_after: tuple[str, ...] = ()
    server_time: datetime | None = None
