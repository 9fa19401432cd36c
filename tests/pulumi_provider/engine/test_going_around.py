"""Transforms, options, other operations, other stacks: nothing goes around the plan or the lock."""

import pytest

from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH, LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE

TRANSFORM = """\
import pulumi
from reconciler.pulumi_provider.program import main


def change(args):
    if args.type_.endswith(":CalendarUser") and "{whom}" in args.name:
        {change}
    return pulumi.ResourceTransformResult(props=args.props, opts=args.opts)


pulumi.runtime.register_resource_transform(change)
main()
"""


def transformed(stack: Stack, whom: str, change: str) -> None:
    stack.write("__main__.py", TRANSFORM.format(whom=whom, change=change))


def test_a_transform_that_adds_a_disconnect_does_not_get_it(by_user: Stack) -> None:
    """It may try with declaration and all: what is not in the run's plan is not done."""
    google = next(
        user.connections[0].id
        for user in by_user.sandbox.users()
        if user.external_id == "settled@example.com"
    )
    transformed(
        by_user,
        "settled",
        f"args.props |= {{'platforms': [], 'plan': {{'disconnect': {{'google': '{google}'}}}}}}",
    )
    assert by_user.up("--skip-preview") == 1
    assert "ask for something else than the plan of the run" in by_user.out
    assert set(by_user.disconnects()) <= set(BOTH)
    assert ("settled@example.com", "google") not in by_user.disconnects()


def test_a_transform_that_takes_a_disconnect_away_is_found_out(by_user: Stack) -> None:
    transformed(by_user, "mover", "args.props['plan'] = {}")
    assert by_user.up("--skip-preview") == 1
    assert "mover@example.com (google): not attempted: it was left out" in by_user.out
    assert by_user.disconnects() == [LEAVER_LOSES_GOOGLE]


def test_options_of_a_transform_that_ignore_the_plan_are_found_out(by_user: Stack) -> None:
    by_user.declare("{id: mover@example.com, platforms: [google, microsoft]}")
    by_user.converge()
    by_user.declare("{id: mover@example.com, platforms: [microsoft]}")
    transformed(by_user, "mover", "args.opts.ignore_changes = ['plan']")
    assert by_user.up("--skip-preview") == 1
    assert "mover@example.com (google): not attempted" in by_user.out
    assert by_user.disconnects() == []


@pytest.mark.parametrize("operation", ["refresh", "destroy"])
def test_an_operation_that_runs_the_program_disconnects_nobody(
    stack: Stack, operation: str
) -> None:
    stack.declare("{id: mover@example.com, platforms: [google, microsoft]}")
    stack.converge()
    stack.declare("{id: mover@example.com, platforms: [microsoft]}")
    assert stack.run(operation, "--run-program", "--yes") != 0
    assert "run it without --run-program" in stack.out
    assert stack.disconnects() == []
    assert stack.up() == 0
    assert stack.disconnects() == [MOVER_LOSES_GOOGLE]


def test_an_address_that_changed_under_the_stack_is_refused(stack: Stack) -> None:
    stack.converge()
    config = (stack.folder / "reconciler.yaml").read_text(encoding="utf-8")
    stack.write("reconciler.yaml", config.replace("state/sandbox.db", "state/another.db"))
    assert stack.up("--skip-preview") == 1
    assert f"this stack holds workspace trial at {stack.address}" in stack.out
    assert stack.run("refresh", "--yes", "--skip-preview") != 0
    assert f"the stack holds it at {stack.address}" in stack.out
    assert stack.disconnects() == BOTH
