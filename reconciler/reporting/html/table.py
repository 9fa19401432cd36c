"""The rows of a page: as data for its script, and the first of them as HTML for readers without.

A fleet has many rows with few distinct values, so a column is its distinct values and an index for
each row. That is what lets a page of a hundred thousand users open at once.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from markupsafe import Markup
from msgspec import Struct

from reconciler.reporting.entries import Symbol
from reconciler.reporting.html.markup import Parts, markup, ours, parts, theirs
from reconciler.reporting.links import LINE, Links, Place, place_of
from reconciler.reporting.phrase import Phrase, one_line, visible

MOST_ROWS: Final = 200_000
"""Rows of one page. A browser refuses elements that are much higher than so many."""

MOST_STATIC: Final = 100
"""Rows that a reader without the script sees."""


class CellKind(StrEnum):
    """What the cells of a column hold."""

    NAME = "name"  # text that others wrote
    PHRASE = "phrase"
    LIST = "list"  # several phrases
    SIGN = "sign"  # a symbol and a phrase
    PLACE = "place"  # a place in a manifest, with its link


Cell = Any
"""By kind: a string, ``Parts``, a tuple of ``Parts``, ``(mark, words, tone)``, a ``Place``; or
None."""


class Column(Struct, frozen=True):
    """A column with its ``cells``. One with a ``width`` (as a grid of CSS has it) is in the table;
    a ``fact`` is also among what a row opens into. Up to so many distinct values are ``choices`` of
    a filter. Tables on paper, and without a script, have what is ``printed``."""

    title: str
    kind: CellKind
    cells: Sequence[Cell]
    width: str | None = None
    fact: bool = True
    choices: int = 0
    printed: bool = False


class Table(Struct, frozen=True):
    """Rows by column; ``left_out`` counts those beyond :data:`MOST_ROWS`."""

    title: str
    columns: tuple[Column, ...]
    rows: int
    left_out: int = 0

    @property
    def printed(self) -> list[Column]:
        """The columns of the table that needs no script."""
        return [column for column in self.columns if column.printed]

    @property
    def not_static(self) -> int:
        """How many rows are in the page for its script alone."""
        return max(0, self.rows - MOST_STATIC)

    def first_rows(self, links: Links | None, commit: str | None) -> list[list[Markup]]:
        """The first rows as HTML, by :attr:`printed`."""
        return [
            [_html(column, column.cells[row], links, commit) for column in self.printed]
            for row in range(min(self.rows, MOST_STATIC))
        ]

    def data(self, links: Links | None, commit: str | None) -> Markup:
        """The rows as JSON that can be put into a script element."""
        document = {
            "rows": self.rows,
            "columns": [_encoded(column, links, commit) for column in self.columns],
        }
        return Markup(_in_script(msgspec.json.encode(document)).decode())  # noqa: S704 - escaped


def name(text: str | None) -> str | None:
    """The cell of other people's ``text``."""
    return visible(text) if text else None


def note(text: str | None) -> str | None:
    """The cell of a sentence that others wrote."""
    return one_line(text) if text else None


def phrases(found: Iterable[Phrase]) -> tuple[Parts, ...] | None:
    """The cell of several phrases."""
    return tuple(parts(phrase) for phrase in found) or None


def sign(symbol: Symbol, words: str) -> tuple[str, str, str]:
    """The cell of a symbol and what it means here."""
    return symbol.mark, words, symbol.tone.name.lower()


def _encoded(column: Column, links: Links | None, commit: str | None) -> dict[str, Any]:
    head: dict[str, Any] = {
        "title": column.title,
        "kind": column.kind,
        "width": column.width,
        "fact": column.fact,
        "printed": column.printed,
    }
    if column.kind is CellKind.PLACE:
        return head | _places(column.cells, links, commit)
    values, index = _distinct(column.cells)
    head["choices"] = 1 < len(values) <= column.choices
    if 2 * len(values) > len(index):
        return head | {"values": column.cells, "index": None}
    return head | {"values": values, "index": index}


def _places(
    cells: Sequence[Place | None], links: Links | None, commit: str | None
) -> dict[str, Any]:
    files, index = _distinct([None if place is None else place.file for place in cells])
    return {
        "choices": False,
        "values": [None if file is None else visible(file) for file in files],
        "links": [links.pattern(file, commit) if links and file else None for file in files],
        "index": index,
        "lines": [0 if place is None else place.line or 0 for place in cells],
        "characters": [0 if place is None else place.column or 0 for place in cells],
    }


def _distinct(cells: Sequence[Cell]) -> tuple[list[Cell], list[int]]:
    numbers: dict[Any, int] = {}
    index = [numbers.setdefault(_hashable(cell), len(numbers)) for cell in cells]
    values: list[Cell] = [None] * len(numbers)
    for number, cell in zip(index, cells, strict=True):
        values[number] = cell
    return values, index


def _hashable(cell: Cell) -> object:
    if isinstance(cell, list):
        return tuple(cell)
    if isinstance(cell, tuple):
        return tuple(_hashable(part) for part in cell)
    return cell


def _in_script(data: bytes) -> bytes:
    """JSON in which nothing can end a script element, begin a comment or break a line."""
    for character, escaped in _ESCAPES:
        data = data.replace(character, escaped)
    return data


_ESCAPES: Final = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)


def place_cell(place: str | None) -> Place | None:
    """The cell of ``file:line:column``."""
    return None if place is None else place_of(place)


def place_markup(place: Place, links: Links | None, commit: str | None) -> Markup:
    """A place of a manifest, as a link where it has one."""
    where = ":".join(str(part) for part in (visible(place.file), place.line, place.column) if part)
    pattern = links.pattern(place.file, commit) if links else None
    if pattern is None:
        return theirs(where)
    html = Markup('<a href="{}" rel="noreferrer noopener">{}</a>')
    return html.format(pattern.replace(LINE, str(place.line or 1)), theirs(where))


def _html(column: Column, cell: Cell, links: Links | None, commit: str | None) -> Markup:
    if cell is None:
        return Markup("")
    if column.kind is CellKind.PLACE:
        return place_markup(cell, links, commit)
    return _HTML[column.kind](cell)


_HTML: Final[dict[CellKind, Callable[[Cell], Markup]]] = {
    CellKind.NAME: theirs,
    CellKind.PHRASE: markup,
    CellKind.LIST: lambda cell: Markup("<ul>{}</ul>").format(
        Markup("").join(Markup("<li>{}</li>").format(markup(found)) for found in cell)
    ),
    CellKind.SIGN: lambda cell: Markup(
        '<span class="sign {}"><i aria-hidden="true">{}</i> {}</span>'
    ).format(cell[2], cell[0], ours(cell[1])),
}
