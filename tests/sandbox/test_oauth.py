"""The OAuth callbacks: how a trial connects a platform."""

import json
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import BOB, Trial

SUCCESS = "https://app.example.com/done"
ERROR = "https://app.example.com/failed"


def _callback(
    trial: Trial, platform: str = "ms", *, token: str | None = None, **query: Any
) -> httpx.Response:
    urls = {k: query.pop(k) for k in ("success_url", "error_url") if k in query}
    if token is None:
        token = trial.token(BOB)["x-recallcalendarauthtoken"]
    state = json.dumps({"recall_calendar_auth_token": token, **urls})
    return trial.http.get(f"/{platform}_oauth_callback/", params={"state": state, **query})


def test_a_callback_connects_with_the_address_in_code_and_sends_on(trial: Trial) -> None:
    answer = _callback(trial, code="bob@corp.example.com", success_url=SUCCESS)
    assert (answer.status_code, answer.headers["location"]) == (302, SUCCESS)
    row = trial.user(BOB)["connections"][1]
    assert (row["connected"], row["email"]) == (True, "bob@corp.example.com")
    assert row["id"]


def test_a_reconnect_through_google_gets_a_new_id(trial: Trial) -> None:
    before = trial.user(BOB)["connections"][0]
    _callback(trial, "google", code="any")
    after = trial.user(BOB)["connections"][0]
    assert after["id"] != before["id"]
    assert after["email"] == BOB


def test_a_reconnect_can_keep_the_id(trial: Trial) -> None:
    trial.switch(reconnect_id="same")
    before = trial.user(BOB)["connections"][0]
    trial.disconnect(trial.token(BOB))
    _callback(trial, "google", code=BOB)
    assert trial.user(BOB)["connections"][0] == before


def test_an_id_that_is_no_address_gives_a_derived_one(trial: Trial) -> None:
    token = trial.token("0042")["x-recallcalendarauthtoken"]
    _callback(trial, code="4/abc", token=token)
    assert trial.user("0042")["connections"][1]["email"] == "0042@microsoft.example.com"


def test_google_comes_first_when_rows_were_missing(trial: Trial) -> None:
    trial.switch(connection_rows="when_connected")
    token = trial.token("new")["x-recallcalendarauthtoken"]
    _callback(trial, "ms", code="a@b.example", token=token)
    _callback(trial, "google", code="a@b.example", token=token)
    rows = trial.user("new")["connections"]
    assert [row["platform"] for row in rows] == ["google", "microsoft"]


def test_without_a_success_url_a_page_says_so(trial: Trial) -> None:
    answer = _callback(trial, code="x")
    assert answer.status_code == 200
    assert "microsoft is connected" in answer.text


def test_a_success_url_that_is_no_web_address_is_not_followed(trial: Trial) -> None:
    answer = _callback(trial, code="x", success_url="javascript:alert(1)")
    assert answer.status_code == 200


INVALID = "Calendar connection failed! (Invalid ‘recall_calendar_auth_token’ supplied)"  # noqa: RUF001


@pytest.mark.parametrize(
    "link_state",
    [
        "{",
        "[" * 15_000,
        '{"recall_calendar_auth_token": "x", "more": ' + "[" * 15_000,
        r'{"recall_calendar_auth_token": "\ud800"}',
        '{"recall_calendar_auth_token": 1e999}',
        "{}",
        "",
    ],
    ids=["cut", "deep", "deep inside", "surrogate", "huge number", "empty object", "empty"],
)
def test_an_unreadable_state_gets_the_documented_error_page(trial: Trial, link_state: str) -> None:
    before = trial.users()
    answer = trial.http.get("/google_oauth_callback/", params={"state": link_state, "code": "x"})
    assert answer.status_code == 400
    assert INVALID in answer.text
    assert trial.users() == before


def test_an_expired_token_gets_the_documented_error_page(trial: Trial) -> None:
    token = trial.token(BOB)["x-recallcalendarauthtoken"]
    trial.time.at += 86_400
    answer = _callback(trial, code="x", token=token)
    assert answer.status_code == 401
    assert INVALID in answer.text


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({}, "refresh_token missing from oAuth response"),
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "<script>"}, "&lt;script&gt;"),
    ],
)
def test_a_failure_without_an_error_url_names_its_reason(
    trial: Trial, query: dict[str, str], reason: str
) -> None:
    before = trial.user(BOB)
    answer = _callback(trial, **query)
    assert answer.status_code == 400
    assert f"Calendar connection failed! (reason: {reason})" in answer.text
    assert trial.user(BOB) == before


def test_an_error_url_is_followed_as_a_header_can_hold_it(trial: Trial) -> None:
    answer = _callback(trial, token="old", error_url="http://app.test/\r\nX: y/日?a=%20b")
    assert answer.status_code == 302
    assert answer.headers["location"] == "http://app.test/%0D%0AX:%20y/%E6%97%A5?a=%20b"
    assert "x" not in answer.headers


@pytest.mark.parametrize("query", [{}, {"error": "access_denied", "code": "x"}])
def test_refused_consent_leads_to_the_error_url(trial: Trial, query: dict[str, str]) -> None:
    before = trial.user(BOB)
    answer = _callback(trial, error_url=ERROR, **query)
    assert (answer.status_code, answer.headers["location"]) == (302, ERROR)
    assert trial.user(BOB) == before


def test_the_log_holds_no_token_and_no_code(trial: Trial) -> None:
    _callback(trial, code="very-secret-code")
    entry = trial.state.log()[1]
    assert entry.query == "state=(redacted)&code=(redacted)"
    assert (entry.external_id, entry.effect) == (BOB, "connected microsoft")
