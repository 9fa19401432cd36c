"""Transforms, options, other operations, another address: nothing goes around the plan."""

import pytest

from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH, LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE

TRANSFORM = """\
import pulumi
from reconciler.pulumi_provider.declaration import main


def change(args):
    if args.type_.endswith((":CalendarUser", ":CalendarFleet")) and "{whom}" in args.name:
        {change}
    return pulumi.ResourceTransformResult(props=args.props, opts=args.opts)


pulumi.runtime.register_resource_transform(change)
main()
"""
KEEPS_BOTH = "{id: mover@example.com, platforms: [google, microsoft]}"
MOVES = "{id: mover@example.com, platforms: [microsoft]}"
SETTLED = "{id: settled@example.com, platforms: [google]}"


def transformed(stack: Stack, user: str, *, by_user: str, by_fleet: str) -> None:
    """The project's program with a transform of the resource that ``user`` is or is a part of."""
    whom, change = (user, by_user) if stack.granularity == "user" else ("trial", by_fleet)
    stack.write("__main__.py", TRANSFORM.format(whom=whom, change=change))


@pytest.mark.sample
def test_a_transform_that_adds_a_disconnect_does_not_get_it(stack: Stack) -> None:
    """It may try with declaration and all: what is not in the run's plan is not done."""
    google = next(
        user.connections[0].id
        for user in stack.sandbox.users()
        if user.external_id == "settled@example.com"
    )
    added = f"{{'google': '{google}'}}"
    transformed(
        stack,
        "settled",
        by_user=f"args.props |= {{'platforms': [], 'plan': {{'disconnect': {added}}}}}",
        by_fleet=f"args.props['plan']['disconnect']['settled@example.com'] = {added}",
    )
    assert stack.up("--skip-preview") == 1
    assert "do not match the plan of the run" in stack.out
    assert set(stack.disconnects()) <= (set(BOTH) if stack.granularity == "user" else set())


def test_an_update_that_the_provider_ended_does_not_look_like_a_plan_in_its_report(
    stack: Stack,
) -> None:
    transformed(
        stack,
        "settled",
        by_user="args.props |= {'platforms': [], 'plan': {'disconnect': {'google': 'x'}}}",
        by_fleet="args.props['plan']['disconnect']['settled@example.com'] = {'google': 'x'}",
    )
    assert stack.up("--skip-preview", RECONCILER_REPORT="json=report.json") == 1
    shown = stack.report()
    assert shown["kind"] != "plan"
    assert shown["status"] == 4
    assert ("settled@example.com", "google") not in stack.disconnects()


def test_a_transform_that_takes_a_disconnect_away_is_found_out(stack: Stack) -> None:
    transformed(
        stack,
        "mover",
        by_user="args.props['plan'] = {}",
        by_fleet="del args.props['plan']['disconnect']['mover@example.com']",
    )
    assert stack.up("--skip-preview") == 1
    assert "mover@example.com (google): not attempted: left out of the update by" in stack.out
    assert stack.disconnects() == [LEAVER_LOSES_GOOGLE]


def test_options_of_a_transform_that_ignore_the_plan_are_found_out(stack: Stack) -> None:
    stack.declare(KEEPS_BOTH, SETTLED)
    stack.converge()
    stack.declare(MOVES, SETTLED)
    ignored = "args.opts.ignore_changes = ['plan']"
    transformed(stack, "mover", by_user=ignored, by_fleet=ignored)
    assert stack.up("--skip-preview") == 1
    assert "mover@example.com (google): not attempted" in stack.out
    assert stack.disconnects() == []


@pytest.mark.parametrize("operation", ["refresh", "destroy"])
def test_an_operation_that_runs_the_program_disconnects_nobody(
    stack: Stack, operation: str
) -> None:
    stack.declare(KEEPS_BOTH, SETTLED)
    stack.converge()
    stack.declare(MOVES, SETTLED)
    assert stack.run(operation, "--run-program", "--yes") != 0
    assert "run it without --run-program" in stack.out
    assert stack.disconnects() == []
    assert stack.up() == 0
    assert stack.disconnects() == [MOVER_LOSES_GOOGLE]


def test_an_address_that_changed_under_the_stack_is_refused(stack: Stack) -> None:
    stack.begin_converged()
    config = (stack.folder / "reconciler.yaml").read_text(encoding="utf-8")
    stack.write("reconciler.yaml", config.replace("state/sandbox.db", "state/another.db"))
    assert stack.up("--skip-preview") == 1
    assert f"this stack holds workspace trial at {stack.address}" in stack.out
    assert stack.run("refresh", "--yes", "--skip-preview") != 0
    assert f"the stack holds it at {stack.address}" in stack.out
    assert stack.disconnects() == BOTH


def test_a_stack_that_is_given_another_workspace_is_refused_until_it_is_allowed(
    by_user: Stack,
) -> None:
    config = (by_user.folder / "reconciler.yaml").read_text(encoding="utf-8")
    other = config.partition("  trial:\n")[2].replace("state/sandbox.db", "state/other.db")
    by_user.write("reconciler.yaml", f"{config}  other:\n{other}")
    by_user.converge()
    assert by_user.run("config", "set", "workspace", "other") == 0
    for operation in (["preview"], ["up", "--yes", "--skip-preview"]):
        assert by_user.run(*operation) != 0
        assert "held workspace trial until now, but declares workspace other" in by_user.out
    assert {name.partition("/")[0] for name in by_user.resources()} == {"trial"}
    allowed = {"RECONCILER_ALLOW": "other-workspace"}
    assert by_user.preview(**allowed) == 0
    assert by_user.out.count("delete[retain]") >= 4
    assert by_user.up("--skip-preview", **allowed) == 0
    assert {name.partition("/")[0] for name in by_user.resources()} == {"other"}
    assert by_user.disconnects() == BOTH
