"""JSON over HTTP to the service that a pipeline runs on: one try, and no redirect.

A redirect would carry the token to wherever it leads. Nothing is tried twice: what was lost may
have arrived, and two comments are worse than a job that says what went wrong.
"""

import json
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from msgspec import Struct

from reconciler.domain import Secret
from reconciler.domain.text import excerpt

_SECONDS: Final = 30
_LONGEST: Final = 4_000


class HostRefused(Exception):
    """The service did not do what it was asked; the text says what was asked, and its answer."""


class HostAnswer(Struct, frozen=True):
    """A decoded body, and the headers beside it."""

    body: Any
    headers: Message


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER: Final = build_opener(_NoRedirect)


def call(
    method: str, url: str, authorization: tuple[str, Secret], data: Mapping[str, Any] | None = None
) -> HostAnswer:
    """Send ``data`` as JSON; ``authorization`` is a header. Raises :class:`HostRefused`."""
    name, secret = authorization
    headers = {
        name: secret.reveal(),
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": "calendar-reconciler",
    }
    content = None if data is None else json.dumps(data).encode()
    if not url.startswith(("https://", "http://")):
        raise HostRefused(f"{url!r} is no address of an API")
    request = Request(url, content, headers, method=method)  # noqa: S310 - checked above
    try:
        with _OPENER.open(request, timeout=_SECONDS) as answer:
            return HostAnswer(json.load(answer), answer.headers)
    except HTTPError as error:
        with error:
            said = excerpt(error.read(_LONGEST), secret)
        raise HostRefused(f"{method} {url} was answered with {error.code}: {said}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise HostRefused(f"{method} {url} failed: {error}") from None
