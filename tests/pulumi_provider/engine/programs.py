"""Programs of a stack, other than the project's own."""

from typing import Final

from tests.pulumi_provider.engine.stack import Stack

_MOVED: Final = """\
import pulumi
from pathlib import Path
from reconciler.domain import Platform
from reconciler.sandbox import SandboxState

if not pulumi.runtime.is_dry_run():
    with SandboxState.open(Path("state/sandbox.db")) as sandbox:
        sandbox.{change}

from reconciler.pulumi_provider.declaration import main

main()
"""

_OWN: Final = """\
import pulumi
from reconciler.pulumi_provider import Fleet, Granularity, declare_fleet

fleets = [Fleet(name, granularity=Granularity({granularity!r})) for name in {workspaces!r}]
declared = declare_fleet(*fleets, opts=pulumi.ResourceOptions({options}))
for workspace, fleet in declared.items():
    told = {{user: {{"missing": of.missing, "outcome": of.outcome}} for user, of in fleet.items()}}
    pulumi.export(workspace, told)
"""


_HELD: Final = """
import time
from pathlib import Path

if not pulumi.runtime.is_dry_run():
    Path("held").touch()
    while not Path("go").exists():
        time.sleep(0.05)
"""


def held(stack: Stack) -> None:
    """A program whose update opens its run, makes the file ``held``, and waits for ``go``."""
    stack.write(
        "__main__.py",
        _OWN.format(granularity=stack.granularity, workspaces=("trial",), options="") + _HELD,
    )


def moved(stack: Stack, change: str) -> None:
    """The project's program, in whose update the world is another than in its preview.

    ``change`` is a call of the sandbox.
    """
    stack.write("__main__.py", _MOVED.format(change=change))


def own(stack: Stack, *workspaces: str, options: str = "") -> None:
    """A program of somebody's own that exports what it is told of each user."""
    text = _OWN.format(
        granularity=stack.granularity, workspaces=workspaces or ("trial",), options=options
    )
    stack.write("__main__.py", text)
