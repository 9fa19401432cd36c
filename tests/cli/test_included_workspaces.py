"""Workspaces in files of their own, seen from the command line."""

import pytest

from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project
from tests.cli.test_before_the_command import completions

MAIN = """\
apiVersion: reconciler/v1
defaultWorkspace: trial
defaults:
  sandbox: {seed: seed.yaml, state: "state/{workspace}.db"}
  manifests: [manifests/]
workspaces: {include: ["workspaces/*.yaml"]}
"""
VERSION = "apiVersion: reconciler/v1\n"


@pytest.fixture
def tenants(project: Project) -> Project:
    """The project, with its workspace `trial` and another one in files."""
    own = "sandbox: {seed: ../seed.yaml, state: ../state/sandbox.db}"
    project.write("workspaces/trial.yaml", f"{VERSION}name: trial\n{own}\n")
    project.write("workspaces/other.yaml", f"{VERSION}manifests: [../nobody/]\n")
    project.write("reconciler.yaml", MAIN)
    return project


def test_each_workspace_has_what_its_file_and_the_defaults_say(tenants: Project) -> None:
    tenants.write("nobody/one.yaml", f"{VERSION}users: [{{id: a}}]\n")
    assert tenants.run("validate") == 0
    assert "4 users in 1 file" in tenants.out
    assert tenants.run("validate", "-w", "other") == 0
    assert "1 user in 1 file" in tenants.out


def test_a_run_works_on_the_workspace_of_the_file(tenants: Project) -> None:
    assert tenants.run("apply", "--auto-approve") == 0
    assert tenants.mutations() == sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])


def test_doctor_examines_a_workspace_in_a_file(tenants: Project) -> None:
    assert tenants.run("doctor") == 0
    assert "workspace 'trial' is readable" in tenants.out


def test_completion_offers_the_workspaces_in_files(tenants: Project) -> None:
    assert completions(tenants.folder, "reconciler plan --workspace ") == ["other", "trial"]
    assert completions(tenants.folder, "reconciler plan --workspace t") == ["trial"]


@pytest.mark.parametrize("file", ["trial", "other"])
def test_no_output_replaces_a_workspace_file(tenants: Project, file: str) -> None:
    before = (tenants.folder / f"workspaces/{file}.yaml").read_text()
    assert tenants.run("plan", "-o", f"workspaces/{file}.yaml") == 64
    assert f"/workspaces/{file}.yaml: write to another file" in tenants.err
    assert (tenants.folder / f"workspaces/{file}.yaml").read_text() == before
    assert tenants.mutations() == []


def test_a_broken_workspace_file_stops_every_command_before_it_does_anything(
    tenants: Project,
) -> None:
    tenants.write("workspaces/other.yaml", f"{VERSION}protectd: [a]\n")
    assert tenants.run("apply", "--auto-approve") == 65
    assert "workspaces/other.yaml:2:1" in tenants.err
    assert tenants.mutations() == []
