"""Which files the manifests of a workspace are: files, folders, and what stands below them."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.domain import Diagnostic, SourceLocation
from reconciler.manifest.source import cannot_read, display_name

_SUFFIXES = (".yaml", ".yml")
_NO_MANIFESTS = "the folder has no manifests", "manifests are files that end in .yaml or .yml"


def find_manifests(
    paths: Sequence[Path], base: Path, diagnostics: list[Diagnostic]
) -> Iterator[tuple[Path, str]]:
    """Every manifest below ``paths`` once, with the name that errors call it by.

    A file is taken as it is; of a folder every ``*.yaml`` and ``*.yml`` below it whose path has
    no name that begins with a dot. Two paths that lead to the same file count as one. What cannot
    be used goes to ``diagnostics``: a missing path, an unreadable folder, one without manifests.
    """
    seen: set[tuple[int, int]] = set()
    for path in paths:
        name = display_name(path, base)
        try:
            if not path.is_dir():
                found = [path]
            elif not (found := sorted(_below(path, set()))):
                diagnostics.append(Diagnostic(SourceLocation(name), *_NO_MANIFESTS))
            for file in found:
                identity = _identity(file)
                if identity not in seen:
                    seen.add(identity)
                    yield file, display_name(file, base)
        except OSError as error:
            where = display_name(Path(error.filename), base) if error.filename else name
            diagnostics.extend(cannot_read(where, error).diagnostics)


def _below(folder: Path, visited: set[tuple[int, int]]) -> Iterator[Path]:
    identity = _identity(folder)
    if identity in visited:  # a symlink that leads back up
        return
    visited.add(identity)
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(Path(entry.path), visited)
        elif entry.name.endswith(_SUFFIXES):
            yield Path(entry.path)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
