"""Several servers of one state agree, and a client of the API needs to know nothing of ours."""

import json
import subprocess
import sys
from pathlib import Path

import httpx

from reconciler.sandbox import SandboxServer, SandboxState
from tests.sandbox.conftest import ALICE, ROOT, ManualTime, Trial

CLIENT = """
import json, sys, urllib.request

base, key = sys.argv[1:]

def call(method, path, headers, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data=data, method=method)
    request.add_header("Accept", "application/json")
    for name, value in headers.items():
        request.add_header(name, value)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None

workspace = {"Authorization": "Token " + key}
token = call("POST", "/authenticate/", workspace, {"user_id": "alice@example.com"})["token"]
user = {"x-recallcalendarauthtoken": token}
before = call("GET", "/user/", user)
after = call("POST", "/user/disconnect/", user, {"platform": "google"})
call("PUT", "/user/", user, {"preferences": {"bot_name": "Scribe"}})
listed = call("GET", "/users/", workspace)
meetings = call("POST", "/meetings/refresh/", user)
deleted = call("DELETE", "/user/", user)
print(json.dumps([before, after, listed, len(meetings), deleted]))
"""


def test_a_client_in_another_process_lives_through_the_documented_flow(
    trial: Trial, state: SandboxState
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, trial.url + ROOT, state.api_key.reveal()],
        capture_output=True,
        check=True,
        env={"no_proxy": "*"},
    )
    before, after, listed, meetings, deleted = json.loads(done.stdout)
    assert [row["connected"] for row in before["connections"]] == [True, True]
    assert [row["connected"] for row in after["connections"]] == [False, True]
    alice = next(user for user in listed if user["external_id"] == ALICE)
    assert alice["preferences"]["bot_name"] == "Scribe"
    assert (meetings, deleted) == (2, None)
    assert len(state.users()) == 1


def test_a_token_of_one_server_is_good_at_another(
    trial: Trial, state_path: Path, time: ManualTime
) -> None:
    token = trial.token()
    with SandboxServer(state_path, now=time) as other:
        url = f"{other.url}{ROOT}/user/disconnect/"
        httpx.post(url, json={"platform": "google"}, headers=token, trust_env=False)
    assert trial.user()["connections"][0]["connected"] is False
    assert [entry.endpoint for entry in trial.state.log()][:2] == ["authenticate", "disconnect"]


def test_a_switch_holds_for_all_servers(trial: Trial, state_path: Path, time: ManualTime) -> None:
    with SandboxServer(state_path, now=time) as other:
        trial.switch(list_shape="page")
        answer = httpx.get(f"{other.url}{ROOT}/users/", headers=trial.key, trust_env=False)
    assert set(answer.json()) == {"next", "previous", "results"}
