"""One call to the API and its answer, as data."""

from datetime import datetime

from msgspec import Struct

from reconciler.domain import Secret

LIST_PATH = "/api/v1/calendar/users/"
USER_PATH = "/api/v1/calendar/user/"
AUTHENTICATE_PATH = "/api/v1/calendar/authenticate/"
DISCONNECT_PATH = "/api/v1/calendar/user/disconnect/"


class HttpCall(Struct, frozen=True):
    """One request. ``name`` is for people; ``path`` begins with a slash and may hold a query.

    It carries the user token ``token``, or the workspace's API key where that is None. ``silence``
    limits each wait for the answer and ``total`` the whole call, in seconds; ``max_bytes`` limits
    the answer. Nothing of the request is written after ``leave_by`` (monotonic).
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
        """The secrets in the call, which no error may show; ``key`` is the workspace's."""
        return (key,) if self.token is None else (key, self.token)


class HttpAnswer(Struct, frozen=True):
    """An answer. ``body`` is complete for a 2xx status; otherwise it is only the beginning.

    ``retry_after`` are the headers of that name, ``server_time`` the time in the ``Date`` header.
    """

    status: int
    body: bytearray
    retry_after: tuple[str, ...] = ()
    server_time: datetime | None = None
