"""A sandbox that exists: made and seeded at the first use, whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reconciler.sandbox.database import make_private, unusable_because
from reconciler.sandbox.seed_file import load_seed
from reconciler.sandbox.state import SandboxState


@contextmanager
def open_seeded(path: Path, seed: Path) -> Iterator[SandboxState]:
    """The state at ``path``, for as long as the context lasts; made from ``seed`` if missing.

    Of several processes that make it at once one wins, and all see its state. Raises
    ``domain.InvalidInput`` for a seed or a place that cannot be used.
    """
    try:
        if not path.exists():
            _make(path, seed)
    except OSError as error:
        raise unusable_because(path, error) from None
    state = SandboxState.open(path, create=False)
    try:
        yield state
    finally:
        state.close()


def _make(path: Path, seed: Path) -> None:
    wanted = load_seed(seed)
    make_private(path.parent)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".sandbox-") as folder:
        draft = Path(folder) / path.name
        state = SandboxState.open(draft)
        try:
            state.seed(wanted)
        finally:
            state.close()
        with suppress(FileExistsError):
            os.link(draft, path)
