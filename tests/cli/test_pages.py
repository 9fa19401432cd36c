"""Pages from the command line: with what the ledger knows, and only where one was asked for."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox import load_seed
from tests.cli.project import Project
from tests.reporting.pages import Page


def _page(project: Project, *arguments: str) -> Page:
    path = project.folder / "page.html"
    assert project.run(*arguments, "--report", f"html={path}") == 0
    return Page(path.read_text(encoding="utf-8"))


def test_a_page_can_be_the_standard_output(project: Project) -> None:
    assert project.run("plan", "--format", "html") == 0
    assert "2 to disconnect" in Page(project.out).text


def test_a_plan_after_a_run_says_what_changed_since_it_and_what_it_did(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    project.sandbox.seed(load_seed(project.folder / "seed.yaml"))  # they connected again
    found = _page(project, "plan")
    assert "Compared with run" in found.text
    past = dict(zip(found.column("User"), found.column("Earlier runs"), strict=True))
    assert "verified" in str(past["mover@example.com"])
    assert "verified" in str(past["leaver@example.com"])


def test_the_first_plan_is_compared_with_nothing(project: Project) -> None:
    assert "Compared with run" not in _page(project, "plan").text


def test_a_plan_against_another_is_compared_with_that_one_alone(project: Project) -> None:
    assert project.run("plan", "-o", "fleet.plan") == 0
    assert project.run("apply", "--auto-approve") == 0
    found = _page(project, "plan", "--against", "fleet.plan").text
    assert "since the plan was made" in found
    assert "Compared with run" not in found


def test_a_plan_without_a_page_does_not_read_what_only_pages_show(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.run("apply", "--auto-approve") == 0

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("reconciler.cli.commands.plan.with_history", never)
    monkeypatch.setattr("reconciler.cli.commands.plan.with_last_plan", never)
    assert project.run("plan", "--report", "json=plan.json") == 0


def test_the_page_of_a_refused_run_has_what_became_of_its_users_before(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    project.sandbox.seed(load_seed(project.folder / "seed.yaml"))
    project.configure("limits: {maxDisconnects: 0}")
    assert project.run("apply", "--auto-approve", "--report", "html=page.html") == 3
    found = Page((project.folder / "page.html").read_text(encoding="utf-8"))
    assert "max-disconnects refused" in found.text
    assert "verified" in str(found.column("Earlier runs"))


def test_the_page_of_a_run_is_written_by_apply(project: Project) -> None:
    found = _page(project, "apply", "--auto-approve")
    assert found.column("User") == ["leaver@example.com", "mover@example.com"]
    assert set(found.column("Kind")) == {"verified"}


def test_a_saved_plan_is_shown_as_a_page(project: Project) -> None:
    assert project.run("plan", "-o", "fleet.plan") == 0
    assert "2 to disconnect" in _page(project, "show", "fleet.plan").text


def test_the_evidence_of_a_run_has_its_steps(project: Project) -> None:
    assert project.run("apply", "--auto-approve", "--format", "json") == 0
    found = _page(project, "runs", json.loads(project.out)["run"])
    assert "accepted" in str(found.column("Steps"))


def test_runs_are_listed_as_a_page(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    assert "1 run" in _page(project, "runs").text


@pytest.mark.parametrize("command", ["validate", "rules", "pending", "doctor"])
def test_a_command_that_has_no_page_says_so(project: Project, command: str) -> None:
    assert project.run(command, "--report", "html=page.html") == 64
    assert "html" in project.err
    assert not Path("page.html").exists()


def test_an_error_is_a_page_too(project: Project) -> None:
    project.write("manifests/bad.yaml", "apiVersion: reconciler/v1\nusers: {}\n")
    assert project.run("plan", "--report", "html=page.html") == 65
    text = Page((project.folder / "page.html").read_text(encoding="utf-8")).text
    assert "manifests/bad.yaml:2:8" in text
