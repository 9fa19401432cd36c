"""The browser's way back from Google or Microsoft: here is where a platform gets connected.

The sandbox asks nobody for consent: any ``code`` is good, and one that looks like an e-mail
address becomes the connection's. Without one there is nothing that a refresh token could come
from. The words of a failure are those of the API's FAQ.
"""

from html import escape

import msgspec
from msgspec import Struct

from reconciler.domain import Platform
from reconciler.sandbox import connecting, people
from reconciler.sandbox.body import decoded_json
from reconciler.sandbox.call import Call
from reconciler.sandbox.credentials import user_id_of
from reconciler.sandbox.people import Person
from reconciler.sandbox.wire import Answer, html_answer, redirect

FAILED = "Calendar connection failed!"
INVALID_TOKEN = "(Invalid ‘recall_calendar_auth_token’ supplied)"  # noqa: RUF001, S105  # as documented
NO_REFRESH_TOKEN = "(reason: refresh_token missing from oAuth response)"  # noqa: S105

PLATFORMS = {
    "google_oauth_callback": Platform.GOOGLE,
    "ms_oauth_callback": Platform.MICROSOFT,
}


class OAuthState(Struct):
    """The ``state`` that the link carried through the consent page."""

    recall_calendar_auth_token: str
    success_url: str | None = None
    error_url: str | None = None


def state_of(call: Call) -> OAuthState | None:
    """The request's ``state``, or None when it cannot be read."""
    try:
        value = decoded_json(call.request.query.get("state", "").encode())
        return msgspec.convert(value, OAuthState)
    except ValueError:
        return None


def person_of(call: Call) -> Person | None:
    """Who is connecting, by the token in ``state``."""
    state = state_of(call)
    user_id = state and user_id_of(state.recall_calendar_auth_token, call.settings)
    return people.find_by_id(call.db, user_id) if user_id else None


def oauth_callback(call: Call, platform: Platform) -> Answer:
    """Connect ``platform`` for the person that ``state`` names and send the browser on."""
    state = state_of(call)
    person = person_of(call)
    if person is None:
        return _failed(state, 401 if state else 400, INVALID_TOKEN)
    code, error = call.request.query.get("code", ""), call.request.query.get("error")
    if error is not None:
        return _failed(state, 400, f"(reason: {error})")
    if not code:
        return _failed(state, 400, NO_REFRESH_TOKEN)
    email = code if _looks_like_email(code) else _email_for(person, platform)
    connecting.connect(call.db, person, platform, email, call.behaviour, call.now)
    effect = f"connected {platform}"
    if state and _is_web(state.success_url):
        return redirect(str(state.success_url), effect)
    page = _page(200, "Connected", f"{platform.value} is connected. This page can be closed.")
    return Answer(page.status, page.body, page.headers, effect)


def _looks_like_email(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and "." in host and len(text) <= 254 and not set(text) & set(' /<>"'))


def _email_for(person: Person, platform: Platform) -> str:
    name = person.external_id or person.id
    return name if _looks_like_email(name) else f"{name}@{platform.value}.example.com"


def _is_web(url: str | None) -> bool:
    return url is not None and url.lower().startswith(("https://", "http://"))


def _failed(state: OAuthState | None, status: int, reason: str) -> Answer:
    if state and _is_web(state.error_url):
        return redirect(str(state.error_url))
    return _page(status, FAILED, f"{FAILED} {reason}")


def _page(status: int, title: str, text: str) -> Answer:
    return html_answer(
        status,
        f"<!doctype html><html><head><title>{escape(title)}</title></head>"
        f"<body><h1>{escape(title)}</h1><p>{escape(text)}</p></body></html>",
    )
