"""Several workspaces in one program, several stacks and the command line on one workspace."""

import json

import pytest

from reconciler.sandbox import SandboxState, load_seed
from tests.pulumi_provider.engine.processes import updating
from tests.pulumi_provider.engine.programs import held, own
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH, disconnects_of

OTHER = """\
  other:
    sandbox: {seed: other.yaml, state: state/other.db}
    manifests: [other/]
"""
OTHER_SEED = """\
apiVersion: reconciler/sandbox/v1
users:
  - external_id: mover@example.com
    connected: {google: mover@example.com, microsoft: mover@example.com}
  - external_id: guest@example.com
    connected: {google: guest@example.com, microsoft: guest@example.com}
"""
OTHER_MANIFEST = """\
apiVersion: reconciler/v1
users:
  - {id: mover@example.com, platforms: [google]}
  - {id: guest@example.com, platforms: [microsoft]}
"""


def add_other_workspace(stack: Stack, extra: str = "") -> SandboxState:
    """A second workspace, with a user of the same name who is to keep the other platform."""
    first = (stack.folder / "reconciler.yaml").read_text(encoding="utf-8")
    stack.write("reconciler.yaml", f"{first}{OTHER}    {extra}\n")
    stack.write("other/people.yaml", OTHER_MANIFEST)
    seed = load_seed(stack.write("other.yaml", OTHER_SEED))
    sandbox = SandboxState.open(stack.folder / "state/other.db")
    sandbox.seed(seed)
    return sandbox


def test_two_workspaces_of_one_program_get_their_own_disconnects(stack: Stack) -> None:
    with add_other_workspace(stack) as other:
        own(stack, "trial", "other")
        assert stack.up() == 0
        assert stack.disconnects() == BOTH
        assert disconnects_of(other) == [
            ("guest@example.com", "google"),
            ("mover@example.com", "microsoft"),
        ]
        assert stack.preview("--expect-no-changes") == 0


def test_two_workspaces_are_both_left_when_one_is_refused(stack: Stack) -> None:
    with add_other_workspace(stack, "limits: {maxDisconnects: 1}") as other:
        own(stack, "trial", "other")
        assert stack.up("--skip-preview") == 1
        assert "max-disconnects refused: 2 disconnects; the limit is 1" in stack.out
        assert stack.resources() == {}
        assert (stack.disconnects(), disconnects_of(other)) == ([], [])
        # Both runs are over: the next is not kept waiting by a lock.
        assert stack.up("--skip-preview", RECONCILER_ALLOW="max-disconnects") == 0, stack.out
        assert len(disconnects_of(other)) == len(stack.disconnects()) == 2


@pytest.mark.sample
def test_while_one_stack_updates_another_and_the_command_line_are_refused(stack: Stack) -> None:
    """They find the lock of the run that is open, and leave everything as it is."""
    held(stack)
    assert stack.run("stack", "init", "second", "--no-select") == 0, stack.out
    with updating(stack, (stack.folder / "held").exists) as process:
        applied = stack.reconciler("apply", "--auto-approve")
        status = stack.up("--skip-preview", "--stack", "second")
        (stack.folder / "go").touch()
        out, _ = process.communicate()
        assert process.returncode == 0, out
    assert applied.returncode == 75
    assert status == 1
    assert "workspace trial is locked by run" in stack.out
    assert "--lock-timeout" not in stack.out
    assert stack.disconnects() == BOTH
    assert stack.run("stack", "export", "--stack", "second") == 0
    assert "reconciler:Calendar" not in stack.out


def test_a_second_stack_finds_nothing_left_and_no_one_is_asked_twice(stack: Stack) -> None:
    stack.begin_converged()
    assert stack.run("stack", "init", "second", "--no-select") == 0
    granularity = ("granularity", stack.granularity)
    assert stack.run("config", "set", *granularity, "--stack", "second") == 0
    assert stack.up("--stack", "second") == 0
    assert stack.disconnects() == BOTH


def test_the_command_line_and_the_stack_agree_on_what_is_left(stack: Stack) -> None:
    assert stack.reconciler("apply", "--auto-approve").returncode == 0
    assert stack.up() == 0
    assert stack.preview("--expect-no-changes") == 0
    assert stack.disconnects() == BOTH


def test_the_runs_of_the_stack_are_in_the_ledger(stack: Stack) -> None:
    assert stack.up() == 0
    shown = json.loads(stack.reconciler("runs", "--format", "json").stdout)
    assert [run["front"] for run in shown["runs"]] == ["pulumi"]
