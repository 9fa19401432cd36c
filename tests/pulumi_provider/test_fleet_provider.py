"""A whole fleet as one resource, through the provider's gRPC server."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from reconciler.domain import Platform
from reconciler.manifest import load_manifests
from reconciler.planning import desired_digest
from reconciler.pulumi_provider.provider import CalendarFleetProvider
from tests.pulumi_provider.fleet_folder import BOTH, LEAVER_LOSES_GOOGLE, FleetFolder
from tests.pulumi_provider.provider_process import NOBODY, OPENER, provider
from tests.pulumi_provider.test_provider import connection


@pytest.fixture
def folder(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path / "project")


def fleet(folder: FleetFolder, **plan: Any) -> dict[str, Any]:
    desired = load_manifests([folder.folder / "manifests"])
    return {
        "workspace": "trial",
        "address": folder.address,
        "configuration": "reconciler.yaml",
        "digest": desired_digest(desired),
        "declared": len(desired.users),
        "plan": plan,
    }


def disconnects(folder: FleetFolder, *users: str) -> dict[str, dict[str, str]]:
    return {user: {"google": connection(folder, user, "google")} for user in users}


def test_check_numbers_a_plan_and_clears_a_spent_one(folder: FleetFolder) -> None:
    with provider(folder.folder, NOBODY, CalendarFleetProvider) as process:
        asked = fleet(folder, disconnect={"leaver@example.com": {"google": "c-1"}})
        first = process.check({}, asked).inputs["plan"]
        assert first["generation"] == 1
        assert dict(first["disconnect"]["leaver@example.com"]) == {"google": "c-1"}
        olds = fleet(folder, generation=1, disconnect={"leaver@example.com": {"google": "c-1"}})
        cleared = process.check(olds, fleet(folder)).inputs["plan"]
        assert (cleared["generation"], dict(cleared["disconnect"])) == (1, {})
    assert folder.sandbox.log() == ()


def test_diff_sees_a_new_plan_an_edited_declaration_and_drift(folder: FleetFolder) -> None:
    with provider(folder.folder, NOBODY, CalendarFleetProvider) as process:
        olds = {**fleet(folder), "generation": 1, "drift": {}, "unsettled": []}
        spent = fleet(folder, generation=1, disconnect={})
        assert not process.changed(olds, spent)
        assert process.changed(olds, fleet(folder, generation=2, disconnect={"x": {"google": "c"}}))
        assert process.changed(olds, {**spent, "digest": "sha256:other"})
        assert process.changed({**olds, "drift": {"x": ["disconnect google"]}}, spent)
        assert process.changed({**olds, "unsettled": ["x"]}, spent)


def test_create_does_what_is_pinned_for_each_user(folder: FleetFolder) -> None:
    with provider(folder.folder, OPENER, CalendarFleetProvider) as process:
        plan = disconnects(folder, "leaver@example.com", "mover@example.com")
        outputs = process.create(fleet(folder, generation=1, disconnect=plan))
    verified = {"disconnect google": "verified"}
    assert outputs["outcomes"] == {"leaver@example.com": verified, "mover@example.com": verified}
    assert "plan" not in outputs
    assert folder.disconnects() == BOTH


def test_a_part_of_the_plan_is_done_alone(folder: FleetFolder) -> None:
    with provider(folder.folder, OPENER, CalendarFleetProvider) as process:
        plan = disconnects(folder, "leaver@example.com")
        process.create(fleet(folder, generation=1, disconnect=plan))
    assert folder.disconnects() == [LEAVER_LOSES_GOOGLE]


@pytest.mark.parametrize("user", ["settled@example.com", "stranger@example.com"])
def test_a_pin_that_the_runs_plan_does_not_hold_stops_the_whole_fleet(
    folder: FleetFolder, user: str
) -> None:
    with provider(folder.folder, OPENER, CalendarFleetProvider) as process:
        plan = disconnects(folder, "leaver@example.com", user)
        with pytest.raises(grpc.RpcError, match=f"the inputs of {user} do not match the plan"):
            process.create(fleet(folder, generation=1, disconnect=plan))
    assert folder.mutations() == 0


def test_read_tells_the_drift_by_user(folder: FleetFolder) -> None:
    with provider(folder.folder, NOBODY, CalendarFleetProvider) as process:
        folder.connect("settled@example.com", Platform.MICROSOFT)
        _, outputs = process.read(fleet(folder))
    assert outputs["drift"] == {
        "leaver@example.com": ["disconnect google"],
        "mover@example.com": ["disconnect google"],
        "settled@example.com": ["disconnect microsoft"],
    }
    assert folder.lists() == 1
    assert folder.mutations() == 0


def test_another_address_than_the_stacks_is_refused(folder: FleetFolder) -> None:
    with (
        provider(folder.folder, NOBODY, CalendarFleetProvider) as process,
        pytest.raises(grpc.RpcError, match="the stack holds it at sandbox:old"),
    ):
        process.read({**fleet(folder), "address": "sandbox:old"})
    assert folder.sandbox.log() == ()
