"""The link by which a person connects a platform: its consent page, and what that is given.

There is no call that connects. The person opens the link and lets the application in; the platform
sends the browser back to Recall, which reads in ``state`` who they are: the link carries a token.
"""

import json
from typing import Final
from urllib.parse import quote, urlencode

from msgspec import Struct

from reconciler.domain import OAuthClient, OAuthSettings, Platform, Secret
from reconciler.recall.endpoint import Endpoint

LINK_SECONDS: Final = 86_400.0
"""How long a user token counts, and so a link; sooner if Recall.ai refuses it."""


class _Provider(Struct, frozen=True):
    """A platform's consent page. ``redirect_key`` is how ``state`` repeats the redirect URI;
    ``asked`` are the parameters that are the same in every link."""

    host: str
    path: str
    callback: str
    redirect_key: str
    asked: dict[str, str]


_PROVIDERS: Final = {
    Platform.GOOGLE: _Provider(
        host="https://accounts.google.com",
        path="/o/oauth2/v2/auth",
        callback="/api/v1/calendar/google_oauth_callback/",
        redirect_key="google_oauth_redirect_url",
        asked={
            "scope": "https://www.googleapis.com/auth/calendar.events.readonly"
            " https://www.googleapis.com/auth/userinfo.email",
            "access_type": "offline",
            "prompt": "consent",
            "include_granted_scopes": "true",
            "response_type": "code",
        },
    ),
    Platform.MICROSOFT: _Provider(
        host="https://login.microsoftonline.com",
        path="/common/oauth2/v2.0/authorize",
        callback="/api/v1/calendar/ms_oauth_callback/",
        redirect_key="ms_oauth_redirect_url",
        asked={
            "scope": "offline_access openid email https://graph.microsoft.com/Calendars.Read",
            "response_mode": "query",
            "response_type": "code",
        },
    ),
}


def connect_link(
    platform: Platform,
    client: OAuthClient,
    settings: OAuthSettings,
    endpoint: Endpoint,
    token: Secret,
) -> Secret:
    """The link for the calendar user whose ``token`` it is.

    Whoever opens it within :data:`LINK_SECONDS` connects a calendar of theirs for that user.
    """
    provider = _PROVIDERS[platform]
    redirect_uri = client.redirect_uri or endpoint.url + provider.callback
    state = {
        "recall_calendar_auth_token": token.reveal(),
        provider.redirect_key: redirect_uri,
        "success_url": settings.success_url,
        "error_url": settings.error_url,
    }
    given = {name: value for name, value in state.items() if value is not None}
    query = {
        **provider.asked,
        "state": json.dumps(given, separators=(",", ":")),
        "redirect_uri": redirect_uri,
        "client_id": client.client_id,
    }
    host = endpoint.url if endpoint.sandbox else provider.host
    return Secret(f"{host}{provider.path}?{urlencode(query, quote_via=quote, safe='')}")
