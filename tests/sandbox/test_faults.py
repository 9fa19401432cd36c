"""What can be made to go wrong, seen by a client and in the state afterwards."""

import time as real_time
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Fault, FaultKind, Match, SandboxServer, Seed, SeedUser
from reconciler.sandbox.http_messages import HEALTH_PATH
from tests.sandbox.conftest import ALICE, BOB, ManualTime, Trial

DISCONNECT = Match(endpoint="disconnect")
LIST = Match(endpoint="list_users")


def _list(trial: Trial) -> httpx.Response:
    return trial.http.get("/users/", headers=trial.key)


def _connected(trial: Trial) -> bool:
    user = next(user for user in trial.state.users() if user.external_id == ALICE)
    return user.connected("google") is not None


@pytest.mark.parametrize(
    ("kind", "connected"), [(FaultKind.DROP_BEFORE, True), (FaultKind.DROP_AFTER, False)]
)
def test_a_dropped_connection_resets_before_or_after_the_effect(
    trial: Trial, kind: FaultKind, connected: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    token = trial.token()
    trial.state.add_fault(Fault(kind=kind, match=DISCONNECT))
    with pytest.raises(httpx.ReadError):
        trial.disconnect(token)
    assert _connected(trial) is connected
    entry = trial.state.log()[-1]
    assert (entry.status, entry.fault) == (None, kind.value)
    assert entry.effect == (None if connected else "disconnected google")
    assert trial.disconnect(token).status_code == 200
    assert capfd.readouterr() == ("", "")


def test_a_connection_can_be_dropped_within_the_answer(
    trial: Trial, caplog: pytest.LogCaptureFixture
) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.DROP_MIDWAY, match=DISCONNECT))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        trial.disconnect(trial.token())
    assert _connected(trial) is False
    assert not caplog.records


def test_an_answer_can_be_replaced_before_the_effect(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, match=DISCONNECT))
    answer = trial.disconnect(trial.token())
    assert (answer.status_code, answer.json()) == (503, {"detail": "Service Unavailable"})
    assert _connected(trial) is True


def test_an_answer_can_be_replaced_after_the_effect(trial: Trial) -> None:
    fault = Fault(kind=FaultKind.STATUS, status=504, after_effect=True, match=DISCONNECT)
    trial.state.add_fault(fault)
    assert trial.disconnect(trial.token()).status_code == 504
    assert _connected(trial) is False
    assert trial.state.log()[-1].effect == "disconnected google"


@pytest.mark.parametrize("value", ["7", "0", "999999", "Fri, 31 Dec 2027 23:59:59 GMT", "soon"])
def test_a_status_carries_headers_and_body_as_given(trial: Trial, value: str) -> None:
    trial.state.add_fault(
        Fault(kind=FaultKind.STATUS, status=429, headers={"Retry-After": value}, body="{}")
    )
    answer = _list(trial)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, value)
    assert answer.json() == {}


def test_a_403_is_the_firewalls_page(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, status=403))
    answer = _list(trial)
    assert answer.headers["content-type"].startswith("text/html")
    assert "Forbidden" in answer.text


@pytest.mark.parametrize("status", [204, 599])
def test_a_status_without_words_or_body_is_possible(trial: Trial, status: int) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, status=status))
    assert _list(trial).status_code == status


def test_a_redirect_leads_to_another_host(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.REDIRECT, location="http://evil.invalid/"))
    answer = _list(trial)
    assert (answer.status_code, answer.headers["location"]) == (307, "http://evil.invalid/")


def test_a_body_can_be_cut(trial: Trial) -> None:
    whole = _list(trial).text
    trial.state.add_fault(Fault(kind=FaultKind.TRUNCATED_BODY))
    assert _list(trial).text == whole[: len(whole) // 2]


@pytest.mark.parametrize(("body", "shown"), [(None, "maintenance"), ("hello", "hello")])
def test_a_body_can_be_no_json(trial: Trial, body: str | None, shown: str) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.NOT_JSON, body=body))
    answer = _list(trial)
    assert answer.status_code == 200
    assert shown in answer.text


def test_a_list_can_lack_rows(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.TRUNCATED_LIST, keep=1))
    whole, cut = trial.state.users(), _list(trial).json()
    assert (len(whole), len(cut)) == (2, 1)


def test_a_list_can_be_empty(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.EMPTY_LIST))
    assert _list(trial).json() == []
    assert len(_list(trial).json()) == 2


def test_a_page_can_be_empty(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.EMPTY_LIST))
    assert trial.users(paginate="true") == {"next": None, "previous": None, "results": []}


