"""A folder of manifests to write into and load from."""

from pathlib import Path

import pytest

from reconciler.domain import Declarations, InvalidInput
from reconciler.manifest import load_manifests

HEAD = "apiVersion: reconciler/v1\n"


class Folder:
    """Manifests in a temporary folder; errors name files relative to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file below the folder; ``text`` as it is."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def load(self, *names: str) -> Declarations:
        """The declarations of the whole folder, or of what is named in it."""
        paths = [self.path / name for name in names] or [self.path]
        return load_manifests(paths, relative_to=self.path)

    def errors(self, *names: str) -> list[str]:
        """The errors that loading ends with, as text."""
        with pytest.raises(InvalidInput) as caught:
            self.load(*names)
        return [str(diagnostic) for diagnostic in caught.value.diagnostics]

    def errors_of(self, text: str | bytes) -> list[str]:
        """The errors of one file ``m.yaml``."""
        self.write("m.yaml", text)
        return self.errors("m.yaml")

    def load_text(self, text: str | bytes) -> Declarations:
        """The declarations of one file ``m.yaml``."""
        self.write("m.yaml", text)
        return self.load("m.yaml")
