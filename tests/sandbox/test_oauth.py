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


def test_an_unreadable_state_gets_an_error_page(trial: Trial) -> None:
    answer = trial.http.get("/google_oauth_callback/", params={"state": "{", "code": "x"})
    assert answer.status_code == 400
    assert "damaged" in answer.text


def test_an_expired_token_gets_an_error_page(trial: Trial) -> None:
    answer = _callback(trial, code="x", token="old")
    assert answer.status_code == 401


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
