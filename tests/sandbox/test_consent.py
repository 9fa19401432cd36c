"""The consent pages, as a browser without scripts and a platform's client see them."""

import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from msgspec import structs

from reconciler.domain import Platform
from reconciler.sandbox import OAuthApp, Seed
from reconciler.sandbox.oauth_codes import CODE_SECONDS
from tests.sandbox.conftest import ALICE, BOB, FLEET, ROOT, Trial

PAGES = {"google": "/o/oauth2/v2/auth", "ms": "/common/oauth2/v2.0/authorize"}
EITHER = pytest.mark.parametrize("platform", PAGES)
SUCCESS, ERROR = "https://app.example.com:8443/done", "https://err.example.com/failed"
OWN = "https://app.example.com/forwards?to=recall"


class Link:
    """A connect link for Bob, and a browser that opens it and follows nothing by itself."""

    def __init__(self, trial: Trial, platform: str, **changes: str | None) -> None:
        self.trial = trial
        self.platform = platform
        self.callback = f"{trial.url}{ROOT}/{platform}_oauth_callback/"
        self.token = trial.token(BOB)["x-recallcalendarauthtoken"]
        key = f"{platform}_oauth_redirect_url"
        redirect_uri = changes.get("redirect_uri", self.callback)
        state = {"recall_calendar_auth_token": self.token, key: redirect_uri}
        for name in ("success_url", "error_url"):
            if changes.get(name):
                state[name] = changes.pop(name)
        query = {
            "client_id": "app",
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "offline_access https://scopes.example/calendar",
            "access_type": "offline",
            "prompt": "consent",
            "state": json.dumps(state),
            **changes,
        }
        given = {name: value for name, value in query.items() if value is not None}
        self.url = f"{trial.url}{PAGES[platform]}?{urlencode(given)}"

    def open(self) -> httpx.Response:
        return self.trial.http.get(self.url)

    def answer(self, decision: str, account: str | None = "bob@new.example") -> httpx.Response:
        form = {"decision": decision} | ({} if account is None else {"account": account})
        return self.trial.http.post(self.url, data=form)

    def follow(self, answer: httpx.Response) -> httpx.Response:
        assert answer.status_code == 302
        return self.trial.http.get(answer.headers["location"])


def rows(trial: Trial, user: str = BOB) -> list[tuple[Any, Any]]:
    return [(row["connected"], row["email"]) for row in trial.user(user)["connections"]]


def sent_back(answer: httpx.Response) -> dict[str, str]:
    """What the application gets, apart from the state."""
    query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    query.pop("state")
    return query


@EITHER
def test_allowing_leads_through_the_callback_to_the_success_url(
    trial: Trial, platform: str
) -> None:
    before, alice = trial.user(BOB)["connections"], trial.user(ALICE)
    link = Link(trial, platform, success_url=SUCCESS)
    back = link.answer("allow", " bob@new.example ")
    assert back.headers["location"].startswith(f"{link.callback}?code=")
    done = link.follow(back)
    assert (done.status_code, done.headers["location"]) == (302, SUCCESS)
    index = 0 if platform == "google" else 1
    assert rows(trial)[index] == (True, "bob@new.example")
    assert trial.user(BOB)["connections"][index]["id"] not in (None, before[index]["id"])
    assert trial.user(BOB)["connections"][1 - index] == before[1 - index]
    assert trial.user(ALICE) == alice


@EITHER
def test_denying_leads_to_the_error_url_and_connects_nothing(trial: Trial, platform: str) -> None:
    before = trial.users()
    link = Link(trial, platform, error_url=ERROR)
    back = link.answer("deny", None)
    assert sent_back(back) == {"error": "access_denied"}
    assert link.follow(back).headers["location"] == ERROR
    assert trial.users() == before


def test_the_state_comes_back_as_it_was_sent(trial: Trial) -> None:
    link = Link(trial, "google")
    sent = parse_qs(urlsplit(link.url).query)["state"]
    got = parse_qs(urlsplit(link.answer("allow").headers["location"]).query)["state"]
    assert got == sent


@EITHER
def test_the_page_says_who_asks_for_what_and_suggests_an_account(
    trial: Trial, platform: str
) -> None:
    page = Link(trial, platform).open()
    assert page.status_code == 200
    assert "<strong>app</strong>" in page.text
    assert "<li>https://scopes.example/calendar</li>" in page.text
    assert f'value="{BOB}"' in page.text
    assert "belongs to the sandbox" in page.text
    assert page.headers["cache-control"] == "no-store"


