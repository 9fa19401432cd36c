"""The mutation spy: what looks sends nothing but GET, and what is offline sends nothing."""

import pytest

from tests.cli.project import Project


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan",),
        ("plan", "-o", "plan.json", "--format", "json"),
        ("plan", "--detailed-exitcode", "--select", "mover@example.com"),
        ("doctor",),
        ("import",),
        ("import", "--preferences", "-o", "imported.yaml"),
        ("import", "--missing"),
    ],
    ids=" ".join,
)
def test_a_command_that_looks_sends_nothing_but_get(
    project: Project, arguments: tuple[str, ...]
) -> None:
    project.run(*arguments)
    assert project.methods() == {"GET"}


@pytest.mark.parametrize(
    "arguments", [("validate",), ("validate", "manifests"), ("schema", "plan")], ids=" ".join
)
def test_a_command_that_is_offline_sends_nothing(
    project: Project, arguments: tuple[str, ...]
) -> None:
    assert project.run(*arguments) == 0
    assert project.requests() == ()


def test_showing_a_plan_sends_nothing(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    before = len(project.requests())
    assert project.run("show", "plan.json") == 0
    assert len(project.requests()) == before


def test_an_apply_that_is_refused_sends_nothing_but_get(project: Project) -> None:
    project.configure("limits: {maxDisconnects: 0}")
    assert project.run("apply", "--auto-approve") == 3
    assert project.methods() == {"GET"}


def test_an_apply_that_nobody_approves_sends_nothing_but_get(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.run_on_a_terminal(monkeypatch, "no", "apply", "-q") == 130
    assert project.methods() == {"GET"}
