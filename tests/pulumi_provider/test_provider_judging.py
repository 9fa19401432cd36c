"""What changed between the program's judgement and the provider's: it is judged again, and less
is done, never more."""

from pathlib import Path

import grpc
import pytest

from reconciler.domain import Platform
from tests.pulumi_provider.fleet_folder import BOTH, LEAVER_LOSES_GOOGLE, FleetFolder
from tests.pulumi_provider.provider_process import Provider, provider
from tests.pulumi_provider.test_provider import connection, inputs, planned


@pytest.fixture
def folder(tmp_path: Path) -> FleetFolder:
    return FleetFolder(tmp_path / "project")


def refusal(process: Provider, folder: FleetFolder) -> str:
    """What the provider says, and not where in the code, instead of disconnecting the leaver."""
    with pytest.raises(grpc.RpcError) as raised:
        process.create(planned(folder))
    said = str(raised.value.details()).strip()
    assert said.startswith("Failed: ")
    assert 'File "' not in said
    assert folder.mutations() == 0
    return said


def test_a_key_whose_fingerprint_is_not_the_runs_is_refused(folder: FleetFolder) -> None:
    with provider(folder.folder) as process:
        folder.rotate_key("sk-another-recognisable-key")
        said = refusal(process, folder)
    assert "the plan was made with another API key" in said
    assert "sk-another" not in said


def test_a_limit_that_was_lowered_since_is_kept(folder: FleetFolder) -> None:
    with provider(folder.folder) as process:
        folder.configure("limits: {maxDisconnects: 1}")
        said = refusal(process, folder)
    assert "max-disconnects refused: 2 disconnects; the limit is 1" in said


def test_manifests_that_were_edited_since_are_refused(folder: FleetFolder) -> None:
    with provider(folder.folder) as process:
        folder.declare("{id: leaver@example.com, platforms: [google]}")
        said = refusal(process, folder)
    assert "the manifests changed since the plan was made" in said


def test_whoever_is_protected_since_keeps_what_he_has(folder: FleetFolder) -> None:
    with provider(folder.folder) as process:
        folder.configure("protected: [leaver@example.com]")
        kept = process.create(planned(folder))
        google = connection(folder, "mover@example.com", "google")
        plan = {"generation": 1, "disconnect": {"google": google}}
        moved = process.create(inputs(folder, "mover@example.com", ["microsoft"], **plan))
    assert kept["outcomes"] == {"leaver@example.com": {"disconnect google": "skipped_stale"}}
    assert moved["outcomes"] == {"mover@example.com": {"disconnect google": "verified"}}
    assert folder.disconnects() == [("mover@example.com", "google")]


def test_a_connection_that_is_another_since_is_left_alone(folder: FleetFolder) -> None:
    """The person connected again: nobody was shown that this would be disconnected."""
    with provider(folder.folder) as process:
        asked = planned(folder)
        folder.sandbox.disconnect("leaver@example.com", Platform.GOOGLE)
        folder.connect("leaver@example.com", Platform.GOOGLE)
        outputs = process.create(asked)
    assert outputs["outcomes"] == {"leaver@example.com": {"disconnect google": "skipped_stale"}}
    assert outputs["unsettled"] == ["disconnect google of leaver@example.com"]
    assert folder.mutations() == 0


def test_the_second_time_it_is_asked_it_does_not_act_again(folder: FleetFolder) -> None:
    with provider(folder.folder) as process:
        asked = planned(folder)
        first, second = process.create(asked), process.create(asked)
    assert first["outcomes"] == second["outcomes"]
    assert folder.disconnects() == [LEAVER_LOSES_GOOGLE]
    assert set(BOTH) > {LEAVER_LOSES_GOOGLE}