def test_the_account_of_another_platform_comes_first(trial: Trial) -> None:
    trial.state.connect(BOB, Platform.GOOGLE, "bob@elsewhere.example")
    page = Link(trial, "ms").open()
    assert 'list="accounts" value="bob@elsewhere.example"' in page.text
    assert f'<option value="{BOB}">' in page.text


def test_a_page_for_a_token_that_is_no_good_suggests_nobody(trial: Trial) -> None:
    page = Link(trial, "google", state="{}").open()
    assert page.status_code == 200
    assert 'list="accounts" value=""' in page.text


@EITHER
def test_hostile_text_stays_text(trial: Trial, platform: str) -> None:
    hostile = "\"'><script>alert(1)</script>\u202e"
    page = Link(trial, platform, client_id=hostile, scope=hostile).open()
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    again = Link(trial, platform).answer("allow", hostile)
    assert again.status_code == 400
    assert "<script" not in again.text
    token = trial.token(hostile)["x-recallcalendarauthtoken"]
    state = json.dumps({"recall_calendar_auth_token": token})
    assert "<script" not in Link(trial, platform, state=state).open().text


def policy_of(page: httpx.Response) -> dict[str, list[str]]:
    parts = [part.split() for part in page.headers["content-security-policy"].split(";")]
    return {name: values for name, *values in parts}


def test_a_page_lets_nothing_in_and_its_form_leads_to_the_links_own_places_alone(
    trial: Trial,
) -> None:
    policy = policy_of(Link(trial, "google", success_url=SUCCESS, error_url=ERROR).open())
    assert policy["default-src"] == ["'none'"]
    assert policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == [
        "'self'",
        trial.url,
        "https://app.example.com:8443",
        "https://err.example.com",
    ]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a;b/", "https://x y/", "https://h:9x/", "//h/", "*"]
)
def test_a_place_that_is_no_web_address_is_not_in_the_policy(trial: Trial, url: str) -> None:
    policy = policy_of(Link(trial, "google", success_url=url).open())
    assert policy["form-action"] == ["'self'", trial.url]


def test_result_pages_have_a_policy_too(trial: Trial) -> None:
    link = Link(trial, "ms")
    done = link.follow(link.answer("allow"))
    assert "microsoft is connected" in done.text
    assert policy_of(done)["form-action"] == ["'none'"]


@EITHER
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": None}, "invalid_client"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, "redirect_uri_mismatch"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri_mismatch"),
    ],
)
def test_an_application_that_is_not_known_gets_neither_code_nor_state(
    trial: Trial, platform: str, change: dict[str, str | None], error: str
) -> None:
    link = Link(trial, platform, **change)
    for answer in (link.open(), link.answer("allow"), link.answer("deny")):
        assert answer.status_code == 400
        assert f"blocked the request: {error}" in answer.text
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": " "}, "invalid_scope"),
        ({"response_mode": "fragment"}, "invalid_request"),
    ],
)
def test_a_request_that_is_wrong_otherwise_goes_back_with_the_error(
    trial: Trial, change: dict[str, str], error: str
) -> None:
    assert sent_back(Link(trial, "google", **change).open()) == {"error": error}


@pytest.mark.parametrize("account", [None, "", "nobody", "a b@c.example", "<a@b.example>"])
def test_without_an_account_the_page_asks_again(trial: Trial, account: str | None) -> None:
    page = Link(trial, "google").answer("allow", account)
    assert page.status_code == 400
    assert 'role="alert"' in page.text


def test_without_a_decision_the_page_asks_again(trial: Trial) -> None:
    page = Link(trial, "google").answer("perhaps")
    assert (page.status_code, "Choose Allow or Deny" in page.text) == (400, True)


def spoilt(trial: Trial, link: Link, how: str) -> httpx.Response:
    """Come back with a code that cannot be exchanged any more, or not here."""
    location = link.answer("allow").headers["location"]
    if how == "replayed":
        trial.http.get(location)
        trial.state.disconnect(BOB, Platform.GOOGLE)
    elif how == "expired":
        trial.time.at += CODE_SECONDS
    elif how == "of the other platform":
        location = location.replace("google_oauth", "ms_oauth")
    return trial.http.get(location)


@pytest.mark.parametrize("how", ["replayed", "expired", "of the other platform"])
def test_a_code_is_good_once_for_ten_minutes_at_its_platform(trial: Trial, how: str) -> None:
    answer = spoilt(trial, Link(trial, "google"), how)
    assert answer.status_code == 400
    assert "(reason: invalid_grant)" in answer.text
    assert rows(trial)[1] == (False, None)
    assert rows(trial)[0][1] != "bob@new.example"


