"""A configuration file to write and load."""

from pathlib import Path

import pytest

from reconciler.config import Configuration, Workspace, load_configuration
from reconciler.domain import InvalidInput

HEAD = "apiVersion: reconciler/v1\nworkspaces:\n  w:\n    manifests: [m/]\n"
REAL = "    region: us-west-2\n    apiKey: {env: RECALL_API_KEY}\n"


class File:
    """``reconciler.yaml`` in the working folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, text: str | bytes) -> Configuration:
        """The configuration with this text."""
        self.path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_configuration(self.path)

    def workspace(self, settings: str) -> Workspace:
        """A workspace ``w`` on the real API, with further settings (lines, four spaces deep)."""
        return self.load(HEAD + REAL + settings).workspace("w")

    def errors(self, text: str | bytes) -> list[str]:
        """The errors that loading this text ends with."""
        with pytest.raises(InvalidInput) as caught:
            self.load(text)
        return [str(diagnostic) for diagnostic in caught.value.diagnostics]

    def error_of(self, settings: str) -> str:
        """The one error of a workspace on the real API with further settings, from line 7 on."""
        (error,) = self.errors(HEAD + REAL + settings)
        return error