def test_a_list_of_meetings_can_be_empty(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.EMPTY_LIST))
    assert trial.http.get("/meetings/", headers=trial.token()).json() == []


def test_a_row_can_be_malformed(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.MALFORMED_ROW))
    good, bad = _list(trial).json()
    assert good["external_id"] in {ALICE, BOB}
    assert bad == {"id": 17, "connections": "none"}


def test_the_malformed_row_can_be_given(trial: Trial) -> None:
    trial.state.seed(Seed())
    trial.state.add_fault(Fault(kind=FaultKind.MALFORMED_ROW, body="null"))
    assert _list(trial).json() == [None]


def test_list_faults_leave_refusals_alone(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.EMPTY_LIST))
    assert trial.http.get("/users/").status_code == 401


def test_list_faults_wait_for_a_list(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.EMPTY_LIST))
    assert trial.http.get("/user/", headers=trial.token()).json()["external_id"] == ALICE
    assert _list(trial).json() == []


def test_next_can_lead_to_another_host(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.NEXT_ELSEWHERE, location="http://evil.invalid/"))
    page = trial.users()
    assert (page["next"], len(page["results"])) == ("http://evil.invalid/", 2)


def test_next_can_loop(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.NEXT_LOOP, times="forever"))
    page = trial.users(paginate="true")
    for _ in range(3):
        again = httpx.get(page["next"], headers=trial.key, trust_env=False).json()
        assert again == page


def test_a_list_can_be_as_old_as_the_fault(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.STALE_LIST))
    before = [u.id for u in trial.state.users()]
    trial.token("new@example.com")
    trial.state.disconnect(ALICE, Platform.GOOGLE)
    assert {user["id"] for user in _list(trial).json()} == set(before)
    assert trial.user()["connections"][0]["connected"] is False


@pytest.mark.parametrize("order", ["shuffled", "insertion"])
def test_a_list_can_be_some_seconds_old(trial: Trial, order: str) -> None:
    trial.switch(list_order=order)
    before = _list(trial).json()
    trial.time.at += 10
    trial.disconnect(trial.token(), "google")
    trial.time.at += 1
    trial.disconnect(trial.token(), "microsoft")
    trial.token("new@example.com")
    trial.http.delete("/user/", headers=trial.token(BOB))
    trial.time.at += 10
    trial.state.add_fault(Fault(kind=FaultKind.STALE_LIST, seconds=15))
    trial.state.add_fault(Fault(kind=FaultKind.STALE_LIST, seconds=10.5))
    assert _list(trial).json() == before
    alice = next(u for u in _list(trial).json() if u["external_id"] == ALICE)
    assert [row["connected"] for row in alice["connections"]] == [False, True]
    assert len(_list(trial).json()) == 2


def test_a_stale_list_is_empty_once_its_fault_is_gone_meanwhile(
    trial: Trial, state_path: Path, time: ManualTime
) -> None:
    with SandboxServer(state_path, now=time, speed=1_000) as server:
        trial.state.add_fault(Fault(kind=FaultKind.STALE_LIST, latency=30))
        url = f"{server.url}/api/v1/calendar/users/"
        with httpx.Client(trust_env=False) as client:
            import threading

            found: list[httpx.Response] = []
            thread = threading.Thread(
                target=lambda: found.append(client.get(url, headers=trial.key))
            )
            thread.start()
            while not trial.state.log():
                real_time.sleep(0.001)
            trial.state.clear_faults()
            thread.join()
    assert found[0].json() == []


def test_the_date_can_jump(trial: Trial) -> None:
    assert parsedate_to_datetime(_list(trial).headers["date"]).timestamp() == trial.time.at
    trial.state.add_fault(Fault(kind=FaultKind.CLOCK_JUMP, seconds=-7_200))
    date = parsedate_to_datetime(_list(trial).headers["date"])
    assert date.timestamp() == trial.time.at - 7_200


@pytest.mark.parametrize("field", ["latency", "answer_delay"])
def test_an_answer_can_be_late(
    trial: Trial, state_path: Path, time: ManualTime, field: str
) -> None:
    with SandboxServer(state_path, now=time, speed=1_000) as server:
        fault = Fault(kind=FaultKind.LATENCY, **{field: 20})  # type: ignore[arg-type]
        trial.state.add_fault(fault)
        url = f"{server.url}/api/v1/calendar/users/"
        begun = real_time.monotonic()
        answer = httpx.get(url, headers=trial.key, trust_env=False)
        assert real_time.monotonic() - begun >= 0.02
    assert len(answer.json()) == 2
    entry = trial.state.log()[-1]
    assert (entry.status, entry.fault) == (200, "latency")


