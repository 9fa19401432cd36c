"""A process that serves some workspaces, each a sandbox with the documented limits, at real speed.

``python -m bench.simulation.sandboxes FOLDER WORKSPACES USERS LEAVERS LEDGER``, started by
:mod:`bench.companion`. It writes the manifests and the configuration, with the ledger in the line
``LEDGER``. ``LEAVERS`` of the users of each workspace are to be disconnected; the others are as
declared.
"""

import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from bench.companion import stand_by
from bench.environment import KEY
from reconciler.domain import Platform
from reconciler.sandbox import SandboxServer, SandboxState, Seed, SeedUser


class ServedSandboxes(Struct, frozen=True):
    """The names of the workspaces; the state of each is ``NAME.db``."""

    names: tuple[str, ...]


def main() -> None:
    """Write the files, serve, and end when the starting process lets go."""
    folder, ledger = Path(sys.argv[1]), sys.argv[5]
    number, users, leavers = map(int, sys.argv[2:5])
    ended = threading.Event()
    names = tuple(f"tenant-{index:03}" for index in range(number))
    configuration = _HEAD.format(ledger=ledger)
    with ExitStack() as servers:
        for name in names:
            path = folder / f"{name}.db"
            people = [f"person.{index:06}@{name}.example.com" for index in range(users)]
            _seed(path, people)
            (folder / f"{name}.yaml").write_text(_manifest(people, leavers), encoding="utf-8")
            server = servers.enter_context(SandboxServer(path))
            configuration += f"  {name}: {{baseUrl: {server.url!r}}}\n"
        (folder / "reconciler.yaml").write_text(configuration, encoding="utf-8")
        stand_by(ServedSandboxes(names), ended.wait, ended.set)


_HEAD = """\
apiVersion: reconciler/v1
{ledger}\
defaults:
  apiKey: {{env: RECALL_API_KEY}}
  manifests: ["{{workspace}}.yaml"]
  limits: {{maxDisconnects: null, maxDisconnectPercent: null}}
workspaces:
"""


def _seed(path: Path, people: list[str]) -> None:
    users = tuple(SeedUser(external_id=one, connected={Platform.GOOGLE: one}) for one in people)
    with SandboxState.open(path) as state:
        state.seed(Seed(users=users, api_key=KEY))


def _manifest(people: list[str], leavers: int) -> str:
    stay = "".join(f"  - {{id: {one}, platforms: [google]}}\n" for one in people[leavers:])
    leave = "".join(
        f"  - {{id: {one}, platforms: [], reason: left (HR-1234)}}\n" for one in people[:leavers]
    )
    return f"apiVersion: reconciler/v1\nusers:\n{leave}{stay}"


if __name__ == "__main__":
    main()
