"""The connect link, read as the platform and Recall read it."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from reconciler.domain import OAuthClient, OAuthSettings, Platform, Secret
from reconciler.recall import Endpoint, connect_link, region_endpoint, sandbox_endpoint

GOOGLE, MICROSOFT = Platform.GOOGLE, Platform.MICROSOFT
HOSTILE = 'eyJ.a-b_c&state=x#"\\\u202e日+ %'
NO_URLS = OAuthSettings()
KEY = Secret("key")
WEST = region_endpoint("us-west-2", KEY)
CALLBACKS = "https://us-west-2.recall.ai/api/v1/calendar"


def parsed(
    platform: Platform,
    client: OAuthClient,
    settings: OAuthSettings = NO_URLS,
    endpoint: Endpoint = WEST,
    token: str = "eyJ.t",
) -> tuple[str, dict[str, str], dict[str, Any]]:
    """The page, its parameters but for ``state``, and the fields of ``state``."""
    url = connect_link(platform, client, settings, endpoint, Secret(token)).reveal()
    assert url.isascii()
    assert " " not in url
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, strict_parsing=True)
    query = dict(pairs)
    assert len(query) == len(pairs)
    assert not parts.fragment
    return f"{parts.scheme}://{parts.netloc}{parts.path}", query, json.loads(query.pop("state"))


def test_a_link_for_google_is_as_documented() -> None:
    assert parsed(GOOGLE, OAuthClient("id-1")) == (
        "https://accounts.google.com/o/oauth2/v2/auth",
        {
            "scope": "https://www.googleapis.com/auth/calendar.events.readonly"
            " https://www.googleapis.com/auth/userinfo.email",
            "access_type": "offline",
            "prompt": "consent",
            "include_granted_scopes": "true",
            "response_type": "code",
            "redirect_uri": f"{CALLBACKS}/google_oauth_callback/",
            "client_id": "id-1",
        },
        {
            "recall_calendar_auth_token": "eyJ.t",
            "google_oauth_redirect_url": f"{CALLBACKS}/google_oauth_callback/",
        },
    )


def test_a_link_for_microsoft_is_as_documented() -> None:
    assert parsed(MICROSOFT, OAuthClient("id-2")) == (
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        {
            "scope": "offline_access openid email https://graph.microsoft.com/Calendars.Read",
            "response_mode": "query",
            "response_type": "code",
            "redirect_uri": f"{CALLBACKS}/ms_oauth_callback/",
            "client_id": "id-2",
        },
        {
            "recall_calendar_auth_token": "eyJ.t",
            "ms_oauth_redirect_url": f"{CALLBACKS}/ms_oauth_callback/",
        },
    )


@pytest.mark.parametrize(
    ("platform", "key"),
    [(GOOGLE, "google_oauth_redirect_url"), (MICROSOFT, "ms_oauth_redirect_url")],
)
def test_urls_of_ones_own_are_in_the_state_and_the_redirect_uri_is_there_twice(
    platform: Platform, key: str
) -> None:
    own = "https://app.example.com/cb?a=b&c=%20"
    settings = OAuthSettings({}, "https://app.example.com/done?x=1&y=2", "https://e.example/#")
    _, query, state = parsed(platform, OAuthClient("id", own), settings)
    assert query["redirect_uri"] == own
    assert state == {
        "recall_calendar_auth_token": "eyJ.t",
        key: own,
        "success_url": "https://app.example.com/done?x=1&y=2",
        "error_url": "https://e.example/#",
    }


@pytest.mark.parametrize("platform", [GOOGLE, MICROSOFT])
def test_no_text_breaks_out_of_its_place(platform: Platform) -> None:
    _, query, state = parsed(platform, OAuthClient(HOSTILE), token=HOSTILE)
    assert query["client_id"] == HOSTILE
    assert state["recall_calendar_auth_token"] == HOSTILE


@pytest.mark.parametrize(
    ("platform", "page", "callback"),
    [
        (GOOGLE, "/o/oauth2/v2/auth", "google_oauth_callback"),
        (MICROSOFT, "/common/oauth2/v2.0/authorize", "ms_oauth_callback"),
    ],
)
def test_the_sandbox_plays_the_consent_pages_itself(
    platform: Platform, page: str, callback: str
) -> None:
    endpoint = sandbox_endpoint("s1", "http://127.0.0.1:8080", KEY)
    found, query, _ = parsed(platform, OAuthClient("id"), endpoint=endpoint)
    assert found == f"http://127.0.0.1:8080{page}"
    assert query["redirect_uri"] == f"http://127.0.0.1:8080/api/v1/calendar/{callback}/"


@pytest.mark.parametrize("platform", [GOOGLE, MICROSOFT])
def test_a_link_shows_itself_to_nobody_who_prints_it(platform: Platform) -> None:
    link = connect_link(platform, OAuthClient("id"), OAuthSettings(), WEST, Secret("eyJ.t"))
    assert f"{link} {link!r}" == "(redacted) (redacted)"
