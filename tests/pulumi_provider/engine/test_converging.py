"""New, converged, drifting, edited: what `preview`, `up` and `refresh` do on the real engine."""

import subprocess
import sys

import pytest

from reconciler.domain import Platform
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import (
    BOTH,
    SETTLED_LOSES_MICROSOFT,
)


def test_a_preview_says_what_an_update_would_do_and_does_nothing(stack: Stack) -> None:
    assert stack.preview() == 0
    assert "an update would disconnect 2: leaver@example.com (google), mover@" in stack.out
    assert "1 waiting for a person to connect: waiting@example.com (microsoft)" in stack.out
    assert "1 held: waiting@example.com (google)" in stack.out
    assert "1 left alone: stranger@example.com" in stack.out
    assert {entry.method for entry in stack.sandbox.log()} == {"GET"}
    assert not (stack.folder / ".reconciler").exists()


@pytest.mark.sample
def test_a_new_fleet_converges_and_the_next_preview_has_nothing_to_do(stack: Stack) -> None:
    assert stack.up() == 0
    assert stack.disconnects() == BOTH
    assert stack.preview("--expect-no-changes") == 0
    assert stack.disconnects() == BOTH


def test_an_unchanged_fleet_has_the_same_inputs_and_outputs_after_each_update(
    stack: Stack,
) -> None:
    stack.begin_at_rest()
    before = stack.resources()
    stack.write("manifests/people.yaml", f"# a comment\n{_manifest(stack)}")
    stack.connect("stranger@example.com", Platform.GOOGLE)
    assert stack.up() == 0
    assert stack.resources() == before
    assert stack.disconnects() == BOTH


@pytest.mark.sample
def test_drift_is_seen_by_a_preview_and_undone_by_an_update(stack: Stack) -> None:
    stack.begin_converged()
    stack.connect("settled@example.com", Platform.MICROSOFT)
    assert stack.preview("--expect-no-changes") == 7
    assert "disconnect 1: settled@example.com (microsoft)" in stack.out
    assert stack.disconnects() == BOTH
    assert stack.up() == 0
    assert stack.disconnects() == [*BOTH, SETTLED_LOSES_MICROSOFT]


def test_an_edited_platform_disconnects_the_other_one(stack: Stack) -> None:
    stack.connect("settled@example.com", Platform.MICROSOFT)
    stack.declare(
        "{id: settled@example.com, platforms: [google, microsoft]}",
        "{id: leaver@example.com, platforms: [google]}",
    )
    stack.converge()
    assert stack.disconnects() == []
    stack.declare(
        "{id: settled@example.com, platforms: [google]}",
        "{id: leaver@example.com, platforms: [google]}",
    )
    assert stack.up() == 0
    assert stack.disconnects() == [SETTLED_LOSES_MICROSOFT]


def test_a_handover_waits_for_the_person_and_goes_on_when_he_has_connected(stack: Stack) -> None:
    stack.begin_converged()
    assert stack.disconnects() == BOTH
    stack.connect("waiting@example.com", Platform.MICROSOFT)
    assert stack.up() == 0
    assert stack.disconnects() == [*BOTH, ("waiting@example.com", "google")]


def test_a_wanted_connection_that_went_is_a_line_in_every_preview(stack: Stack) -> None:
    stack.begin_converged()
    stack.sandbox.disconnect("settled@example.com", Platform.GOOGLE)
    assert stack.preview("--expect-no-changes") == 0
    assert "settled@example.com (google)" in stack.out
    assert stack.disconnects() == BOTH


def test_moving_between_granularities_disconnects_nobody(stack: Stack) -> None:
    stack.begin_converged()
    other = "user" if stack.granularity == "fleet" else "fleet"
    for granularity in (other, stack.granularity):
        assert stack.run("config", "set", "granularity", granularity) == 0
        assert stack.up() == 0
        assert len(stack.resources()) == (4 if granularity == "user" else 1)
    assert stack.disconnects() == BOTH


def _manifest(stack: Stack) -> str:
    return (stack.folder / "manifests/people.yaml").read_text(encoding="utf-8")


def test_an_imported_file_leaves_the_next_preview_nothing_to_do(stack: Stack) -> None:
    stack.declare(
        "{id: settled@example.com, platforms: [google]}",
        "{id: stranger@example.com, platforms: [google, microsoft]}",
    )
    command = [sys.executable, "-m", "reconciler.pulumi_provider", "import-file", "found.json"]
    options = ["--workspace", "trial", "--granularity", stack.granularity]
    subprocess.run([*command, *options], cwd=stack.folder, check=True, capture_output=True)
    given = ["--generate-code=false", "--protect=false", "--yes"]
    assert stack.run("import", "--file", "found.json", *given) == 0, stack.out
    assert stack.preview("--expect-no-changes") == 0
    assert {entry.method for entry in stack.sandbox.log()} == {"GET"}
