"""Errors in files that people write: where, what is wrong, what would be right."""

from msgspec import Struct


class SourceLocation(Struct, frozen=True, gc=False, order=True):
    """A place in a file; ``line`` and ``column`` count from 1.

    Column 0 means the whole line, line 0 the whole file.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        numbers = (self.line, self.column) if self.column else (self.line,)
        return ":".join(map(str, (self.file, *numbers))) if self.line else self.file


def install_extra(extra: str) -> str:
    """What to do where an ``extra`` is missing. It names no index: where the tool is installed
    from differs, and a name on a public index may be of somebody else."""
    return f"install the tool with its extra `{extra}`, from where you installed it"


class Diagnostic(Struct, frozen=True):
    """One error in a file: where it is, what is wrong, and what would be right (``hint``).

    ``excerpt`` is the line at the location, where it may be shown.
    """

    location: SourceLocation | None
    message: str
    hint: str | None = None
    excerpt: str | None = None

    @property
    def order(self) -> tuple[SourceLocation, str, str]:
        """A sort key: errors without a place first, then by place, then by text."""
        return self.location or SourceLocation(""), self.message, self.hint or ""

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        return f"{place}{self.message}" + (f" ({self.hint})" if self.hint else "")


class InvalidInput(Exception):
    """Manifests or a configuration that cannot be used. Carries every error found."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = diagnostics
