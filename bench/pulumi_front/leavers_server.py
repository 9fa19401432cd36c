"""A process that writes a fleet's files and serves a sandbox in which some still have to go.

``python -m bench.pulumi_front.leavers_server FOLDER USERS LEAVERS``, started by
:mod:`bench.companion`. Its sandbox enforces no limits: it is not for measuring time.
"""

import sys
import threading
from pathlib import Path

from msgspec import Struct

from bench.companion import stand_by
from bench.environment import KEY
from reconciler.domain import Platform
from reconciler.sandbox import Behaviour, SandboxServer, SandboxState, Seed, SeedUser


class ServedLeavers(Struct, frozen=True):
    """Where the sandbox is."""

    url: str


def main() -> None:
    """Write the files, serve, and end when the starting process lets go."""
    folder, users, leavers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    names = [f"person.{number:06}@example.com" for number in range(users)]
    with SandboxState.open(folder / "sandbox.db") as state:
        state.seed(
            Seed(
                users=tuple(
                    SeedUser(external_id=name, connected={Platform.GOOGLE: name}) for name in names
                ),
                api_key=KEY,
                behaviour=Behaviour(enforce_limits=False),
            )
        )
    (folder / "users.yaml").write_text(_manifest(names, leavers), encoding="utf-8")
    ended = threading.Event()
    with SandboxServer(folder / "sandbox.db") as server:
        (folder / "reconciler.yaml").write_text(_configuration(server.url), encoding="utf-8")
        stand_by(ServedLeavers(server.url), ended.wait, ended.set)


def _manifest(names: list[str], leavers: int) -> str:
    gone = [
        f"  - {{id: {name}, platforms: [], reason: left (HR-1234)}}" for name in names[:leavers]
    ]
    stay = [f"  - {{id: {name}, platforms: [google]}}" for name in names[leavers:]]
    return "\n".join(["apiVersion: reconciler/v1", "users:", *gone, *stay, ""])


def _configuration(url: str) -> str:
    return f"""\
apiVersion: reconciler/v1
defaultWorkspace: bench
workspaces:
  bench:
    baseUrl: {url}
    apiKey: {{env: RECALL_API_KEY}}
    manifests: [users.yaml]
    limits: {{maxDisconnects: null, maxDisconnectPercent: null}}
    rateLimits: {{share: 1.0, authenticate: 1000000}}
"""


if __name__ == "__main__":
    main()
