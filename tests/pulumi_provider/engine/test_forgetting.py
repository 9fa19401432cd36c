"""Removed, renamed, destroyed: forgotten, which every preview says, and never disconnected."""

import pytest

from tests.pulumi_provider.engine.programs import own
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH

MOVER = "{id: mover@example.com, platforms: [microsoft]}"
LEAVER = "{id: leaver@example.com, platforms: [], reason: left (HR-1)}"
WAITING = "{id: waiting@example.com, platforms: [microsoft]}"
SETTLED = "{id: settled@example.com, platforms: [google]}"
RENAMED = "{id: renamed@example.com, platforms: [google]}"


def says_retain(stack: Stack) -> bool:
    """A fleet is one resource, from which nobody is taken away: only its digest changes."""
    return ("delete[retain]" in stack.out) == (stack.granularity == "user")


@pytest.mark.sample
def test_a_removed_user_is_retained_and_no_call_is_made(stack: Stack) -> None:
    stack.begin_converged()
    done = stack.mutations()
    stack.declare(MOVER, WAITING, SETTLED)
    assert stack.preview() == 0
    assert says_retain(stack)
    assert stack.up() == 0
    assert stack.mutations() == done
    assert stack.disconnects() == BOTH


def test_a_renamed_user_is_retained_and_no_call_is_made(stack: Stack) -> None:
    stack.begin_converged()
    done = stack.mutations()
    stack.declare(MOVER, LEAVER, WAITING, RENAMED)
    assert stack.preview() == 0
    assert says_retain(stack)
    assert stack.up() == 0
    assert stack.mutations() == done
    assert stack.disconnects() == BOTH


def test_a_destroyed_stack_is_retained_and_no_call_is_made(stack: Stack) -> None:
    stack.begin_converged()
    done = stack.mutations()
    assert stack.run("destroy", "--preview-only") == 0
    assert "delete[retain]" in stack.out
    assert stack.run("destroy", "--yes", "--skip-preview") == 0
    assert stack.resources() == {}
    assert stack.mutations() == done
    assert stack.disconnects() == BOTH


def test_whoever_is_moved_between_manifest_files_is_unchanged(stack: Stack) -> None:
    stack.begin_at_rest()
    before = stack.resources()
    stack.declare(MOVER, SETTLED, WAITING)
    stack.write("manifests/leavers.yaml", f"apiVersion: reconciler/v1\nusers: [{LEAVER}]\n")
    assert stack.up("--expect-no-changes", "--skip-preview") == 0
    assert stack.resources() == before
    assert stack.disconnects() == BOTH


def test_a_protected_resource_is_kept_and_the_refusal_calls_nobody(stack: Stack) -> None:
    own(stack, options="protect=True")
    assert stack.up("--skip-preview") == 0
    before = stack.resources()
    assert stack.run("destroy", "--yes", "--skip-preview") != 0
    assert "cannot be deleted" in stack.out
    assert stack.resources() == before
    assert stack.disconnects() == BOTH


def test_a_protected_user_who_is_removed_stays_in_the_stack(by_user: Stack) -> None:
    own(by_user, options="protect=True")
    assert by_user.up("--skip-preview") == 0
    before = by_user.resources()
    by_user.declare(MOVER, WAITING, SETTLED)
    assert by_user.up("--skip-preview") != 0
    assert "cannot be deleted" in by_user.out
    assert set(by_user.resources()) == set(before)
    assert by_user.disconnects() == BOTH
