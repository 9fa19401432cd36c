"""The files of one command: none is written twice, and none that it reads is replaced."""

import threading
from pathlib import Path

from reconciler.cli.errors import OutputConflict
from reconciler.config import SandboxSource, SecretFromFile, Workspace
from reconciler.domain import SqliteFile


class CommandFiles:
    """What a command reads and writes so far. Thread-safe; raises :class:`OutputConflict`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outputs: set[Path] = set()
        self._inputs: set[Path] = set()

    def write(self, path: Path) -> None:
        """Keep ``path`` for one output of the command."""
        place = path.resolve()
        with self._lock:
            if place in self._outputs:
                raise OutputConflict(f"{path} is named twice: give each output a file of its own")
            self._outputs.add(place)
            self._keep_apart()

    def read(self, *paths: Path) -> None:
        """Note files and folders that the command reads: no output may replace them."""
        with self._lock:
            self._inputs.update(path.resolve() for path in paths)
            self._keep_apart()

    def _keep_apart(self) -> None:
        for output in self._outputs:
            for path in self._inputs:
                is_manifest = output.suffix in (".yaml", ".yml") and path in output.parents
                if output == path or is_manifest:
                    raise OutputConflict(f"this command reads {output}: write to another file")


def read_beside_manifests(workspace: Workspace) -> list[Path]:
    """What is read beside manifests: seed and state of a sandbox, the file of a key, the ledger."""
    files: list[Path] = []
    if isinstance(workspace.remote, SandboxSource):
        files += [workspace.remote.seed, workspace.remote.state]
    if isinstance(workspace.api_key, SecretFromFile):
        files.append(workspace.api_key.path)
    if isinstance(workspace.ledger, SqliteFile):
        path = workspace.ledger.path
        files += [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))]
    return files
