"""What may be registered is a value: whoever evaluates tells nobody and writes no report."""

from pathlib import Path

import pulumi
import pytest

from reconciler.domain import SqliteFile
from reconciler.engine import Refused
from reconciler.ledger import read_ledger
from reconciler.pulumi_provider import Fleet
from reconciler.pulumi_provider.evaluation import EvaluationRequest, Failure, evaluate
from reconciler.runs import RunState
from tests.pulumi_provider.evaluated import OWNER
from tests.pulumi_provider.fleet_folder import FleetFolder

REFUSED = """\
apiVersion: reconciler/v1
workspaces:
  other:
    sandbox: {seed: seed.yaml, state: state/other.db}
    manifests: [manifests/]
    limits: {maxDisconnects: 0}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FleetFolder:
    """A folder in which nothing may be told."""

    def shown(*_: object) -> None:
        raise AssertionError("something was told")

    for level in ("debug", "info", "warn", "error"):
        monkeypatch.setattr(pulumi.log, level, shown)
    monkeypatch.setenv("RECONCILER_REPORT", "json=report.json")
    monkeypatch.chdir(tmp_path)
    folder = FleetFolder(tmp_path)
    folder.write("other.yaml", REFUSED)
    return folder


@pytest.mark.parametrize("update", [False, True])
def test_a_refusal_is_a_value_with_all_that_a_report_needs(
    folder: FleetFolder, *, update: bool
) -> None:
    other = Fleet("other", "other.yaml")
    found = evaluate([other], EvaluationRequest(OWNER), update=update)
    assert isinstance(found, Failure)
    assert isinstance(found.error, Refused)
    assert found.fleet == other
    assert found.workspace is not None
    assert found.workspace.name == "other"
    assert found.ledger is not None
    assert not (folder.folder / "report.json").exists()


def test_one_failure_abandons_the_runs_of_all_other_fleets(folder: FleetFolder) -> None:
    fleets = [Fleet("trial"), Fleet("other", "other.yaml")]
    assert isinstance(evaluate(fleets, EvaluationRequest(OWNER), update=True), Failure)
    with read_ledger(SqliteFile(folder.folder / ".reconciler/ledger.db")) as ledger:
        assert ledger.holder("trial") is None
        (abandoned,) = ledger.runs("trial", 10)
    assert abandoned.state is RunState.STOPPED
    assert folder.mutations() == 0
