"""The files of one command: none is written twice, and none that it reads is replaced."""

import threading
from pathlib import Path
from typing import Final

from reconciler.cli.errors import OutputConflict
from reconciler.config import SandboxSource, SecretFromFile, Workspace
from reconciler.domain import SqliteFile

_MANIFESTS: Final = frozenset({".yaml", ".yml"})
"""The suffixes of the files that are read from a folder of manifests."""


class CommandFiles:
    """What a command reads and writes so far. Thread-safe; raises :class:`OutputConflict`.

    A path is compared with no others, but looked up: a command reads and writes some files for each
    of a thousand workspaces.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outputs: set[Path] = set()
        self._inputs: set[Path] = set()
        self._folders: dict[Path, Path] = {}
        """The folders whose manifests an output would be among, with one such output each."""

    def write(self, path: Path) -> None:
        """Keep ``path`` for one output of the command."""
        place = path.resolve()
        folders = place.parents if place.suffix in _MANIFESTS else ()
        with self._lock:
            if place in self._outputs:
                raise OutputConflict(f"{path} is named twice: give each output a file of its own")
            self._outputs.add(place)
            self._folders.update(dict.fromkeys(folders, place))
            if place in self._inputs or not self._inputs.isdisjoint(folders):
                raise _conflict(place)

    def read(self, *paths: Path) -> None:
        """Note files and folders that the command reads: no output may replace them."""
        places = [path.resolve() for path in paths]
        with self._lock:
            self._inputs.update(places)
            for place in places:
                if place in self._outputs:
                    raise _conflict(place)
                if place in self._folders:
                    raise _conflict(self._folders[place])


def _conflict(output: Path) -> OutputConflict:
    return OutputConflict(f"this command reads {output}: write to another file")


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