def test_a_request_can_take_effect_after_its_client_gave_up(
    trial: Trial, state_path: Path, time: ManualTime
) -> None:
    token = trial.token()
    with SandboxServer(state_path, now=time, speed=1_000) as server:
        trial.state.add_fault(Fault(kind=FaultKind.LATENCY, latency=30, match=DISCONNECT))
        url = f"{server.url}/api/v1/calendar/user/disconnect/"
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                url, json={"platform": "google"}, headers=token, timeout=0.01, trust_env=False
            )
        assert _connected(trial) is True
        while _connected(trial):
            real_time.sleep(0.001)
    assert trial.state.log()[-1].effect == "disconnected google"


def test_a_client_that_left_cannot_be_dropped(
    trial: Trial, state_path: Path, time: ManualTime, capfd: pytest.CaptureFixture[str]
) -> None:
    with SandboxServer(state_path, now=time, speed=1_000) as server:
        trial.state.add_fault(Fault(kind=FaultKind.DROP_AFTER, latency=30))
        url = f"{server.url}/api/v1/calendar/users/"
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(url, headers=trial.key, timeout=0.01, trust_env=False)
        real_time.sleep(0.04)
        assert httpx.get(url, headers=trial.key, trust_env=False).status_code == 200
    assert capfd.readouterr() == ("", "")


def test_a_waiting_request_does_not_hold_up_the_end(
    trial: Trial, state_path: Path, time: ManualTime, capfd: pytest.CaptureFixture[str]
) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.LATENCY, latency=3_600))
    with SandboxServer(state_path, now=time) as server:
        url = f"{server.url}/api/v1/calendar/users/"
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(url, headers=trial.key, timeout=0.02, trust_env=False)
    assert trial.state.log()[-1].status is None
    assert capfd.readouterr() == ("", "")


def test_times_and_skip_are_counted(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, match=LIST, skip=1, times=2))
    assert [_list(trial).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert trial.state.faults() == ()


def test_a_fault_can_last_until_cleared(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, times="forever"))
    assert {_list(trial).status_code for _ in range(5)} == {503}
    assert len(trial.state.faults()) == 1
    trial.state.clear_faults()
    assert _list(trial).status_code == 200


def test_the_first_fault_that_fits_hits(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, status=500))
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, status=502))
    assert [_list(trial).status_code for _ in range(3)] == [500, 502, 200]


def test_a_fault_hits_only_who_and_what_it_matches(trial: Trial) -> None:
    match = Match(method="post", endpoint="disc*", external_id="bob@*")
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, match=match, times="forever"))
    assert _list(trial).status_code == 200
    assert trial.http.get("/user/", headers=trial.token(BOB)).status_code == 200
    assert trial.disconnect(trial.token(ALICE)).status_code == 200
    assert trial.disconnect(trial.token(BOB)).status_code == 503


def test_a_fault_can_match_the_id_that_authenticates(trial: Trial) -> None:
    fault = Fault(kind=FaultKind.STATUS, match=Match(external_id="bob@*"), times="forever")
    trial.state.add_fault(fault)
    assert _list(trial).status_code == 200
    assert trial.token(ALICE)
    for body in (b'{"user_id": "bob@x"}', b"{", b"[]", b'{"user_id": 1}'):
        answer = trial.http.post("/authenticate/", content=body, headers=trial.key)
        assert (answer.status_code == 503) is (b"bob" in body)


def test_two_servers_share_the_faults(trial: Trial, state_path: Path, time: ManualTime) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, times=2))
    with SandboxServer(state_path, now=time) as other:
        url = f"{other.url}/api/v1/calendar/users/"
        assert httpx.get(url, headers=trial.key, trust_env=False).status_code == 503
        assert _list(trial).status_code == 503
        assert httpx.get(url, headers=trial.key, trust_env=False).status_code == 200


def test_the_health_path_knows_no_faults_and_is_not_logged(trial: Trial) -> None:
    trial.state.add_fault(Fault(kind=FaultKind.STATUS, times="forever"))
    answer = httpx.get(trial.url + HEALTH_PATH, trust_env=False)
    assert answer.json() == {"id": trial.state.id}
    assert trial.state.log() == ()


def test_seeded_faults_are_armed(trial: Trial) -> None:
    trial.state.seed(
        Seed(users=(SeedUser(external_id=ALICE),), faults=(Fault(kind=FaultKind.STATUS),))
    )
    assert _list(trial).status_code == 503
