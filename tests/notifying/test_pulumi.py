"""Updates of Pulumi notify as the command line does, after their run is closed."""

import json
from pathlib import Path

import pulumi
import pytest

from reconciler.pulumi_provider import Fleet, Granularity, inputs, outputs
from reconciler.pulumi_provider.declaration import CompletionCheck
from reconciler.pulumi_provider.evaluation import EvaluationRequest
from reconciler.pulumi_provider.pinned_plan import pins_of
from reconciler.pulumi_provider.reports import ProgramReporter
from reconciler.pulumi_provider.resources import fleet_inputs, place_of
from tests.notifying.receiver import Receiver, webhook
from tests.pulumi_provider.both_halves import one_command
from tests.pulumi_provider.evaluated import OWNER, approved
from tests.pulumi_provider.fleet_folder import BOTH, FleetFolder


def test_an_update_notifies_of_its_run(tmp_path: Path, receiver: Receiver) -> None:
    folder = FleetFolder(tmp_path)
    folder.configure(webhook())
    fleet = Fleet("trial", granularity=Granularity.FLEET)
    reporter = ProgramReporter({"RECONCILER_REPORT": f"json={tmp_path}/report.json"}, ["trial"])
    with one_command(folder.folder):
        one = approved(fleet, EvaluationRequest(OWNER), update=True)
        one.share_run()
        place = place_of(fleet, one.session.endpoint.address)
        asked = fleet_inputs(place, one.desired, pins_of(one.approved.ready))
        outputs.converge_fleet(inputs.check_fleet({}, asked).inputs)
        assert receiver.requests == []
        assert CompletionCheck([one], reporter)._close(one) is None
    assert folder.disconnects() == BOTH
    (body,) = receiver.received()
    report = folder.report()
    assert (body["event"], body["run"]) == ("run", report["run"])
    assert body["lines"][0] == "Run: 2 verified; 2 mutating calls sent."
    assert report["deliveries"] == [
        {"target": "hook", "event": "run", "state": "delivered", "cause": None}
    ]


def test_an_update_that_is_refused_notifies_and_a_preview_does_not(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FleetFolder(tmp_path)
    folder.configure(webhook() + "\n    limits: {maxDisconnects: 1}")
    monkeypatch.chdir(tmp_path)
    environ = {"RECONCILER_REPORT": f"json={tmp_path}/report.json"}
    for update in (False, True, True):
        with pytest.raises(pulumi.RunError):
            approved(Fleet("trial"), EvaluationRequest(OWNER), update=update, environ=environ)
        if not update:
            assert receiver.requests == []
    assert folder.disconnects() == []
    assert receiver.titles() == [("refused", "A run of workspace trial was refused by 1 guard")]


def test_an_update_with_a_target_that_cannot_be_used_begins_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FleetFolder(tmp_path)
    folder.configure(webhook())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pulumi.RunError, match="HOOK_URL"):
        approved(Fleet("trial"), EvaluationRequest(OWNER), update=True)
    assert folder.disconnects() == []
    assert not (tmp_path / ".reconciler/ledger.db").exists()


def test_the_status_of_an_update_is_the_same_with_a_dead_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.notifying.webhook.ATTEMPTS", 1)
    monkeypatch.setenv("HOOK_URL", "http://127.0.0.1:1/hook")
    monkeypatch.setenv("HOOK_KEY", "0123456789abcdef" * 2)
    folder = FleetFolder(tmp_path)
    folder.configure(webhook())
    monkeypatch.chdir(tmp_path)
    reporter = ProgramReporter({"RECONCILER_REPORT": f"json={tmp_path}/report.json"}, ["trial"])
    folder.declare(
        "{id: settled@example.com, platforms: [google]}",
        "{id: waiting@example.com, platforms: [google]}",
    )
    one = approved(Fleet("trial"), EvaluationRequest(OWNER), update=True)
    one.share_run()
    assert CompletionCheck([one], reporter)._close(one) is None
    assert folder.disconnects() == []
    assert json.loads((tmp_path / "report.json").read_text())["status"] == 0
