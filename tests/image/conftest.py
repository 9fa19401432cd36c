"""The image, and a fleet on a sandbox of the tests' own that its containers reach on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Fault, LoggedRequest, SandboxServer, SandboxState, load_seed
from tests.image.containers import NOT_BUILT, Engine, engine_under_test
from tests.small_fleet import KEY, MANIFEST, SEED

CONFIGURATION = """\
apiVersion: reconciler/v1
defaultWorkspace: trial
ledger: sqlite:////ledger/ledger.db
workspaces:
  trial:
    {api}
    manifests: [manifests/]
"""

INPUT = """\
inputs:
  directory: {command: [python, export.py], format: csv}
"""
SOURCE = """\
apiVersion: reconciler/v1
sources:
  - {name: directory, input: directory, id: mail, platforms: [google]}
"""


class Fleet:
    """The five users of ``tests/small_fleet.py`` behind an API, and files for a container."""

    def __init__(self, folder: Path, state: SandboxState, url: str, ledger: str) -> None:
        self.state = state
        self._folder = folder
        self._ledger = ledger
        self.write("manifests/people.yaml", MANIFEST)
        self.write("key", KEY)
        self.write("seed.yaml", SEED)
        self._configure(f"baseUrl: {url}\n    apiKey: {{file: /run/secrets/key}}")

    def have_a_sandbox_of_its_own(self) -> None:
        """Let containers serve the API themselves; nobody else then sees what arrives."""
        self._configure("sandbox: {seed: seed.yaml, state: /ledger/sandbox.db}")

    def record_in(self, ledger: str) -> None:
        """Let runs be recorded in another ledger."""
        text = (self._folder / "reconciler.yaml").read_text("utf-8")
        self.write("reconciler.yaml", text.replace("sqlite:////ledger/ledger.db", ledger))

    def have_an_input(self, program: str) -> None:
        """Let a Python program write one more declaration, at each plan."""
        self.write("export.py", program)
        self.write("manifests/source.yaml", SOURCE)
        text = (self._folder / "reconciler.yaml").read_text("utf-8")
        self.write("reconciler.yaml", f"{text}{INPUT}")

    def _configure(self, api: str) -> None:
        self.write("reconciler.yaml", CONFIGURATION.format(api=api))

    def write(self, name: str, text: str) -> None:
        """Write a file that the container's account can read."""
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        path.parent.chmod(0o755)
        path.write_text(text, "utf-8")
        path.chmod(0o644)

    @property
    def files(self) -> tuple[str, ...]:
        """The options of a container that reads the files."""
        return (
            *("--volume", f"{self._folder}:/work:ro"),
            *("--volume", f"{self._folder}/key:/run/secrets/key:ro"),
        )

    @property
    def mounts(self) -> tuple[str, ...]:
        """The options of a container that reads the files and has the ledger."""
        return (*self.files, "--volume", f"{self._ledger}:/ledger")

    def fail(self, fault: Fault) -> None:
        self.state.add_fault(fault)

    def disconnects(self) -> list[tuple[str | None, str | None]]:
        """User and body of every disconnect call that arrived, sorted."""
        return sorted((each.external_id, each.body) for each in self._arrived("disconnect"))

    def arrived(self, endpoint: str) -> bool:
        return bool(self._arrived(endpoint))

    def _arrived(self, endpoint: str) -> list[LoggedRequest]:
        return [each for each in self.state.log() if each.endpoint == endpoint]


@pytest.fixture(scope="session")
def engine() -> Engine:
    engine = engine_under_test()
    if engine is None:
        pytest.skip(NOT_BUILT)
    return engine


@pytest.fixture
def ledger(engine: Engine) -> Iterator[str]:
    """A volume for the ledger."""
    with engine.volume() as name:
        yield name


@pytest.fixture
def fleet(tmp_path: Path, ledger: str) -> Iterator[Fleet]:
    seed = tmp_path / "seed.yaml"
    seed.write_text(SEED)
    database = tmp_path / "sandbox.db"
    folder = tmp_path / "work"
    folder.mkdir()
    with SandboxState.open(database) as state, SandboxServer(database) as server:
        state.seed(load_seed(seed))
        yield Fleet(folder, state, server.url, ledger)
