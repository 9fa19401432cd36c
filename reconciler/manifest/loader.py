"""Python's garbage collector, kept from looking through a fleet of a hundred thousand users.

Used here while manifests are read, and by the command that plans and then ends.

Paths → desired state: the one call that the rest of the product makes of this room.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import structs

from reconciler.domain import DesiredState, Diagnostic, InvalidInput, ManifestFile
from reconciler.manifest.assembly import assemble
from reconciler.manifest.document import read_documents
from reconciler.manifest.excerpts import with_excerpts
from reconciler.manifest.search import find_manifests
from reconciler.manifest.source import read_source
from reconciler.manifest.valid_parts import UsableDocument, usable
from reconciler.manifest.validation import judge


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection: a fleet makes no cycles, and every look through it takes long.

    Best left when the fleet is no longer referred to: the first look comes right after.
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
) -> DesiredState:
    """The desired state that the manifests at ``paths`` (files and folders) declare together.

    Errors and sources name files as somebody in ``relative_to`` (default: the working folder)
    would type them. ``on_progress`` is told the number of users read so far, every thousand.
    Raises :class:`InvalidInput` with every error of all files, ordered by place.
    """
    base = Path.cwd() if relative_to is None else relative_to
    diagnostics: list[Diagnostic] = []
    if not paths:
        raise InvalidInput(Diagnostic(None, "no manifests given", "name files or folders"))
    with collector_paused():
        state = _load(paths, base, diagnostics, on_progress)
    if diagnostics:
        found = sorted(set(diagnostics), key=lambda diagnostic: diagnostic.order)
        raise InvalidInput(*with_excerpts(found, base))
    return state


def _load(
    paths: Sequence[Path],
    base: Path,
    diagnostics: list[Diagnostic],
    on_progress: Callable[[int], None] | None,
) -> DesiredState:
    """The desired state as far as it could be read; every error is added to ``diagnostics``."""
    documents: list[UsableDocument] = []
    files: list[ManifestFile] = []
    unread: list[Diagnostic] = []
    progress = _Progress(on_progress) if on_progress else None
    for path, name in find_manifests(paths, base, unread):
        try:
            source = read_source(path, name)
            files.append(ManifestFile(str(path.absolute()), source.blobs))
            for document in read_documents(source, diagnostics, on_entry=progress):
                verdict = judge("manifest", document)
                diagnostics.extend(broken.diagnostic for broken in verdict.violations)
                documents.append(usable(document, verdict))
        except InvalidInput as error:
            unread.extend(error.diagnostics)
    state = assemble(documents, diagnostics, all_read=not unread)
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
