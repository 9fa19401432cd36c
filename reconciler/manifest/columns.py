"""The columns that a source needs, sought by name in its records.

Names are compared exactly. A column that no record has is an error, never a column of empty texts.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.manifest.source import near_miss, quoted

_LOOKED_AT: Final = 100
"""Records whose other columns are kept, to suggest one of them."""

_SHOWN: Final = 12


def refused(
    name: str, line: int, message: str, hint: str | None = None, column: int = 0
) -> InvalidInput:
    """The error for something wrong on a line of the export ``name``."""
    return InvalidInput(Diagnostic(SourceLocation(name, line, column), message, hint))


def missing_columns(
    name: str, line: int, missing: Iterable[str], known: Sequence[str]
) -> InvalidInput:
    """The error for columns that an export does not have; ``known`` are some that it has."""
    more = ", …" if len(known) > _SHOWN else ""
    others = f"there are: {', '.join(map(quoted, known[:_SHOWN]))}{more}" if known else None
    place = SourceLocation(name, line)
    return InvalidInput(
        *(
            Diagnostic(
                place, f"there is no column {quoted(column)}", near_miss(column, known) or others
            )
            for column in dict.fromkeys(missing)
        )
    )


class SoughtColumns:
    """The needed columns of records that each name their own, and which no record has had yet."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.missing = tuple(dict.fromkeys(columns))
        self._known: dict[str, None] = {}
        self._records = 0

    def see(self, present: Iterable[str], others: Iterable[str]) -> None:
        """Note the columns ``present`` in a record, and ``others`` that it has.

        Call it only while there are ``missing`` ones.
        """
        found = frozenset(present)
        self.missing = tuple(column for column in self.missing if column not in found)
        if self._records < _LOOKED_AT:
            self._records += 1
            self._known.update(dict.fromkeys(others))

    def check(self, name: str) -> None:
        """Raise :class:`InvalidInput` for every column that no record of ``name`` has had."""
        if self.missing and self._records:
            raise missing_columns(name, 0, self.missing, list(self._known))
