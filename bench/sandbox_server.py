"""A process that serves a sandbox with so many users, all with Google connected.

``python -m bench.sandbox_server STATE USERS SPEED``, started by :mod:`bench.companion`; its
limits are the documented ones, its time runs ``SPEED`` times as fast.
"""

import sys
import threading
from pathlib import Path

from msgspec import Struct

from bench.companion import stand_by
from bench.environment import KEY
from reconciler.domain import Platform
from reconciler.sandbox import SandboxServer, SandboxState, Seed, SeedUser


class ServedSandbox(Struct, frozen=True):
    """Where the sandbox is, and whom it knows."""

    url: str
    users: tuple[str, ...]


def main() -> None:
    """Seed the state and serve it until the starting process lets go."""
    path, number, speed = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    users = tuple(f"leaver.{index:05}@example.com" for index in range(number))
    seed = Seed(
        users=tuple(SeedUser(external_id=u, connected={Platform.GOOGLE: u}) for u in users),
        api_key=KEY,
    )
    with SandboxState.open(path) as state:
        state.seed(seed)
    ended = threading.Event()
    with SandboxServer(path, speed=speed) as server:
        stand_by(ServedSandbox(server.url, users), ended.wait, ended.set)


if __name__ == "__main__":
    main()
