"""What the state holds beside inputs and outputs."""

import json

import pytest

from reconciler import pulumi_provider
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH


@pytest.mark.sample
def test_the_state_names_no_place_on_this_machine(stack: Stack) -> None:
    stack.begin_converged()
    assert stack.run("stack", "export") == 0
    assert "reconciler:Calendar" in stack.out
    assert str(stack.folder) not in stack.out
    assert pulumi_provider.__path__[0] not in stack.out


@pytest.mark.parametrize("number", ["x", -1, None, [1]])
def test_a_generation_that_was_edited_in_the_state_is_written_anew(
    stack: Stack, number: object
) -> None:
    stack.begin_at_rest()
    assert stack.run("stack", "export", "--file", "state.json") == 0
    path = stack.folder / "state.json"
    state = json.loads(path.read_text("utf-8"))
    for resource in state["deployment"]["resources"]:
        if "reconciler:Calendar" in resource["type"]:
            resource["inputs"]["plan"]["generation"] = number
            resource["outputs"]["generation"] = number
    path.write_text(json.dumps(state), "utf-8")
    assert stack.run("stack", "import", "--file", "state.json") == 0
    stack.converge()
    assert stack.preview("--expect-no-changes") == 0, stack.out
    assert stack.disconnects() == BOTH
