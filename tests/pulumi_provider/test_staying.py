"""Whether a stack may declare the workspaces that it declares, as the ledger remembers it."""

from pathlib import Path

import pytest

from reconciler.domain import InvalidInput
from reconciler.engine.overrides import overrides_of
from reconciler.pulumi_provider import Fleet
from reconciler.pulumi_provider.judging import Demands
from reconciler.pulumi_provider.reports import ReportFile
from reconciler.pulumi_provider.staying import check_workspaces
from tests.pulumi_provider.fleet_folder import FleetFolder
from tests.pulumi_provider.opener import opened

OTHER = """\
apiVersion: reconciler/v1
workspaces:
  other:
    sandbox: {seed: seed.yaml, state: state/other.db}
    manifests: [manifests/]
"""


def demands(owner: str = "stack organization/trial/dev", allow: str = "") -> Demands:
    return Demands(
        owner, None, overrides_of({"RECONCILER_ALLOW": allow}), ReportFile({}, ["trial"])
    )


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
        check_workspaces([Fleet("other", "other.yaml")], demands())
    assert str(raised.value).startswith(
        "stack organization/trial/dev held workspace trial until now, and is given workspace other;"
        " nothing was changed."
    )
    assert "run it with `RECONCILER_ALLOW=other-workspace` in the environment" in str(raised.value)
    assert {entry.method for entry in held.sandbox.log()} == {"GET"}


@pytest.mark.usefixtures("held")
def test_another_workspace_is_allowed_for_one_command_by_the_environment() -> None:
    check_workspaces([Fleet("other", "other.yaml")], demands(allow="other-workspace"))


@pytest.mark.usefixtures("held")
def test_a_stack_may_be_given_another_workspace_beside_its_own() -> None:
    check_workspaces([Fleet("trial"), Fleet("other", "other.yaml")], demands())


@pytest.mark.usefixtures("held")
def test_another_stack_may_declare_another_workspace() -> None:
    check_workspaces([Fleet("other", "other.yaml")], demands("stack organization/trial/new"))


def test_where_no_ledger_remembers_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FleetFolder(tmp_path)
    monkeypatch.chdir(tmp_path)
    check_workspaces([Fleet("trial")], demands())
    assert not (tmp_path / ".reconciler").exists()
