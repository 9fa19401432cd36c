"""The steps as functions: what a command gets to know, and how a step ends."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.pipelines import github, gitlab
from tests.pipelines.conftest import TwoFleets
from tests.pipelines.hosts import Hosts

Step = Callable[..., int]

SHOW_ALL = """\
import json, os
with open("seen.json", "w", encoding="utf-8") as file:
    json.dump(dict(os.environ), file)
raise SystemExit(1)
"""


@pytest.fixture
def step(fleets: TwoFleets, hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> Step:
    """Do a step of the Action; inputs and variables by name."""
    monkeypatch.chdir(fleets.folder)
    event = fleets.write("event.json", json.dumps({"ref": "refs/heads/main"}))

    def do(name: str, **given: str) -> int:
        environ = {
            "PATH": os.environ["PATH"],
            "RUNNER_TEMP": str(fleets.folder),
            "GITHUB_OUTPUT": str(fleets.folder / "outputs"),
            "GITHUB_STEP_SUMMARY": str(fleets.folder / "summary"),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "acme/fleet",
            "GITHUB_SERVER_URL": "https://git.example.com",
            "GITHUB_GRAPHQL_URL": f"{hosts.url}/graphql",
            "GITHUB_RUN_ID": "123",
            "GITHUB_SHA": "decaf",
            "INPUT_COMMAND": "drift",
            "INPUT_WORKSPACE": "east",
            "INPUT_CONFIG": "",
            "INPUT_PLAN": "",
            "INPUT_ARGS": "",
            "INPUT_COMMENT": "false",
            "INPUT_ISSUE": "true",
            "INPUT_TOKEN": "ghs-recognisable-token",
            **given,
        }
        return github.main([name], environ)

    return do


def outputs(folder: Path) -> dict[str, str]:
    lines = (folder / "outputs").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_a_step_ends_with_the_status_of_a_command_that_fails_the_job(
    step: Step, fleets: TwoFleets, hosts: Hosts
) -> None:
    assert step("run") == 2
    given = {"INPUT_FOLDER": outputs(fleets.folder)["folder"]}
    assert step("publish", **given) == 0
    assert step("publish", **given, INPUT_COMMENT="true") == 0
    assert hosts.changes() == [("add to issues", "issues-1"), ("update", "issues-1")]
    assert "of decaf" in hosts.issues[0].body


def test_a_comment_goes_to_the_pull_request_of_the_event(
    step: Step, fleets: TwoFleets, hosts: Hosts
) -> None:
    head = {"sha": "c0ffee", "repo": {"full_name": "acme/fleet"}}
    fleets.write("event.json", json.dumps({"pull_request": {"number": 8, "head": head}}))
    given = {"INPUT_COMMAND": "plan", "INPUT_ISSUE": "false", "INPUT_COMMENT": "true"}
    assert step("run", **given) == 0
    given["INPUT_FOLDER"] = outputs(fleets.folder)["folder"]
    assert [step("publish", **given), step("publish", **given)] == [0, 0]
    assert hosts.calls == [
        ("comments", "acme", "fleet", "8"),
        ("add to comments", "comments-1"),
        ("comments", "acme", "fleet", "8"),
        ("update", "comments-1"),
    ]


def test_what_github_refuses_is_said_without_the_token(
    step: Step, fleets: TwoFleets, hosts: Hosts, capfd: pytest.CaptureFixture[str]
) -> None:
    step("run")
    given = {"INPUT_FOLDER": outputs(fleets.folder)["folder"]}
    hosts.fails_with = 302
    assert step("publish", **given) == 69
    hosts.fails_with = None
    assert step("publish", **given, GITHUB_GRAPHQL_URL="file:///etc/passwd") == 69
    assert step("publish", **given, GITHUB_GRAPHQL_URL="http://127.0.0.1:1/graphql") == 69
    said = capfd.readouterr().out
    assert "answered with 302" in said
    assert "no address of an API" in said
    assert "ghs-recognisable-token" not in said


def test_an_input_that_cannot_be_meant_ends_the_step_with_64(
    step: Step, capfd: pytest.CaptureFixture[str]
) -> None:
    assert step("run", INPUT_COMMAND="destroy") == 64
    assert "::error::command: 'destroy': choose one of" in capfd.readouterr().out


def test_a_command_sees_neither_the_token_nor_the_inputs(step: Step, fleets: TwoFleets) -> None:
    fleets.write("show.py", SHOW_ALL)
    key = {"command": [sys.executable, "show.py"]}
    east = {"region": "us-west-2", "apiKey": key, "manifests": ["manifests/east.yaml"]}
    configuration = {"apiVersion": "reconciler/v1", "workspaces": {"east": east}}
    fleets.write("reconciler.yaml", json.dumps(configuration))
    assert step("run", GITHUB_TOKEN="ghs-another-token", KEPT="yes") == 65
    seen = json.loads((fleets.folder / "seen.json").read_bytes())
    assert seen["KEPT"] == "yes"
    assert [name for name in seen if name.startswith("INPUT_")] == []
    assert "ghs-" not in json.dumps(seen)
    base = "https://git.example.com/acme/fleet/blob/{commit}/{file}#L{line}"
    assert seen["RECONCILER_LINK_BASE"] == base


def test_a_job_at_gitlab_ends_with_the_status_of_its_command(
    fleets: TwoFleets, hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fleets.folder)
    environ = {
        "PATH": os.environ["PATH"],
        "CALENDARS_WORKSPACE": "east",
        "CALENDARS_CONFIG": "",
        "CALENDARS_PLAN": "fleet.plan",
        "CALENDARS_ARGS": "",
        "CALENDARS_REPORTS": "reports",
        "CI_API_V4_URL": f"{hosts.url}/api/v4",
        "CI_PROJECT_ID": "1",
        "CI_PROJECT_URL": "https://git.example.com/acme/fleet",
        "CI_JOB_ID": "123",
        "CI_JOB_URL": "https://git.example.com/acme/fleet/-/jobs/123",
        "CI_COMMIT_SHA": "c0ffee",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_NOTE_TOKEN": "glpat-recognisable-token",
    }
    assert [gitlab.main([name], environ) for name in ("plan", "drift", "drift")] == [0, 2, 2]
    assert [call[0] for call in hosts.changes()] == ["POST", "POST", "PUT"]
    hosts.fails_with = 500
    assert gitlab.main(["validate"], environ) == 69
    assert gitlab.main(["destroy"], environ) == 64
