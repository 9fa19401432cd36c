"""``reconciler demo``: the main job, on the sandbox, for who has installed the package alone."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from reconciler.cli.commands.apply import apply
from reconciler.cli.commands.plan import plan
from reconciler.cli.commands.validate import validate
from reconciler.cli.errors import EndedWith, UsageError
from reconciler.cli.streams import print_out
from reconciler.engine.init import begin

_STEPS: Final[tuple[tuple[str, Callable[[], None]], ...]] = (
    ("validate", validate),
    ("plan", plan),
    ("apply --auto-approve", lambda: apply(auto_approve=True, quiet=True)),
    ("plan", plan),
)
_ENDED: Final = """
This was a temporary folder, which is gone. To have one of your own: reconciler init --sandbox
"""


def demo() -> None:
    """See the main job done on the sandbox: no account, no key.

    Validates, plans, applies and plans again, in a temporary folder that goes with it.
    """
    for variable in ("RECONCILER_CONFIG", "RECONCILER_WORKSPACE"):
        os.environ.pop(variable, None)
    with _temporary_folder() as folder, contextlib.chdir(folder):
        begin(Path(folder), None)
        for typed, step in _STEPS:
            print_out(f"\n$ reconciler {typed}\n", on_stderr=False)
            try:
                step()
            except EndedWith as ended:
                if ended.status:
                    raise
    print_out(_ENDED, on_stderr=False)


def _temporary_folder() -> TemporaryDirectory[str]:
    try:
        return TemporaryDirectory(prefix="reconciler-demo-")
    except OSError as error:
        raise UsageError(
            f"the demo needs a temporary folder: {error.strerror} (name one in TMPDIR)"
        ) from error
