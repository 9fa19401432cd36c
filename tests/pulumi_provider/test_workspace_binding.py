"""Whether a stack may declare the workspaces that it declares, as the ledger remembers it."""

from pathlib import Path

import pytest

from reconciler.config import Workspace, load_configuration
from reconciler.domain import InvalidInput
from reconciler.engine.approval import overrides_of
from reconciler.pulumi_provider import Fleet
from reconciler.pulumi_provider.evaluation import (
    EvaluationRequest,
    Failure,
    abandon,
    check_workspaces,
    evaluate,
)
from tests.pulumi_provider.fleet_folder import FleetFolder
from tests.pulumi_provider.opener import opened

OTHER = """\
apiVersion: reconciler/v1
workspaces:
  other:
    sandbox: {seed: seed.yaml, state: state/other.db}
    manifests: [manifests/]
"""


STACK = "stack organization/trial/dev"


def workspaces(*places: tuple[str, str]) -> list[Workspace]:
    """The workspaces that are named with their configuration file."""
    return [load_configuration(Path(file)).workspace(name) for name, file in places]


TRIAL = ("trial", "reconciler.yaml")
ANOTHER = ("other", "other.yaml")


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FleetFolder:
    """A folder whose workspace ``trial`` the stack ``dev`` has updated once."""
    folder = FleetFolder(tmp_path)
    folder.write("other.yaml", OTHER)
    monkeypatch.chdir(tmp_path)
    with opened():
        pass
    return folder


def test_a_stack_that_declares_none_of_its_workspaces_any_more_is_refused(
    held: FleetFolder,
) -> None:
    with pytest.raises(InvalidInput) as raised:
        check_workspaces(workspaces(ANOTHER), STACK)
    assert str(raised.value).startswith(
        "stack organization/trial/dev held workspace trial until now, but declares workspace other;"
        " nothing was changed."
    )
    assert "run it with `RECONCILER_ALLOW=other-workspace` in the environment" in str(raised.value)
    assert {entry.method for entry in held.sandbox.log()} == {"GET"}


@pytest.mark.usefixtures("held")
def test_another_workspace_is_allowed_for_one_command_by_the_environment() -> None:
    fleets = [Fleet("other", "other.yaml")]
    refused = evaluate(fleets, EvaluationRequest(STACK), update=False)
    assert isinstance(refused, Failure)
    assert "RECONCILER_ALLOW=other-workspace" in str(refused.error)
    allowed = overrides_of({"RECONCILER_ALLOW": "other-workspace"})
    evaluated = evaluate(fleets, EvaluationRequest(STACK, overrides=allowed), update=False)
    assert not isinstance(evaluated, Failure)
    abandon(evaluated)


@pytest.mark.usefixtures("held")
def test_a_stack_may_be_given_another_workspace_beside_its_own() -> None:
    check_workspaces(workspaces(TRIAL, ANOTHER), STACK)


@pytest.mark.usefixtures("held")
def test_another_stack_may_declare_another_worknamespace() -> None:
    check_workspaces(workspaces(ANOTHER), "stack organization/trial/new")


def test_where_no_ledger_remembers_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FleetFolder(tmp_path)
    monkeypatch.chdir(tmp_path)
    check_workspaces(workspaces(TRIAL), STACK)
    assert not (tmp_path / ".reconciler").exists()
