"""The OAuth callbacks: the browser comes back from Google or Microsoft and connects a platform.

The sandbox asks nobody for consent. Any ``code`` is good; one that looks like an e-mail address
becomes that of the connection. Without a ``code`` the API gets no refresh token, so that fails.
The error messages are those of the API's FAQ.
"""

from html import escape

import msgspec
from msgspec import Struct

from reconciler.domain import Platform
from reconciler.sandbox import connections, users
from reconciler.sandbox.credentials import user_id_of
from reconciler.sandbox.http_messages import (
    ApiResponse,
    EndpointCall,
    decoded_json,
    html_response,
    redirect,
)
from reconciler.sandbox.users import StoredUser

FAILED = "Calendar connection failed!"
INVALID_TOKEN = "(Invalid ‘recall_calendar_auth_token’ supplied)"  # noqa: RUF001, S105  # as documented
NO_REFRESH_TOKEN = "(reason: refresh_token missing from oAuth response)"  # noqa: S105


class OAuthState(Struct):
    """The ``state`` that the link carries through the consent page."""

    recall_calendar_auth_token: str
    success_url: str | None = None
    error_url: str | None = None


def state_of(call: EndpointCall) -> OAuthState | None:
    """The request's ``state``, or None if it cannot be read."""
    try:
        value = decoded_json(call.request.query.get("state", "").encode())
        return msgspec.convert(value, OAuthState)
    except ValueError:
        return None


def connecting_user(call: EndpointCall) -> StoredUser | None:
    """The user of the token in ``state``, or None."""
    state = state_of(call)
    user_id = state and user_id_of(state.recall_calendar_auth_token, call.settings)
    return users.find_by_id(call.db, user_id) if user_id else None


def google_oauth_callback(call: EndpointCall) -> ApiResponse:
    """Connect Google for the user of ``state`` and send the browser on."""
    return _connected(call, Platform.GOOGLE)


def ms_oauth_callback(call: EndpointCall) -> ApiResponse:
    """Connect Microsoft for the user of ``state`` and send the browser on."""
    return _connected(call, Platform.MICROSOFT)


def _connected(call: EndpointCall, platform: Platform) -> ApiResponse:
    state = state_of(call)
    user = call.caller
    if user is None:
        return _failed(state, 401 if state else 400, INVALID_TOKEN)
    code, error = call.request.query.get("code", ""), call.request.query.get("error")
    if error is not None:
        return _failed(state, 400, f"(reason: {error})")
    if not code:
        return _failed(state, 400, NO_REFRESH_TOKEN)
    email = code if _looks_like_email(code) else _email_for(user, platform)
    connections.connect(call.db, user, platform, email, call.behaviour, call.now)
    effect = f"connected {platform}"
    if state and _is_web(state.success_url):
        return redirect(str(state.success_url), effect)
    page = _page(200, "Connected", f"{platform.value} is connected. This page can be closed.")
    return ApiResponse(page.status, page.body, page.headers, effect)


def _looks_like_email(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and "." in host and len(text) <= 254 and not set(text) & set(' /<>"'))


def _email_for(user: StoredUser, platform: Platform) -> str:
    name = user.external_id or user.id
    return name if _looks_like_email(name) else f"{name}@{platform.value}.example.com"


def _is_web(url: str | None) -> bool:
    return url is not None and url.lower().startswith(("https://", "http://"))


def _failed(state: OAuthState | None, status: int, reason: str) -> ApiResponse:
    if state and _is_web(state.error_url):
        return redirect(str(state.error_url))
    return _page(status, FAILED, f"{FAILED} {reason}")


def _page(status: int, title: str, text: str) -> ApiResponse:
    return html_response(
        status,
        f"<!doctype html><html><head><title>{escape(title)}</title></head>"
        f"<body><h1>{escape(title)}</h1><p>{escape(text)}</p></body></html>",
    )
