"""Formats for review and tests, from the command line: repository paths, and one clean stream."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project
from tests.repository import commit, git


def _results(path: Path) -> list[dict[str, Any]]:
    (run,) = json.loads(path.read_text(encoding="utf-8"))["runs"]
    found = run["results"]
    assert isinstance(found, list)
    return found


def _uris(path: Path) -> set[str]:
    return {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in _results(path)
    }


@pytest.mark.parametrize("folder", ["manifests", "elsewhere/deeper"])
def test_files_are_named_as_the_repository_has_them_from_any_folder(
    project: Project, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    git(project.folder, "init", "-q")
    (project.folder / folder).mkdir(parents=True, exist_ok=True)
    path, configuration = project.folder / "a.sarif", str(project.folder / "reconciler.yaml")
    monkeypatch.chdir(project.folder / folder)
    assert project.run("plan", "--config", configuration, "--report", f"sarif={path}") == 0
    assert _uris(path) == {"manifests/people.yaml"}


def test_an_error_without_a_place_is_at_the_configuration_in_force(project: Project) -> None:
    git(project.folder, "init", "-q")
    text = (project.folder / "reconciler.yaml").read_text(encoding="utf-8")
    project.write("fleet.yaml", f"{text}requireLedger: true\n")
    path = project.folder / "a.sarif"
    config = ("--config", str(project.folder / "fleet.yaml"))
    assert project.run("apply", "--auto-approve", *config, "--report", f"sarif={path}") == 3
    assert _uris(path) == {"fleet.yaml"}
    assert project.mutations() == []


def test_the_revision_is_named_where_the_pipeline_says_which_repository_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = commit(project.folder, "manifests")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.test")
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/fleet")
    assert project.run("plan", "--format", "sarif") == 0
    (provenance,) = json.loads(project.out)["runs"][0]["versionControlProvenance"]
    assert provenance["repositoryUri"] == "https://git.test/team/fleet"
    assert provenance["revisionId"] == head


def test_a_repository_url_with_credentials_is_not_repeated(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(project.folder, "manifests")
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    monkeypatch.setenv("CI_PROJECT_URL", "https://robot:hunter2@git.test/team/fleet")
    assert project.run("plan", "--format", "sarif") == 0
    assert "hunter2" not in project.out
    assert "versionControlProvenance" not in project.out


def test_annotations_have_standard_output_for_themselves(project: Project) -> None:
    assert project.run("plan", "--report", "github=-") == 0
    assert all(line.startswith("::") for line in project.out.splitlines())
    assert "Plan: 2 to disconnect" in project.err


@pytest.mark.parametrize("form", ["sarif", "junit", "github"])
def test_a_manifest_error_of_validate_is_at_its_line(project: Project, form: str) -> None:
    project.write(
        "manifests/bad.yaml", "apiVersion: reconciler/v1\nusers:\n- id: a\n  platform: x\n"
    )
    assert project.run("validate", "--format", form) == 65
    assert "manifests/bad.yaml" in project.out
    assert "did you mean" in project.out


def test_a_run_of_two_users_is_a_table_of_what_was_called(project: Project) -> None:
    assert project.run("apply", "--auto-approve", "--format", "csv") == 0
    rows = list(csv.DictReader(StringIO(project.out)))
    assert {(row["user"], row["platform"], row["outcome"]) for row in rows} == {
        ("mover@example.com", "google", "verified"),
        ("leaver@example.com", "google", "verified"),
    }
    assert project.mutations() == [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE]


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "csv"])
def test_a_list_of_runs_has_no_findings(project: Project, form: str) -> None:
    assert project.run("runs", "--format", form) == 64
    assert f"does not write {form}" in project.out + project.err
