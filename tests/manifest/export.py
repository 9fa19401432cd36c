"""An export as it comes from another system, to be read into rows."""

from collections.abc import Sequence

import pytest

from reconciler.domain import InvalidInput
from reconciler.manifest.rows import RowFormat, read_rows

Row = tuple[int, tuple[str, ...]]


class Export:
    """The text of an export in one format; in errors it is called ``export``."""

    def __init__(self, form: RowFormat, text: str | bytes, records: str | None = None) -> None:
        self._form = form
        self._data = text.encode() if isinstance(text, str) else text
        self._records = records

    def rows(self, *columns: str, most: int | None = None) -> list[Row]:
        """The line and the texts of ``columns`` of each record."""
        return list(
            read_rows(
                "export", self._data, self._form, columns, records=self._records, max_rows=most
            )
        )

    def errors(self, *columns: str, most: int | None = None) -> list[str]:
        """The errors that reading ends with, as text."""
        with pytest.raises(InvalidInput) as caught:
            self.rows(*columns, most=most)
        return [str(diagnostic) for diagnostic in caught.value.diagnostics]

    def error(self, *columns: str, most: int | None = None) -> str:
        """The only error that reading ends with."""
        (error,) = self.errors(*columns, most=most)
        return error


def csv_export(text: str | bytes) -> Export:
    """An export in CSV."""
    return Export(RowFormat.CSV, text)


def json_export(text: str | bytes, records: str | None = None) -> Export:
    """An export in JSON."""
    return Export(RowFormat.JSON, text, records)


def jsonl_export(text: str | bytes) -> Export:
    """An export in JSON Lines."""
    return Export(RowFormat.JSONL, text)


def ldif_export(text: str | bytes) -> Export:
    """An export in LDIF."""
    return Export(RowFormat.LDIF, text)


def values(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The texts of ``rows`` without their lines."""
    return [texts for _, texts in rows]
