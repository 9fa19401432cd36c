"""The world moved between preview and update: no form of `up` does more than what was shown, but
the one that was told to show nothing."""

import pytest

from reconciler.domain import Platform
from tests.pulumi_provider.engine.programs import moved
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import (
    BOTH,
    LEAVER_LOSES_GOOGLE,
    SETTLED_LOSES_MICROSOFT,
)

APPEARS = 'connect("waiting@example.com", Platform.MICROSOFT)'
GOES = 'disconnect("mover@example.com", Platform.GOOGLE)'
LEFT = "not in the preview, so left for the next update: waiting@example.com (google)"


@pytest.mark.sample
def test_a_plain_update_says_and_leaves_what_appeared_after_its_preview(stack: Stack) -> None:
    moved(stack, APPEARS)
    assert stack.up() == 0
    assert LEFT in stack.out
    assert stack.disconnects() == BOTH
    assert list(stack.records.iterdir()) == []


def test_a_plain_update_does_what_is_left_of_its_preview(stack: Stack) -> None:
    moved(stack, GOES)
    assert stack.up() == 0
    assert stack.disconnects() == [LEAVER_LOSES_GOOGLE]


def test_a_strict_update_leaves_what_appeared_as_a_plain_one_does(stack: Stack) -> None:
    moved(stack, APPEARS)
    assert stack.up("--strict") == 0
    assert LEFT in stack.out
    assert stack.disconnects() == BOTH


def test_a_strict_update_refuses_when_less_is_left_to_do(stack: Stack) -> None:
    """Resource by resource, while it acts on others: a fleet is all or nothing."""
    moved(stack, GOES)
    assert stack.up("--strict") != 0
    assert "violates plan" in stack.out
    possible = [LEAVER_LOSES_GOOGLE] if stack.granularity == "user" else []
    assert stack.disconnects() in ([], possible)


def test_a_saved_plan_of_pulumi_is_refused_by_its_preview_before_any_call(stack: Stack) -> None:
    assert stack.preview("--save-plan", "saved.json") == 0
    stack.connect("settled@example.com", Platform.MICROSOFT)
    assert stack.up("--plan", "saved.json") != 0
    assert "violates plan" in stack.out
    assert stack.disconnects() == []


def test_a_saved_plan_of_pulumi_without_a_preview_never_does_more_than_it_holds(
    stack: Stack,
) -> None:
    """Resource by resource, while it acts on others: a fleet is all or nothing."""
    assert stack.preview("--save-plan", "saved.json") == 0
    stack.connect("settled@example.com", Platform.MICROSOFT)
    assert stack.up("--skip-preview", "--plan", "saved.json") != 0
    assert "violates plan" in stack.out
    assert SETTLED_LOSES_MICROSOFT not in stack.disconnects()
    assert set(stack.disconnects()) <= (set(BOTH) if stack.granularity == "user" else set())


def test_a_saved_plan_of_pulumi_is_done_once(stack: Stack) -> None:
    assert stack.preview("--save-plan", "saved.json") == 0
    assert stack.up("--skip-preview", "--plan", "saved.json") == 0
    assert stack.disconnects() == BOTH
    assert stack.up("--skip-preview", "--plan", "saved.json") != 0
    assert "violates plan" in stack.out
    assert stack.disconnects() == BOTH


def test_an_update_without_a_preview_does_what_is_planned_now_and_says_so(stack: Stack) -> None:
    moved(stack, APPEARS)
    assert stack.up("--skip-preview") == 0
    assert "this command made no preview, so the update does what is planned now" in stack.out
    assert stack.disconnects() == sorted([*BOTH, ("waiting@example.com", "google")])
