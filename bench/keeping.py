"""What a benchmark found, for the terminal and for the folder of results."""

from pathlib import Path

import msgspec
from msgspec import Struct


def keep(folder: Path, name: str, results: Struct, text: str) -> None:
    """Print ``text``, and write it and the ``results`` as ``name.md`` and ``name.json``."""
    print(text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    data = msgspec.json.format(msgspec.json.encode(results), indent=2)
    (folder / f"{name}.json").write_bytes(data + b"\n")
