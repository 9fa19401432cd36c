"""Finds the manifests of a workspace: files, and the files below folders."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.domain import Diagnostic, SourceLocation
from reconciler.manifest.source import cannot_read, display_name

_SUFFIXES = (".yaml", ".yml")


def find_manifests(
    paths: Sequence[Path], base: Path, diagnostics: list[Diagnostic]
) -> Iterator[tuple[Path, str]]:
    """Every manifest below ``paths`` once, with its name for errors.

    A file counts, whether it exists or not. In a folder, every ``*.yaml`` and ``*.yml`` below it
    counts unless a part of its path begins with a dot. Two paths to the same file count as one.
    Folders that cannot be read, or have no manifests, are errors in ``diagnostics``.
    """
    search = _Search(base, diagnostics)
    for path in paths:
        for file in search.files(path):
            if search.is_first(file):
                yield file, display_name(file, base)


def is_manifest(name: str) -> bool:
    """Whether a file of that ``name`` in a folder is a manifest."""
    return name.endswith(_SUFFIXES) and not is_hidden(name)


def is_hidden(name: str) -> bool:
    """Whether we skip a file or folder of that ``name``."""
    return name.startswith(".")


class _Search:
    def __init__(self, base: Path, diagnostics: list[Diagnostic]) -> None:
        self._base = base
        self._diagnostics = diagnostics
        self._files: set[tuple[int, int]] = set()

    def files(self, path: Path) -> list[Path]:
        """``path`` itself, or the manifests below it, in the order of their paths."""
        errors = len(self._diagnostics)
        if not self._is_folder(path):
            return [path] if len(self._diagnostics) == errors else []
        found = sorted(self._below(path))
        if not found and len(self._diagnostics) == errors:
            self._diagnostics.append(
                Diagnostic(
                    SourceLocation(display_name(path, self._base)),
                    "the folder has no manifests",
                    "manifests are files that end in .yaml or .yml",
                )
            )
        return found

    def is_first(self, file: Path) -> bool:
        """Whether no earlier path led to ``file``."""
        try:
            identity = _identity(file)
        except OSError:
            return True  # the reader will raise the same error
        known = identity in self._files
        self._files.add(identity)
        return not known

    def _below(self, top: Path) -> Iterator[Path]:
        visited: set[tuple[int, int]] = set()
        folders = [top]  # our own stack: folders may nest deeper than Python's calls can
        while folders:
            folder = folders.pop()
            try:
                identity = _identity(folder)
                with os.scandir(folder) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                self._add_error(folder, error)
                continue
            if identity in visited:  # a symlink to a folder above
                continue
            visited.add(identity)
            inner: list[Path] = []
            for entry in entries:
                path = Path(entry.path)
                if is_hidden(entry.name):
                    continue
                if self._is_folder(path):
                    inner.append(path)
                elif is_manifest(entry.name):
                    yield path
            folders.extend(reversed(inner))

    def _is_folder(self, path: Path) -> bool:
        """Whether ``path`` is a folder; False, with a diagnostic, when we cannot find out."""
        try:
            return path.is_dir()
        except OSError as error:
            self._add_error(path, error)
            return False

    def _add_error(self, path: Path, error: OSError) -> None:
        name = display_name(path, self._base)
        self._diagnostics.extend(cannot_read(name, error).diagnostics)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
