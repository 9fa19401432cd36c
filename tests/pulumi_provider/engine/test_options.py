"""What a person asks for beside the plan: a part of it, or a replacement, and nothing more."""

import pytest

from reconciler.domain import Platform
from tests.pulumi_provider.engine.programs import own
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import (
    BOTH,
    LEAVER_LOSES_GOOGLE,
    MOVER_LOSES_GOOGLE,
    SETTLED_LOSES_MICROSOFT,
)


@pytest.mark.sample
def test_a_target_acts_on_the_target_alone_and_says_that_the_rest_was_not_tried(
    by_user: Stack,
) -> None:
    target = by_user.urn("leaver@example.com")
    assert by_user.up("--skip-preview", "--target", target) == 1
    assert by_user.disconnects() == [LEAVER_LOSES_GOOGLE]
    assert "1 of 2 planned actions not confirmed" in by_user.out
    assert "mover@example.com (google): not attempted: left out of the update by" in by_user.out
    assert by_user.up() == 0
    assert by_user.disconnects() == BOTH


def test_whoever_is_excluded_is_left_and_named(by_user: Stack) -> None:
    assert by_user.up("--skip-preview", "--exclude", by_user.urn("leaver@example.com")) == 1
    assert by_user.disconnects() == [MOVER_LOSES_GOOGLE]
    assert "leaver@example.com (google): not attempted: left out of the update by" in by_user.out
    assert by_user.up() == 0
    assert by_user.disconnects() == BOTH


def test_an_excluded_fleet_is_left_whole(stack: Stack) -> None:
    everybody = stack.urn("**") if stack.granularity == "user" else stack.urn("")
    assert stack.up("--skip-preview", "--exclude", everybody) == 1
    assert "2 of 2 planned actions not confirmed" in stack.out
    assert stack.disconnects() == []


def test_replacing_what_has_converged_makes_no_call(stack: Stack) -> None:
    stack.begin_converged()
    done = stack.mutations()
    replaced = stack.urn("settled@example.com")
    assert stack.up("--skip-preview", "--replace", replaced) == 0
    assert stack.up("--skip-preview", "--target-replace", replaced) == 0
    assert stack.mutations() == done
    assert stack.disconnects() == BOTH


def test_replacing_does_what_its_preview_showed_and_no_more(stack: Stack) -> None:
    stack.begin_converged()
    stack.connect("settled@example.com", Platform.MICROSOFT)
    assert stack.up("--replace", stack.urn("settled@example.com")) == 0
    assert "an update would disconnect 1: settled@example.com (microsoft)" in stack.out
    assert stack.disconnects() == [*BOTH, SETTLED_LOSES_MICROSOFT]


def test_a_tainted_resource_is_replaced_without_a_call(stack: Stack) -> None:
    stack.begin_converged()
    done = stack.mutations()
    assert stack.run("state", "taint", "--yes", stack.urn("mover@example.com")) == 0, stack.out
    assert stack.up() == 0
    assert stack.mutations() == done
    assert stack.preview("--expect-no-changes") == 0
    assert stack.disconnects() == BOTH


def test_a_program_cannot_ignore_the_plan(stack: Stack) -> None:
    own(stack, options="ignore_changes=['plan']")
    assert stack.up("--skip-preview") == 1
    assert "a fleet takes no option ignore_changes" in stack.out
    assert stack.resources() == {}
    assert stack.disconnects() == []


def test_a_program_cannot_have_removed_users_deleted(by_user: Stack) -> None:
    own(by_user, options="retain_on_delete=False")
    assert by_user.up("--skip-preview") == 0
    assert by_user.run("destroy", "--preview-only") == 0
    assert by_user.out.count("delete[retain]") >= 4
    assert by_user.disconnects() == BOTH
