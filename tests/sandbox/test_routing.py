"""Paths, methods and the firewall."""

import socket

import httpx
import pytest

from reconciler.sandbox.routes import ROUTES
from tests.sandbox.conftest import BOB, ROOT, Trial

RECORDED = {
    "vary": "Origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def _raw(trial: Trial, head: str) -> str:
    """The answer to a request that is sent as it is."""
    address = httpx.URL(trial.url)
    with socket.create_connection((address.host, address.port or 0), timeout=10) as client:
        client.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        with client.makefile("rb") as answer:
            return answer.read().decode("latin-1")


@pytest.mark.parametrize("generation", ["2025", "2024"])
def test_an_unknown_path_is_not_found_and_the_body_has_no_code(
    trial: Trial, generation: str
) -> None:
    trial.switch(error_bodies=generation)
    answer = trial.http.get("/nothing/")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


def test_a_wrong_method_gets_the_right_ones(trial: Trial) -> None:
    answer = trial.http.post("/user/", headers=trial.token())
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["TRACE", "PURGE", "get"])
def test_a_method_that_nobody_knows_is_not_allowed(trial: Trial, method: str) -> None:
    answer = _raw(trial, f"{method} {ROOT}/users/ HTTP/1.1\r\nHost: localhost")
    assert answer.startswith("HTTP/1.1 405 ")
    assert "allow: GET, HEAD, OPTIONS\r\n" in answer


READABLE = [route.path for route in ROUTES if "GET" in route.listed]


@pytest.mark.parametrize("path", READABLE)
def test_head_answers_like_get_without_a_body(trial: Trial, path: str) -> None:
    meeting = trial.http.get("/meetings/", headers=trial.token()).json()[0]["id"]
    url = trial.url + path.replace("{id:uuid}", meeting)
    headers = {**trial.key, **trial.token()}
    get, head = (trial.http.request(method, url, headers=headers) for method in ("GET", "HEAD"))
    assert (head.status_code, head.headers, head.content) == (get.status_code, get.headers, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "OPTIONS"])
@pytest.mark.parametrize(("key", "status"), [("right", 200), ("wrong", 401)])
def test_every_answer_of_an_endpoint_has_allow(
    trial: Trial, method: str, key: str, status: int
) -> None:
    headers = trial.token() if key == "right" else {}
    answer = trial.http.request(method, "/user/", headers=headers)
    assert answer.status_code == (405 if method == "POST" else status)
    assert answer.headers["allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"


def test_options_describes_its_path(trial: Trial) -> None:
    answer = trial.http.options("/user/disconnect/", headers=trial.token())
    assert (answer.status_code, answer.headers["allow"]) == (200, "POST, OPTIONS")
    assert answer.json() == {
        "name": "User Disconnect",
        "description": "",
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    }


@pytest.mark.parametrize("path", ["/users/", "/user/"])
def test_options_asks_for_the_credential_of_its_path(trial: Trial, path: str) -> None:
    assert trial.http.options(path).status_code == 401


def test_every_answer_has_the_recorded_headers(trial: Trial) -> None:
    for answer in (trial.http.get("/users/", headers=trial.key), trial.http.get("/nothing/")):
        assert {name: answer.headers[name] for name in RECORDED} == RECORDED


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/users"), ("HEAD", "/users"), ("POST", "/meetings/refresh")]
)
def test_a_missing_slash_is_tolerated(trial: Trial, method: str, path: str) -> None:
    answer = trial.http.request(method, path, headers={**trial.key, **trial.token()})
    assert answer.status_code == 200


def test_a_path_without_the_last_slash_disconnects_all_the_same(trial: Trial) -> None:
    bob = trial.user(BOB)
    answer = trial.http.post("/user/disconnect", json={"platform": "google"}, headers=trial.token())
    assert [row["connected"] for row in answer.json()["connections"]] == [False, True]
    assert trial.user(BOB) == bob
    assert trial.state.log()[2].effect == "disconnected google"


def test_a_post_without_the_last_slash_can_be_not_found(trial: Trial) -> None:
    trial.switch(missing_slash="not_found")
    answer = trial.http.post("/authenticate", json={"user_id": "x"}, headers=trial.key)
    assert answer.status_code == 404
    assert len(trial.users()) == 2


def test_a_get_without_the_last_slash_can_be_not_found(trial: Trial) -> None:
    trial.switch(missing_slash="not_found")
    assert trial.http.get("/users").status_code == 404


def test_a_path_that_is_unknown_with_a_slash_too_is_not_found(trial: Trial) -> None:
    assert trial.http.get("/nothing").status_code == 404


@pytest.mark.parametrize("scheme", ["http", "HTTPS"])
def test_a_target_in_absolute_form_means_its_path(trial: Trial, scheme: str) -> None:
    trial.switch(list_shape="page", page_size=1)
    target = f"{scheme}://us-east-1.recall.ai{ROOT}/users/?email=bob@example.com"
    authorization = f"Authorization: {trial.key['Authorization']}"
    answer = _raw(trial, f"GET {target} HTTP/1.1\r\nHost: elsewhere.example\r\n{authorization}")
    assert answer.startswith("HTTP/1.1 200 ")
    assert "bob@example.com" in answer
    assert "alice@example.com" not in answer
    assert trial.state.log()[-1].path == f"{ROOT}/users/"


def test_pages_of_a_list_asked_for_in_absolute_form_stay_on_its_host(trial: Trial) -> None:
    trial.switch(list_shape="page", page_size=1)
    authorization = f"Authorization: {trial.key['Authorization']}"
    answer = _raw(trial, f"GET http://api.test{ROOT}/users/ HTTP/1.1\r\nHost: x\r\n{authorization}")
    assert f'"next":"http://api.test{ROOT}/users/?cursor=' in answer


@pytest.mark.parametrize(
    "target",
    ["/api/%00/", "/api/%ff%fe/%zz/", "/api/v1/calendar/x/../users/", "//", "*", "http://x", "?%"],
)
def test_a_target_that_leads_nowhere_is_not_found(trial: Trial, target: str) -> None:
    assert _raw(trial, f"GET {target} HTTP/1.1\r\nHost: localhost").startswith("HTTP/1.1 404 ")


def test_a_get_with_a_body_meets_the_firewall(trial: Trial) -> None:
    answer = trial.http.request("GET", "/users/", content=b"{}", headers=trial.key)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<html>")
