"""Loads manifests: paths in; out come their declarations, or every error with its line."""

import gc
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, tzinfo
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import structs

from reconciler.domain import (
    Declarations,
    Diagnostic,
    InvalidInput,
    ManifestFile,
)
from reconciler.manifest.assembly import assemble
from reconciler.manifest.document import read_documents
from reconciler.manifest.search import find_manifests
from reconciler.manifest.source import MAX_BYTES, NotRegular, read_regular, read_source
from reconciler.manifest.sources import InputReader, Surroundings
from reconciler.manifest.valid_parts import ValidParts, valid_parts
from reconciler.manifest.validation import validate

MOST_EXCERPTS: Final = 100
"""Errors that show their lines; with more errors, begin with these."""


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection: a fleet has no cycles, and each collection of it takes long.

    Leave the context when nothing refers to the fleet any more: a collection follows at once.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_PROGRESS_STEP = 1000


def load_manifests(
    paths: Sequence[Path],
    *,
    relative_to: Path | None = None,
    on_progress: Callable[[int], None] | None = None,
    zone: tzinfo = UTC,
    inputs: InputReader | None = None,
    traced: str | None = None,
) -> Declarations:
    """What the manifests at ``paths`` (files and folders) declare together.

    Errors and places name files as you would type them in ``relative_to`` (default: the working
    folder). ``on_progress`` gets the number of entries read so far, every thousand entries. Days
    begin in ``zone``. ``inputs`` reads the inputs that sources name; without it they are errors.
    The layers of the user ``traced`` are recorded. Raises :class:`InvalidInput` with every error of
    all files, ordered by place.
    """
    base = Path.cwd() if relative_to is None else relative_to
    diagnostics: list[Diagnostic] = []
    if not paths:
        raise InvalidInput(Diagnostic(None, "no manifests given", "name files or folders"))
    unread: list[Diagnostic] = []
    manifests = list(find_manifests(paths, base, unread))
    surroundings = Surroundings(base, zone, inputs, traced)
    with gc_paused():
        state = _load(manifests, surroundings, diagnostics, unread, on_progress)
    if diagnostics:
        found = sorted(set(diagnostics), key=lambda diagnostic: diagnostic.order)
        raise InvalidInput(*with_excerpts(found, base, {name for _, name in manifests}))
    return state


def _load(
    manifests: Sequence[tuple[Path, str]],
    surroundings: Surroundings,
    diagnostics: list[Diagnostic],
    unread: list[Diagnostic],
    on_progress: Callable[[int], None] | None,
) -> Declarations:
    """The declarations as far as they are readable. Every error is added to ``diagnostics``.

    ``unread`` has those of folders that could not be read.
    """
    documents: list[ValidParts] = []
    files: list[ManifestFile] = []
    progress = _Progress(on_progress) if on_progress else None
    for path, name in manifests:
        try:
            source = read_source(path, name)
            files.append(ManifestFile(str(path.absolute()), source.blobs))
            for document in read_documents(source, diagnostics, on_entry=progress):
                validation = validate("manifest", document)
                diagnostics.extend(broken.diagnostic for broken in validation.violations)
                documents.append(valid_parts(document, validation, path.parent))
        except InvalidInput as error:
            unread.extend(error.diagnostics)
    state = assemble(documents, diagnostics, surroundings, all_read=not unread)
    diagnostics += unread
    return structs.replace(state, files=tuple(files))


class _Progress:
    def __init__(self, report: Callable[[int], None]) -> None:
        self._report = report
        self._count = 0

    def __call__(self) -> None:
        self._count += 1
        if self._count % _PROGRESS_STEP == 0:
            self._report(self._count)


def with_excerpts(
    diagnostics: Iterable[Diagnostic], base: Path, manifests: Container[str]
) -> Iterator[Diagnostic]:
    """``diagnostics``, the first of them with their lines; file names start at ``base``.

    For ``manifests`` only: a line of the configuration may hold a secret, and a row of an export
    what nobody else should read.
    """

    @cache
    def lines(name: str) -> list[str]:
        try:
            data = read_regular(base / name, MAX_BYTES)
        except (OSError, NotRegular):
            return []
        return data.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").split("\n")

    for number, diagnostic in enumerate(diagnostics):
        place = diagnostic.location
        if place is None or not place.line or number >= MOST_EXCERPTS:
            yield diagnostic
            continue
        at = slice(place.line - 1, place.line)
        found = lines(place.file)[at] if place.file in manifests else []
        yield structs.replace(diagnostic, excerpt=found[0].rstrip()) if found else diagnostic
