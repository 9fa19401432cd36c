"""Formats and reports: complete, valid, and in no case with a secret in them."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from reconciler.manifest import schema_text
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import Project, everything_written
from tests.small_fleet import KEY


def _nothing(project: Project) -> None:
    pass


def _refused(project: Project) -> None:
    project.configure("limits: {maxDisconnects: 0}")


def _incomplete(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))


def _invalid(project: Project) -> None:
    project.write("manifests/bad.yaml", "apiVersion: reconciler/v1\nusers: {}\n")


def _unauthorised(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.STATUS, status=401, match=Match(endpoint="list_users")))


def _partial(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.STATUS, status=400, match=Match(endpoint="disconnect")))


SITUATIONS: list[tuple[Callable[[Project], None], tuple[str, ...], int]] = [
    (_nothing, ("validate",), 0),
    (_nothing, ("plan",), 0),
    (_nothing, ("plan", "--detailed-exitcode"), 2),
    (_refused, ("plan",), 3),
    (_refused, ("apply", "--auto-approve"), 3),
    (_nothing, ("apply", "--auto-approve"), 0),
    (_partial, ("apply", "--auto-approve"), 4),
    (_incomplete, ("apply", "--auto-approve"), 6),
    (_nothing, ("apply",), 64),
    (_invalid, ("validate",), 65),
    (_invalid, ("plan",), 65),
    (_unauthorised, ("plan",), 77),
    (_nothing, ("doctor",), 0),
    (_unauthorised, ("doctor",), 77),
]
each_situation = pytest.mark.parametrize(
    ("arrange", "arguments", "status"),
    SITUATIONS,
    ids=[f"{' '.join(arguments)} is {status}" for _, arguments, status in SITUATIONS],
)


@each_situation
def test_json_is_one_valid_document_with_the_status_whatever_happens(
    project: Project,
    arrange: Callable[[Project], None],
    arguments: tuple[str, ...],
    status: int,
) -> None:
    arrange(project)
    assert project.run(*arguments, "--format", "json") == status
    document = json.loads(project.out)
    assert document["status"] == status
    jsonschema.validate(document, json.loads(schema_text("report")))


@each_situation
def test_json_lines_end_with_the_document_that_has_the_status(
    project: Project,
    arrange: Callable[[Project], None],
    arguments: tuple[str, ...],
    status: int,
) -> None:
    arrange(project)
    assert project.run(*arguments, "--format", "jsonl") == status
    events = [json.loads(line) for line in project.out.splitlines()]
    assert events[0]["type"] == "started"
    assert "kind" in events[-1]
    assert events[-1]["status"] == status


@each_situation
def test_a_report_beside_the_output_is_written_whatever_happens(
    project: Project,
    arrange: Callable[[Project], None],
    arguments: tuple[str, ...],
    status: int,
) -> None:
    arrange(project)
    reports = ("--report", "json=report.json", "--report", "markdown=report.md")
    assert project.run(*arguments, *reports) == status
    assert json.loads((project.folder / "report.json").read_text())["status"] == status
    assert (project.folder / "report.md").read_text().startswith("#")


@pytest.mark.parametrize(
    "option", ["json", "json=", "xml=report.xml", "=report", "json=no/such/folder/r.json"]
)
def test_a_report_that_cannot_be_written_is_said_before_anything_is_done(
    project: Project, option: str
) -> None:
    assert project.run("apply", "--auto-approve", "--report", option) == 64
    assert project.requests() == ()


def test_quiet_keeps_standard_error_empty(project: Project) -> None:
    project.run("import", "--quiet", "-o", "imported.yaml")
    assert project.err == ""


def test_logs_are_json_lines_on_request(project: Project) -> None:
    project.run("apply", "--auto-approve", "--verbose", "--log-format", "json")
    lines = [json.loads(line) for line in project.err.splitlines()]
    assert any("verified" in line["message"] for line in lines)
    assert all(set(line) >= {"time", "level", "logger", "message"} for line in lines)


def test_no_secret_is_written_anywhere(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEY", KEY)
    project.configure("apiKey: {env: KEY}")
    project.fail(
        Fault(kind=FaultKind.STATUS, status=400, match=Match(endpoint="disconnect")),
        Fault(kind=FaultKind.DROP_AFTER, match=Match(endpoint="disconnect")),
    )
    printed = ""
    for arguments in (
        ("plan", "-o", "plan.json", "--report", "markdown=plan.md"),
        ("apply", "plan.json", "--verbose", "--report", "json=run.json"),
        ("apply", "--auto-approve", "--format", "jsonl", "--verbose", "--log-format", "json"),
        ("doctor",),
        ("import",),
        ("sandbox", "show"),
        ("sandbox", "show", "--log"),
    ):
        project.run(*arguments)
        printed += project.out + project.err
    # The sandbox's own state and seed hold the key: they are the remote side.
    written = everything_written(tmp_path, but=("state", "seed.yaml")) + printed.encode()
    assert KEY.encode() not in written
    assert b"eyJ" not in written  # what every user token begins with
    assert len(written) > 10_000


def test_control_characters_from_the_api_do_not_reach_the_terminal(project: Project) -> None:
    project.write(
        "seed.yaml",
        "apiVersion: reconciler/sandbox/v1\n"
        "users:\n"
        '  - external_id: "mover@example.com"\n'
        '    connected: {google: "a\\u001b[2J@example.com", microsoft: "b\\u202e@example.com"}\n'
        "  - external_id: leaver@example.com\n"
        "    connected: {google: leaver@example.com}\n",
    )
    project.run("sandbox", "reset")
    project.run("plan", "--report", "markdown=plan.md")
    written = project.out + (project.folder / "plan.md").read_text()
    assert "\x1b" not in written
    assert "\u202e" not in written


@pytest.mark.parametrize("option", [("--format", "json"), ("--format=jsonl",), ("-f", "json")])
def test_bad_usage_gets_valid_json_too(project: Project, option: tuple[str, ...]) -> None:
    assert project.run("plan", "--no-such-option", *option) == 64
    lines = project.out.splitlines()
    documents = [json.loads(line) for line in lines] if "jsonl" in option[0] else [project.out]
    assert "--no-such-option" in str(documents)


def test_a_report_that_the_disk_refuses_after_a_run_loses_neither_run_nor_status(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    project.run_on_a_terminal(monkeypatch, "no", "apply", "-q")  # but now there is a ledger
    monkeypatch.setattr("os.fsync", full)
    status = project.run("apply", "--auto-approve", "--report", "json=run.json")
    assert status == 4
    assert "No space left on device" in project.err
    assert "2 verified" in project.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "-o", "same.json", "--report", "json=same.json"),
        ("plan", "--report", "json=same.json", "--report", "markdown=./same.json"),
        ("plan", "-o", "reconciler.yaml"),
        ("plan", "-o", "seed.yaml"),
        ("plan", "--report", "json=manifests/people.yaml"),
        ("apply", "--auto-approve", "--report", "json=manifests/people.yaml"),
        ("validate", "manifests", "--report", "json=manifests/people.yaml"),
        ("validate", "--report", "json=reconciler.yaml"),
        ("doctor", "--report", "json=reconciler.yaml"),
        ("doctor", "--report", "json=seed.yaml"),
    ],
    ids=" ".join,
)
def test_no_output_replaces_another_or_what_the_command_reads(
    project: Project, arguments: tuple[str, ...]
) -> None:
    before = everything_written(project.folder, but=("state",))
    assert project.run(*arguments) == 64
    assert everything_written(project.folder, but=("state",)) == before
    assert project.mutations() == []


def test_a_report_may_not_replace_the_plan_that_is_applied(project: Project) -> None:
    project.run("plan", "-o", "fleet.plan")
    assert project.run("apply", "fleet.plan", "--report", "json=fleet.plan") == 64
    assert project.mutations() == []


def test_an_error_of_the_api_says_which_workspace_it_came_from(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.STATUS, status=401, match=Match(endpoint="list_users")))
    project.run("plan")
    assert f"workspace trial at sandbox:{project.sandbox.id}" in project.err


def test_the_sandbox_tells_its_key_to_whoever_asks_for_it(project: Project) -> None:
    assert project.run("sandbox", "key") == 0
    assert project.out == f"{KEY}\n"


def test_an_output_that_is_no_regular_file_is_refused_and_left_alone(project: Project) -> None:
    os.mkfifo(project.folder / "pipe")
    assert project.run("plan", "-o", "pipe") == 64
    assert (project.folder / "pipe").is_fifo()


def test_an_output_that_is_a_link_is_written_where_it_leads(project: Project) -> None:
    (project.folder / "reports").mkdir()
    (project.folder / "latest.json").symlink_to("reports/today.json")
    assert project.run("plan", "--report", "json=latest.json") == 0
    assert (project.folder / "latest.json").is_symlink()
    assert (project.folder / "reports/today.json").exists()


def test_the_document_says_the_status_that_a_lost_report_makes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    project.run_on_a_terminal(monkeypatch, "no", "apply", "-q")  # but now there is a ledger
    monkeypatch.setattr("os.fsync", full)
    arguments = ("apply", "--auto-approve", "--report", "json=run.json", "--format", "json")
    assert project.run(*arguments) == json.loads(project.out)["status"] == 4
