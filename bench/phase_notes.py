"""What an instrumented run writes down for the benchmark to read."""

from enum import StrEnum
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct


class Phase(StrEnum):
    """The parts of a plan, in the order in which they are shown."""

    START = "start-up and imports"
    YAML = "YAML and validation"
    LIST = "list call and decoding"
    DIFF = "diff and guards"
    FILE = "digest and plan file"
    RENDERING = "rendering"
    REST = "everything else"  # client, configuration, freeing memory, the end of the process


class PhaseNotes(Struct, frozen=True):
    """Seconds by phase."""

    seconds: dict[str, float]

    def save(self, path: Path) -> None:
        """Write the notes to a file."""
        path.write_bytes(msgspec.json.encode(self))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read them back."""
        return msgspec.json.decode(path.read_bytes(), type=cls)
