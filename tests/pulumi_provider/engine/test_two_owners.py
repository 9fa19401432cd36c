"""Two stacks of one workspace, or a stack and its command line: at once, and in turn."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from reconciler.domain import Platform
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH
from tests.run_of_owner import run_of_owner

KEPT = (
    "{id: mover@example.com, platforms: [google, microsoft]}",
    "{id: leaver@example.com, platforms: [google]}",
    "{id: settled@example.com, platforms: [google]}",
)
"""Everybody keeps what he has; the manifest of the folder wants less of the first two."""

DEV, OTHER = "stack organization/trial/dev", "stack organization/trial/other"


def add_other(stack: Stack) -> None:
    """A second stack of the same project, with the same configuration."""
    assert stack.run("stack", "init", "other", "--no-select") == 0, stack.out
    setting = ("config", "set", "granularity", stack.granularity, "--stack", "other")
    assert stack.run(*setting) == 0, stack.out


@contextmanager
def acting(stack: Stack, owner: str, declared: Mapping[str, frozenset[Platform]]) -> Iterator[str]:
    """A run of ``owner`` that was let through, has nothing to do, and is open meanwhile; its id."""
    assert stack.reconciler("plan", "-o", "saved.json").returncode == 0
    saved = stack.folder / "saved.json"
    ledger = stack.folder / ".reconciler/ledger.db"
    with run_of_owner(owner, ledger, saved, declared) as run:
        yield run.id


def manifest(stack: Stack) -> str:
    return (stack.folder / "manifests/people.yaml").read_text()


def one_line(text: str) -> str:
    """Pulumi indents what a program says."""
    return " ".join(text.split())


@pytest.mark.sample
def test_a_second_stack_that_disagrees_is_refused_in_turn_until_it_is_allowed(
    stack: Stack,
) -> None:
    add_other(stack)
    wanting_less = manifest(stack)
    stack.declare(*KEPT)
    assert stack.up("--skip-preview") == 0, stack.out
    stack.write("manifests/people.yaml", wanting_less)
    for refused in (
        stack.preview("--stack", "other"),
        stack.up("--skip-preview", "--stack", "other"),
    ):
        assert refused == 1
        assert (
            "takeover refused: 2 declared users belong to another owner that declares other"
            f" platforms: leaver@example.com ({OTHER} declares nothing, {DEV} declares google),"
            f" mover@example.com ({OTHER} declares microsoft, {DEV} declares google and microsoft)."
            " If this is intended, run it with `RECONCILER_ALLOW=takeover` in the environment"
        ) in one_line(stack.out)
    assert stack.mutations() == 0
    assert stack.up("--skip-preview", "--stack", "other", RECONCILER_ALLOW="takeover") == 0
    assert stack.disconnects() == BOTH


def test_the_first_stack_cannot_take_back_unasked_whom_the_second_took(stack: Stack) -> None:
    add_other(stack)
    wanting_less = manifest(stack)
    stack.declare(*KEPT)
    assert stack.up("--skip-preview") == 0, stack.out
    stack.write("manifests/people.yaml", wanting_less)
    assert stack.up("--skip-preview", "--stack", "other", RECONCILER_ALLOW="takeover") == 0
    stack.declare(*KEPT)
    assert stack.up("--skip-preview") == 1
    assert f"leaver@example.com ({DEV} declares google, {OTHER} declares nothing)" in one_line(
        stack.out
    )
    assert stack.disconnects() == BOTH


def test_two_stacks_that_agree_take_turns_and_disconnect_nobody_twice(stack: Stack) -> None:
    add_other(stack)
    assert stack.up("--skip-preview") == 0, stack.out
    assert stack.up("--skip-preview", "--stack", "other") == 0, stack.out
    assert stack.up("--skip-preview") == 0, stack.out
    assert stack.disconnects() == BOTH


def test_at_once_the_second_waits_for_nobody_and_then_is_refused_for_what_the_first_declares(
    stack: Stack,
) -> None:
    add_other(stack)
    with acting(stack, DEV, {"leaver@example.com": frozenset({Platform.GOOGLE})}) as run:
        assert stack.up("--skip-preview", "--stack", "other") == 1
        assert f"workspace trial is locked by run {run}" in one_line(stack.out)
    assert stack.up("--skip-preview", "--stack", "other") == 1
    assert f"leaver@example.com ({OTHER} declares nothing, {DEV} declares google)" in one_line(
        stack.out
    )
    assert stack.mutations() == 0
    assert stack.up("--skip-preview", "--stack", "other", RECONCILER_ALLOW="takeover") == 0
    assert stack.disconnects() == BOTH


def test_the_command_line_is_refused_whom_a_stack_declares_otherwise(stack: Stack) -> None:
    wanting_less = manifest(stack)
    stack.declare(*KEPT)
    assert stack.up("--skip-preview") == 0, stack.out
    stack.write("manifests/people.yaml", wanting_less)
    refused = stack.reconciler("apply", "--auto-approve")
    assert refused.returncode == 3
    assert f"leaver@example.com (the command line declares nothing, {DEV} declares google)" in (
        refused.stdout
    )
    assert "add `--allow takeover` to `reconciler apply`" in refused.stdout
    assert stack.mutations() == 0
    assert stack.reconciler("apply", "--auto-approve", "--allow", "takeover").returncode == 0
    assert stack.disconnects() == BOTH


def test_a_stack_is_refused_whom_the_command_line_declares_otherwise(stack: Stack) -> None:
    wanting_less = manifest(stack)
    stack.declare(*KEPT)
    assert stack.reconciler("apply", "--auto-approve").returncode == 0
    stack.write("manifests/people.yaml", wanting_less)
    assert stack.up("--skip-preview") == 1
    assert f"leaver@example.com ({DEV} declares nothing, the command line declares google)" in (
        one_line(stack.out)
    )
    assert "--allow takeover" not in stack.out
    assert stack.resources() == {}
    assert stack.mutations() == 0
    assert stack.up("--skip-preview", RECONCILER_ALLOW="takeover") == 0
    assert stack.disconnects() == BOTH
