"""The rate windows, with a clock that tests move."""

from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from reconciler.sandbox import SandboxServer
from tests.sandbox.conftest import ALICE, BOB, ManualTime, Trial


def _list(trial: Trial) -> httpx.Response:
    return trial.http.get("/users/", headers=trial.key)


def test_the_list_is_limited_to_60_a_minute(trial: Trial) -> None:
    assert {_list(trial).status_code for _ in range(60)} == {200}
    refused = _list(trial)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert refused.json()["code"] == "throttled"


def test_authenticate_is_limited_for_the_whole_workspace(trial: Trial) -> None:
    trial.switch(authenticate_limit=2)
    trial.token(ALICE)
    trial.token(BOB)
    answer = trial.http.post("/authenticate/", json={"user_id": "new"}, headers=trial.key)
    assert answer.status_code == 429
    assert len(trial.users()) == 2


def test_user_endpoints_are_limited_for_each_user_and_endpoint(trial: Trial) -> None:
    trial.switch(user_limit=1, disconnect_limit=1)
    alice, bob = trial.token(ALICE), trial.token(BOB)
    assert trial.http.get("/user/", headers=alice).status_code == 200
    assert trial.http.get("/user/", headers=alice).status_code == 429
    assert trial.http.get("/user/", headers=bob).status_code == 200
    assert trial.disconnect(alice).status_code == 200
    assert trial.disconnect(alice, "microsoft").status_code == 429
    assert trial.user()["connections"][1]["connected"] is True


def test_endpoints_can_share_one_limit(trial: Trial) -> None:
    trial.switch(limits_count="per_subject", user_limit=1, disconnect_limit=1)
    token = trial.token()
    assert trial.http.get("/user/", headers=token).status_code == 200
    assert trial.disconnect(token).status_code == 429


def test_the_window_slides(trial: Trial) -> None:
    trial.switch(list_limit=2)
    _list(trial)
    trial.time.at += 40
    _list(trial)
    assert _list(trial).headers["retry-after"] == "20"
    trial.time.at += 19.9
    assert _list(trial).status_code == 429
    trial.time.at += 0.1
    assert _list(trial).status_code == 200
    assert _list(trial).headers["retry-after"] == "40"


def test_the_window_can_be_fixed(trial: Trial) -> None:
    trial.switch(list_limit=1, limiter="fixed")
    trial.time.at += 50
    _list(trial)
    assert _list(trial).headers["retry-after"] == "10"
    trial.time.at += 10
    assert _list(trial).status_code == 200


def test_a_call_at_the_very_start_of_a_fixed_window_counts(trial: Trial) -> None:
    trial.switch(list_limit=1, limiter="fixed")
    assert (trial.time.at % 60, _list(trial).status_code) == (0, 200)
    assert _list(trial).headers["retry-after"] == "60"


def test_refused_calls_do_not_count(trial: Trial) -> None:
    trial.switch(list_limit=1)
    _list(trial)
    trial.time.at += 59
    _list(trial)
    trial.time.at += 1
    assert _list(trial).status_code == 200


def test_refused_calls_can_count(trial: Trial) -> None:
    trial.switch(list_limit=1, limiter_counts_refused=True)
    _list(trial)
    trial.time.at += 59
    assert _list(trial).headers["retry-after"] == "60"
    trial.time.at += 1
    assert _list(trial).status_code == 429


def test_a_limit_of_zero_admits_nothing(trial: Trial) -> None:
    trial.switch(list_limit=0)
    assert _list(trial).headers["retry-after"] == "60"


def test_calls_with_bad_credentials_do_not_count(trial: Trial) -> None:
    trial.switch(list_limit=1)
    trial.http.get("/users/")
    assert _list(trial).status_code == 200


def test_limits_can_be_off(trial: Trial) -> None:
    trial.switch(list_limit=0, enforce_limits=False)
    assert _list(trial).status_code == 200


def test_retry_after_can_be_a_date(trial: Trial) -> None:
    trial.switch(list_limit=0, retry_after="http_date")
    when = parsedate_to_datetime(_list(trial).headers["retry-after"])
    assert when.timestamp() == trial.time.at + 60


def test_retry_after_can_be_absent_and_the_body_old(trial: Trial) -> None:
    trial.switch(list_limit=0, retry_after="absent", error_bodies="2024")
    refused = _list(trial)
    assert "retry-after" not in refused.headers
    assert set(refused.json()) == {"detail"}


def test_two_servers_of_one_state_count_together(
    trial: Trial, state_path: Path, time: ManualTime
) -> None:
    trial.switch(list_limit=2)
    with SandboxServer(state_path, now=time) as other:
        answers = [
            httpx.get(f"{url}/api/v1/calendar/users/", headers=trial.key, trust_env=False)
            for url in (trial.url, other.url, trial.url, other.url)
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]


@pytest.mark.parametrize(("passed", "status"), [(5.9, 429), (6.0, 200)])
def test_a_faster_clock_shortens_the_window(
    trial: Trial, state_path: Path, time: ManualTime, passed: float, status: int
) -> None:
    trial.switch(list_limit=1)
    with SandboxServer(state_path, now=time, speed=10) as fast:
        assert trial.state.speed == 10
        url = f"{fast.url}/api/v1/calendar/users/"
        httpx.get(url, headers=trial.key, trust_env=False)
        time.at += passed
        assert _list(trial).status_code == status


def test_a_change_of_speed_makes_no_jump(trial: Trial, state_path: Path, time: ManualTime) -> None:
    with SandboxServer(state_path, now=time, speed=10):
        time.at += 6
    for _ in range(2):
        with SandboxServer(state_path, now=time, speed=1):
            time.at += 3
    _list(trial)
    first = trial.state.log()[0]
    assert first.at == pytest.approx(time.at + 54)
