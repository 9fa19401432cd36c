"""Where something was said, and what is wrong with it."""

from msgspec import Struct


class SourceLocation(Struct, frozen=True, gc=False, order=True):
    """A place in a file; ``line`` and ``column`` count from 1, 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Diagnostic(Struct, frozen=True):
    """One error in something that a person wrote: where, what is wrong, what would be right.

    ``excerpt`` is the line at the location as it was written, where it may be shown.
    """

    location: SourceLocation | None
    message: str
    hint: str | None = None
    excerpt: str | None = None

    @property
    def order(self) -> tuple[SourceLocation, str, str]:
        """What to sort by: what has no place first, then by place, then by words."""
        return self.location or SourceLocation(""), self.message, self.hint or ""

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        return f"{place}{self.message}" + (f" ({self.hint})" if self.hint else "")


class InvalidInput(Exception):
    """Manifests or configuration that cannot be used; carries every error found, not the first."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = diagnostics
