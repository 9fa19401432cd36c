"""Paths, methods and the firewall."""

import pytest

from tests.sandbox.conftest import Trial


def test_an_unknown_path_is_not_found(trial: Trial) -> None:
    answer = trial.http.get("/nothing/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_wrong_method_is_told_the_right_ones(trial: Trial) -> None:
    answer = trial.http.post("/user/", headers=trial.token())
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, PUT, PATCH, DELETE"


def test_head_answers_without_a_body(trial: Trial) -> None:
    answer = trial.http.head("/users/", headers=trial.key)
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_post_without_the_last_slash_is_not_found(trial: Trial) -> None:
    answer = trial.http.post("/authenticate", json={"user_id": "x"}, headers=trial.key)
    assert answer.status_code == 404


def test_a_post_without_the_last_slash_can_be_redirected(trial: Trial) -> None:
    trial.switch(missing_slash_on_post="redirect")
    answer = trial.http.post("/user/disconnect", json={"platform": "google"})
    assert answer.status_code == 301
    assert answer.headers["location"] == "/api/v1/calendar/user/disconnect/"


@pytest.mark.parametrize("path", ["/users", "/meetings/11111111-2222-3333-4444-555555555555"])
def test_a_get_without_the_last_slash_is_redirected(trial: Trial, path: str) -> None:
    answer = trial.http.get(path)
    assert answer.status_code == 301
    assert answer.headers["location"].endswith(path + "/")


def test_a_get_without_the_last_slash_can_be_not_found(trial: Trial) -> None:
    trial.switch(missing_slash_on_get="not_found")
    assert trial.http.get("/users").status_code == 404


def test_a_get_with_a_body_meets_the_firewall(trial: Trial) -> None:
    answer = trial.http.request("GET", "/users/", content=b"{}", headers=trial.key)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<html>")


def test_the_firewall_can_be_off(trial: Trial) -> None:
    trial.switch(body_on_get="ignored")
    answer = trial.http.request("GET", "/users/", content=b"{}", headers=trial.key)
    assert answer.status_code == 200
