"""What the state holds beside inputs and outputs."""

from reconciler import pulumi_provider
from tests.pulumi_provider.engine.stack import Stack


def test_the_state_names_no_place_on_this_machine(stack: Stack) -> None:
    stack.converge()
    assert stack.run("stack", "export") == 0
    assert "reconciler:Calendar" in stack.out
    assert str(stack.folder) not in stack.out
    assert pulumi_provider.__path__[0] not in stack.out
