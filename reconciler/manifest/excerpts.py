"""The lines of manifests that errors are about.

Of manifests alone: a line of the configuration may hold a secret.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import structs

from reconciler.domain import Diagnostic
from reconciler.manifest.source import MAX_BYTES, NotRegular, read_regular

MOST: Final = 100
"""Of so many errors the lines are shown; who has more begins with the first."""


def with_excerpts(diagnostics: Iterable[Diagnostic], base: Path) -> Iterator[Diagnostic]:
    """``diagnostics``, the first with the lines that they name; files are named from ``base``."""

    @cache
    def lines(name: str) -> list[str]:
        try:
            data = read_regular(base / name, MAX_BYTES)
        except (OSError, NotRegular):
            return []
        return data.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").split("\n")

    for number, diagnostic in enumerate(diagnostics):
        place = diagnostic.location
        if place is None or not place.line or number >= MOST:
            yield diagnostic
            continue
        found = lines(place.file)[place.line - 1 : place.line]
        yield structs.replace(diagnostic, excerpt=found[0].rstrip()) if found else diagnostic
