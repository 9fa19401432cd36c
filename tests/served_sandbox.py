"""A sandbox that commands find served, as if ``sandbox serve`` ran in another terminal."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from reconciler.sandbox import SandboxServer
from reconciler.sandbox.database import StateDatabase
from reconciler.sandbox.server import announced


@contextmanager
def served_sandbox(state: Path) -> Iterator[str]:
    """Its URL, for as long as the context lasts."""
    with (
        SandboxServer(state) as server,
        closing(StateDatabase(state)) as database,
        announced(database, server.url),
    ):
        yield server.url
