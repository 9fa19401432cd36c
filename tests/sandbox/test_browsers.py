"""Pages in a browser: other origins may call the API, other host names may not."""

from pathlib import Path

import httpx
import pytest

from reconciler.sandbox import Fault, SandboxServer
from reconciler.sandbox.http_messages import HEALTH_PATH
from tests.sandbox.conftest import BOB, Trial

ORIGIN = {"Origin": "https://app.example.com"}
PREFLIGHT = {
    **ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,x-recallcalendarauthtoken",
}
ALLOWED = "access-control-allow-origin"


def test_a_preflight_is_answered_without_a_credential(trial: Trial) -> None:
    answer = trial.http.options("/meetings/refresh", headers=PREFLIGHT)
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, "*")
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "x-recallcalendarauthtoken" in answer.headers["access-control-allow-headers"]
    assert "Origin" in answer.headers["vary"]


def test_a_preflight_meets_no_fault_and_is_not_in_the_log(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind="status"))  # type: ignore[arg-type]
    assert trial.http.options("/user/", headers=PREFLIGHT).status_code == 200
    assert trial.state.log() == ()
    assert len(trial.state.faults()) == 1


def test_a_page_of_another_origin_disconnects_with_the_users_token(trial: Trial) -> None:
    bob = trial.user(BOB)
    headers = {**trial.token(), **ORIGIN}
    answer = trial.http.post("/user/disconnect/", json={"platform": "google"}, headers=headers)
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, "*")
    assert [row["connected"] for row in answer.json()["connections"]] == [False, True]
    assert trial.user(BOB) == bob


def test_a_page_of_another_origin_may_read_why_it_was_refused(trial: Trial) -> None:
    for path in ("/user/", "/nothing/"):
        assert trial.http.get(path, headers=ORIGIN).headers[ALLOWED] == "*"


def test_no_page_may_send_cookies(trial: Trial) -> None:
    answer = trial.http.get("/user/", headers={**ORIGIN, "Cookie": "a=b"})
    assert answer.headers[ALLOWED] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_without_an_origin_nothing_is_said_of_origins(trial: Trial) -> None:
    assert ALLOWED not in trial.http.get("/users/", headers=trial.key).headers


def test_no_page_of_another_origin_may_read_which_state_is_served(trial: Trial) -> None:
    assert ALLOWED not in trial.http.get(trial.url + HEALTH_PATH, headers=ORIGIN).headers


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:80", "localhost@evil.example", "localhost.evil.example"),
        *("[x", "[::1].evil.example", "[::1]evil", "::1", "127.0.0.1:evil", "127.0.0.1:80:evil"),
        *("localhost:80@evil.example", "evil.example@localhost", "localhost/evil.example", ""),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/calendar/users/", HEALTH_PATH])
def test_a_host_name_that_is_not_this_machine_is_refused(
    trial: Trial, host: str, path: str
) -> None:
    answer = trial.http.get(trial.url + path, headers={**trial.key, "Host": host})
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "The Host header names another machine."},
    )


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:80", "localhost.", "127.0.0.2", "[::1]:8", "[::1]", "localhost:"],
)
def test_every_name_of_this_machine_will_do(trial: Trial, host: str) -> None:
    answer = trial.http.get("/users/", headers={**trial.key, "Host": host})
    assert answer.status_code == 200


def test_a_server_that_may_be_reached_from_elsewhere_takes_every_name(
    trial: Trial, state_path: Path
) -> None:
    with SandboxServer(state_path, allow_remote=True) as server:
        headers = {**trial.key, "Host": "sandbox.test"}
        url = f"{server.url}/api/v1/calendar/users/"
        assert httpx.get(url, headers=headers, trust_env=False).status_code == 200
