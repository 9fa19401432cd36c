"""A tool of a later version than this one: it has one more script of the ledger's tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.ledger import versions

LATER = Path(__file__).parent / "later_version"


@contextmanager
def later_tool() -> Iterator[None]:
    """Let this process be one."""
    folders = (*versions.script_folders(), LATER)
    with pytest.MonkeyPatch.context() as patch:
        for module in (versions, versions):
            patch.setattr(module, "script_folders", lambda: folders)
        yield
