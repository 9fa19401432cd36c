"""A repository with two workspaces that differ in everything, and the services around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.sandbox import Fault, Match, SandboxState, load_seed
from tests.pipelines.action_runner import ActionRunner
from tests.pipelines.hosts import Hosts, served_hosts
from tests.served_sandbox import served_sandbox

CONFIGURATION: Final = """\
apiVersion: reconciler/v1
workspaces:
  east:
    sandbox: {seed: east.yaml, state: state/east.db}
    manifests: [manifests/east.yaml]
  west:
    sandbox: {seed: west.yaml, state: state/west.db}
    manifests: [manifests/west.yaml]
"""
MANIFESTS: Final = {
    "east": """\
apiVersion: reconciler/v1
users:
  - {id: alice@example.com, platforms: [microsoft]}
  - {id: bob@example.com, platforms: [], reason: left}
  - {id: carol@example.com, platforms: [google]}
""",
    "west": """\
apiVersion: reconciler/v1
users:
  - {id: dora@example.com, platforms: [google]}
  - {id: emil@example.com, platforms: [google, microsoft]}
""",
}
WEST_WITHOUT_DORA: Final = MANIFESTS["west"].replace("[google]", "[], reason: left")
WEST_CONVERGED: Final = MANIFESTS["west"].replace("[google, microsoft]", "[google]")
KEYS: Final = {
    "east": "key-of-the-eastern-fleet-123456",
    "west": "key-of-the-western-fleet-123456",
}
SEEDS: Final = {
    "east": """\
apiVersion: reconciler/sandbox/v1
apiKey: key-of-the-eastern-fleet-123456
users:
  - external_id: alice@example.com
    connected: {google: alice@example.com, microsoft: alice@example.com}
  - {external_id: bob@example.com, connected: {google: bob@example.com}}
  - {external_id: carol@example.com, connected: {google: carol@example.com}}
""",
    "west": """\
apiVersion: reconciler/sandbox/v1
apiKey: key-of-the-western-fleet-123456
users:
  - {external_id: dora@example.com, connected: {google: dora@example.com}}
  - {external_id: emil@example.com, connected: {google: emil@example.com}}
""",
}


class TwoFleets:
    """The repository in ``folder``, and what the sandbox of each workspace was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("reconciler.yaml", CONFIGURATION)
        self._sandboxes: dict[str, SandboxState] = {}
        for name in MANIFESTS:
            self.write(f"manifests/{name}.yaml", MANIFESTS[name])
            seed = self.write(f"{name}.yaml", SEEDS[name])
            self._sandboxes[name] = SandboxState.open(folder / f"state/{name}.db")
            self._sandboxes[name].seed(load_seed(seed))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def configure(self, extra: str) -> None:
        """Add a line to the configuration of the last workspace, west."""
        self.write("reconciler.yaml", f"{CONFIGURATION}    {extra}\n")

    @contextmanager
    def served(self, name: str) -> Iterator[str]:
        """Serve the sandbox of ``name`` as an API elsewhere; its key is given back."""
        with served_sandbox(self.folder / f"state/{name}.db") as url:
            self.write(
                "reconciler.yaml",
                "apiVersion: reconciler/v1\nworkspaces:\n"
                f"  {name}:\n    baseUrl: {url}\n    apiKey: {{env: RECALL_API_KEY}}\n"
                f"    manifests: [manifests/{name}.yaml]\n",
            )
            yield KEYS[name]

    def fail_list(self, name: str, **fault: Any) -> None:
        """From now on the list call of a workspace fails as ``fault`` says."""
        match = Match(endpoint="list_users")
        self._sandboxes[name].add_fault(Fault(match=match, times="forever", **fault))

    def mutations(self, name: str) -> list[tuple[str, str | None, str | None]]:
        """The mutating calls that a workspace got, sorted."""
        return sorted(
            (entry.path, entry.external_id, entry.body)
            for entry in self._sandboxes[name].log()
            if entry.method != "GET" and not entry.path.endswith("/authenticate/")
        )

    def close(self) -> None:
        for each in self._sandboxes.values():
            each.close()


@pytest.fixture
def fleets(tmp_path: Path) -> Iterator[TwoFleets]:
    fleets = TwoFleets(tmp_path)
    yield fleets
    fleets.close()


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with served_hosts() as hosts:
        yield hosts


@pytest.fixture
def action(fleets: TwoFleets, hosts: Hosts) -> ActionRunner:
    """The Action in that repository; the tool is there, and nothing is installed."""
    return ActionRunner(fleets.folder, hosts.url)