def test_a_code_that_failed_once_is_used_up(trial: Trial) -> None:
    location = Link(trial, "google").answer("allow").headers["location"]
    trial.http.get(location.replace("google_oauth", "ms_oauth"))
    assert "(reason: invalid_grant)" in trial.http.get(location).text


def test_the_state_has_to_repeat_the_redirect_uri(trial: Trial) -> None:
    link = Link(trial, "google")
    state = json.dumps({"recall_calendar_auth_token": link.token})
    other = Link(trial, "google", state=state)
    answer = other.follow(other.answer("allow"))
    assert "(reason: redirect_uri_mismatch)" in answer.text


@pytest.mark.parametrize(
    ("platform", "change"),
    [
        ("google", {"access_type": None}),
        ("google", {"prompt": None}),
        ("ms", {"scope": "openid email"}),
    ],
)
def test_a_link_that_does_not_ask_for_a_refresh_token_connects_nothing(
    trial: Trial, platform: str, change: dict[str, str | None]
) -> None:
    before = trial.user(BOB)
    link = Link(trial, platform, **change)
    answer = link.follow(link.answer("allow"))
    assert "(reason: refresh_token missing from oAuth response)" in answer.text
    assert trial.user(BOB) == before


@pytest.mark.parametrize("how", ["expired", "of another sandbox"])
def test_a_token_that_is_no_good_is_found_out_at_the_callback(trial: Trial, how: str) -> None:
    before = trial.users()
    link = Link(trial, "ms", error_url=ERROR)
    if how == "expired":
        trial.time.at += 86_400
        location = link.answer("allow").headers["location"]
    else:
        location = link.answer("allow").headers["location"].replace(link.token, f"{link.token}x")
    answer = trial.http.get(location)
    assert (answer.status_code, answer.headers["location"]) == (302, ERROR)
    assert trial.users() == before


@pytest.fixture
def strict(trial: Trial) -> Trial:
    """Applications are registered, so that only they may ask."""
    google, ms = Platform.GOOGLE, Platform.MICROSOFT
    apps = (
        OAuthApp(platform=google, client_id="app", redirect_uris=(OWN,)),
        OAuthApp(platform=ms, client_id="other"),
    )
    trial.state.seed(structs.replace(Seed(users=FLEET, api_key="key-of-the-tests"), apps=apps))
    return trial


def test_a_registered_application_comes_back_to_its_own_url(strict: Trial) -> None:
    link = Link(strict, "google", redirect_uri=OWN)
    back = link.answer("allow").headers["location"]
    assert back.startswith(f"{OWN}&code=")
    done = strict.http.get(link.callback, params=urlsplit(back).query)
    assert done.status_code == 200
    assert rows(strict)[0] == (True, "bob@new.example")


def test_where_applications_are_registered_no_other_may_ask(strict: Trial) -> None:
    assert Link(strict, "google").open().status_code == 200
    assert Link(strict, "ms", client_id="other").open().status_code == 200
    for platform, client_id in (("ms", "app"), ("google", "other"), ("google", "App")):
        page = Link(strict, platform, client_id=client_id).open()
        assert "blocked the request: invalid_client" in page.text
    page = Link(strict, "ms", client_id="other", redirect_uri=OWN).open()
    assert "blocked the request: redirect_uri_mismatch" in page.text


def test_where_applications_are_registered_only_codes_of_a_page_count(strict: Trial) -> None:
    link = Link(strict, "google")
    state = parse_qs(urlsplit(link.url).query)["state"][0]
    answer = strict.http.get(link.callback, params={"state": state, "code": BOB})
    assert "(reason: invalid_grant)" in answer.text


def test_seeding_again_forgets_applications_and_codes(strict: Trial) -> None:
    location = Link(strict, "google").answer("allow").headers["location"]
    strict.state.seed(Seed(users=FLEET, api_key="key-of-the-tests"))
    assert Link(strict, "ms").open().status_code == 200
    strict.http.get(location)
    assert rows(strict)[0] == (True, BOB)  # any code is good again


def test_the_log_holds_neither_token_nor_code(trial: Trial) -> None:
    link = Link(trial, "google")
    link.open()
    back = link.answer("allow")
    link.follow(back)
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    log = trial.state.log()
    assert [each.endpoint for each in log] == [
        "authenticate",
        "google_consent",
        "google_decision",
        "google_oauth_callback",
    ]
    assert [each.effect for each in log[2:]] == ["gave a code of google", "connected google"]
    assert link.token not in repr(log)
    assert code not in repr(log)


def test_a_consent_page_is_no_endpoint_of_the_api_and_has_no_metadata(trial: Trial) -> None:
    assert trial.http.options(f"{trial.url}{PAGES['ms']}").status_code == 405
