"""The OAuth callbacks: where the browser comes back to, and a platform becomes connected.

It comes from a consent page with a code of that page. As long as no application is registered, any
other ``code`` is good too, and one that looks like an e-mail address becomes that of the
connection. Without a ``code`` the API gets no refresh token, so that fails. The error messages are
those of the API's FAQ.
"""

from html import escape

import msgspec
from msgspec import Struct, structs

from reconciler.domain import Platform
from reconciler.sandbox import connections, oauth_apps, oauth_codes, users
from reconciler.sandbox.admission import user_id_of
from reconciler.sandbox.http_messages import ApiResponse, EndpointCall, decoded_json, redirect
from reconciler.sandbox.oauth_codes import CodeRefused
from reconciler.sandbox.users import StoredUser
from reconciler.sandbox.web_page import web_page

FAILED = "Calendar connection failed!"
INVALID_TOKEN = "(Invalid ‘recall_calendar_auth_token’ supplied)"  # noqa: RUF001, S105  # as documented
NO_REFRESH_TOKEN = "(reason: refresh_token missing from oAuth response)"  # noqa: S105


class OAuthState(Struct):
    """The ``state`` that the link carries through the consent page."""

    recall_calendar_auth_token: str
    google_oauth_redirect_url: str | None = None
    ms_oauth_redirect_url: str | None = None
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


class _NotConnected(Exception):
    """Why nothing is connected, in the API's words, and the status of the page that says so."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


def _connected(call: EndpointCall, platform: Platform) -> ApiResponse:
    state = state_of(call)
    try:
        email = _account(call, state, platform)
    except _NotConnected as failed:
        return _failed(state, failed.status, failed.reason)
    connections.connect(call.db, call.user, platform, email, call.behaviour, call.now)
    effect = f"connected {platform}"
    if state and _is_web(state.success_url):
        return redirect(str(state.success_url), effect)
    text = f"{platform.value} is connected. This page can be closed."
    return structs.replace(_result_page(200, "Connected", text), effect=effect)


def _account(call: EndpointCall, state: OAuthState | None, platform: Platform) -> str:
    """The e-mail of the account that the code is for. Raises :class:`_NotConnected`."""
    if call.caller is None:
        raise _NotConnected(INVALID_TOKEN, 401 if state else 400)
    code, error = call.request.query.get("code", ""), call.request.query.get("error")
    if error is not None:
        raise _NotConnected(f"(reason: {error})")
    if not code:
        raise _NotConnected(NO_REFRESH_TOKEN)
    uri = _redirect_uri(state, platform)
    try:
        consent = oauth_codes.exchange(call.db, code, platform, uri, call.now)
    except CodeRefused as refused:
        raise _NotConnected(f"(reason: {refused})") from None
    if consent is not None:
        if not consent.offline:
            raise _NotConnected(NO_REFRESH_TOKEN)
        return consent.email
    if oauth_apps.any_registered(call.db):
        raise _NotConnected(f"(reason: {oauth_codes.BAD_CODE})")
    return code if looks_like_email(code) else email_for(call.caller, platform)


def _redirect_uri(state: OAuthState | None, platform: Platform) -> str | None:
    """The redirect URI that ``state`` repeats for ``platform``."""
    if state is None:
        return None
    google = platform is Platform.GOOGLE
    return state.google_oauth_redirect_url if google else state.ms_oauth_redirect_url


def looks_like_email(text: str) -> bool:
    """Whether ``text`` can be the address of an account."""
    name, at, host = text.partition("@")
    return bool(name and at and "." in host and len(text) <= 254 and not set(text) & set(' /<>"'))


def email_for(user: StoredUser, platform: Platform) -> str:
    """The address that an account of ``user`` at ``platform`` may have."""
    name = user.external_id or user.id
    return name if looks_like_email(name) else f"{name}@{platform.value}.example.com"


def _is_web(url: str | None) -> bool:
    return url is not None and url.lower().startswith(("https://", "http://"))


def _failed(state: OAuthState | None, status: int, reason: str) -> ApiResponse:
    if state and _is_web(state.error_url):
        return redirect(str(state.error_url))
    return _result_page(status, FAILED, f"{FAILED} {reason}")


def _result_page(status: int, title: str, text: str) -> ApiResponse:
    return web_page(status, title, f"<p>{escape(text)}</p>")
