"""The link base on the command line: right from any folder of a repository, or refused."""

from pathlib import Path

import pytest

from tests.cli.project import Project
from tests.repository import commit, git

BASE = "https://git.test/{commit}/{file}#L{line}"


def _markdown(project: Project, *options: str) -> str:
    assert project.run("plan", "--format", "markdown", *options) == 0
    return project.out


def test_a_place_of_a_plan_links_to_the_line_at_the_commit(project: Project) -> None:
    head = commit(project.folder, "manifests")
    found = _markdown(project, "--link-base", BASE)
    assert f"](https://git.test/{head}/manifests/people.yaml#L" in found


def test_the_environment_gives_the_link_base(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_LINK_BASE", "https://git.test/{file}")
    assert "](https://git.test/manifests/people.yaml)" in _markdown(project)


def test_a_dirty_commit_is_not_linked(project: Project) -> None:
    commit(project.folder, "manifests")
    project.write("manifests/more.yaml", "apiVersion: reconciler/v1\nusers: []\n")
    assert "https://git.test" not in _markdown(project, "--link-base", BASE)


@pytest.mark.parametrize("folder", ["manifests", "elsewhere/deeper"])
def test_links_are_right_from_a_subfolder(
    project: Project, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (project.folder / folder).mkdir(parents=True, exist_ok=True)
    head = commit(project.folder, "manifests")
    configuration = str(project.folder / "reconciler.yaml")
    monkeypatch.chdir(project.folder / folder)
    found = _markdown(project, "--config", configuration, "--link-base", BASE)
    assert f"](https://git.test/{head}/manifests/people.yaml#L" in found


def test_links_are_right_where_the_repository_begins_above(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("reconciler.yaml", "seed.yaml", "manifests/people.yaml"):
        project.write(f"eu/{name}", (project.folder / name).read_text(encoding="utf-8"))
    git(project.folder, "init", "-q")
    monkeypatch.chdir(project.folder / "eu")
    found = _markdown(project, "--link-base", "https://git.test/{file}")
    assert "](https://git.test/eu/manifests/people.yaml)" in found


def test_a_link_base_that_names_no_file_is_wrong_usage(project: Project) -> None:
    assert project.run("plan", "--link-base", "https://git.test/{commit}") == 64
    assert "--link-base" in project.err
    assert "{file} is missing" in project.err
    assert not project.requests()


def test_an_unusable_variable_is_wrong_usage(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECONCILER_LINK_BASE", "git.test/{file}")
    assert project.run("apply", "--auto-approve") == 64
    assert "RECONCILER_LINK_BASE" in project.err
    assert not project.requests()
