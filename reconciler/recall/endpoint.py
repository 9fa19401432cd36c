"""The API as the client calls it: its place, key and timeouts, and one call with its answer."""

import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.domain import (
    Diagnostic,
    InvalidInput,
    Operation,
    Secret,
    Timeouts,
    UnusableUrl,
    is_loopback,
    key_fault,
    normalised_base_url,
)

MEBIBYTE = 1024 * 1024

REGIONS: tuple[str, ...] = ("us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1")


_SANDBOX = "sandbox:"


class ClientSettings(Struct, frozen=True):
    """The client's timeouts (seconds), retries and limits (bytes, pages).

    ``call_total`` and ``list_total`` limit a whole call, so that an answer that drips ends too.
    ``listing_total`` limits all pages of a list and the waits between them (1 800 pages at half the
    rate limit), so that an endless list ends. ``attempts`` counts all attempts of a read or a
    token. The n-th backoff is drawn from the upper half of ``backoff`` doubled n-1 times, at most
    ``backoff_cap``.
    """

    timeouts: Timeouts = Timeouts()
    call_total: float = 60.0
    list_total: float = 600.0
    listing_total: float = 3600.0
    attempts: int = 5
    backoff: float = 0.5
    backoff_cap: float = 30.0
    max_answer_bytes: int = MEBIBYTE
    max_list_bytes: int = 1024 * MEBIBYTE
    max_pages: int = 10_000


class Endpoint(Struct, frozen=True):
    """The API of one workspace. The three functions below make one, and check their input.

    ``address`` is its identity in plans and records: ``https://us-west-2.recall.ai`` or
    ``sandbox:<id>``, never an ephemeral port. ``url`` is where bytes go, without a trailing slash;
    it differs from the address only for a sandbox. ``key`` is the workspace's API key. ``own_url``
    says that the configuration gives the URL: a proxy may answer there, and the links in its
    answers may name the host behind it.
    """

    address: str
    url: str
    key: Secret
    own_url: bool = False

    def fingerprint(self) -> str:
        """A name for the key that does not reveal it: 16 hex digits of a keyed HMAC-SHA256."""
        message = f"reconciler/v1\n{self.address}".encode()
        return hmac.new(self.key.reveal().encode(), message, hashlib.sha256).digest()[:8].hex()

    @property
    def sandbox(self) -> bool:
        """Whether it is the sandbox, which plays the platforms' consent pages too."""
        return self.address.startswith(_SANDBOX)

    @property
    def loopback(self) -> bool:
        """Whether bytes sent there stay on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")


def region_url(region: str) -> str:
    """Where a Recall.ai region is. Raises InvalidInput for an unknown region."""
    if region not in REGIONS:
        raise _invalid(f"unknown region {region[:80]!r}", f"one of {', '.join(REGIONS)}")
    return f"https://{region}.recall.ai"


def region_endpoint(region: str, key: Secret) -> Endpoint:
    """The endpoint of a Recall.ai region. Raises InvalidInput for an unknown region."""
    url = region_url(region)
    return Endpoint(address=url, url=url, key=_usable(key))


def base_url_endpoint(base_url: str, key: Secret) -> Endpoint:
    """The endpoint at a configured URL: ``https://host[:port]``, or ``http`` on loopback.

    Raises InvalidInput for any other URL: credentials never travel in the clear.
    """
    url = _checked_url(base_url)
    return Endpoint(address=url, url=url, key=_usable(key), own_url=True)


def sandbox_endpoint(id: str, url: str, key: Secret) -> Endpoint:  # noqa: A002 the state file's word
    """The endpoint of the sandbox whose state file has this ``id``, now served at ``url``."""
    return Endpoint(address=f"{_SANDBOX}{id}", url=_checked_url(url), key=_usable(key))


def _checked_url(text: str) -> str:
    try:
        return normalised_base_url(text)
    except UnusableUrl as problem:
        # A URL may carry a password, so we show only what follows it.
        what = f"unusable base URL {text.rpartition('@')[2][:80]!r}: it {problem}"
        raise _invalid(what, "https://host or https://host:port") from None


def _usable(key: Secret) -> Secret:
    # Checked here, because libraries quote a value that a header cannot carry in their errors.
    if fault := key_fault(key.reveal()):
        raise _invalid(f"the API key {fault.problem}", fault.hint)
    return key


def _invalid(message: str, hint: str) -> InvalidInput:
    return InvalidInput(Diagnostic(None, message, hint))


LIST_PATH = "/api/v1/calendar/users/"
USER_PATH = "/api/v1/calendar/user/"
AUTHENTICATE_PATH = "/api/v1/calendar/authenticate/"
DISCONNECT_PATH = "/api/v1/calendar/user/disconnect/"


class HttpCall(Struct, frozen=True):
    """One request. ``name`` is for people; ``path`` begins with a slash and may hold a query.

    ``attempt`` counts the attempts of the same call, from 1. It carries the user token ``token``,
    or the workspace's API key where that is None. ``silence`` limits each wait for the answer and
    ``total`` the whole call, in seconds; ``max_bytes`` limits the answer. Nothing of the request is
    written after ``leave_by`` (monotonic).
    """

    name: str
    operation: Operation
    method: str
    path: str
    silence: float
    total: float
    max_bytes: int
    token: Secret | None = None
    content: bytes | None = None
    leave_by: float | None = None
    attempt: int = 1

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
