"""A Markdown comment that knows how much room is left in it."""

import re
from collections.abc import Iterable
from typing import Final

from reconciler.reporting.links import Links
from reconciler.reporting.phrase import Phrase, visible

MAX_BYTES: Final = 64_000
"""Below GitHub's 65 536 characters, with room for the mark by which a bot finds its comment."""

_CLOSING: Final = 4_000  # kept for the heads and feet of the sections that follow a full one
_LEAST: Final = 2_000  # what one more report of a workspace needs to be of use
PART: Final = 8_000
"""Bytes of a list that may be long, before the table of actions: that needs room too."""

ELSEWHERE: Final = "see the JSON report (`--report json=FILE`)"
"""Where everything is that found no room."""


class Comment:
    """Collects Markdown blocks; rows beyond the room are counted instead of written."""

    def __init__(self, links: Links | None = None) -> None:
        self._links = links
        self._blocks: list[str] = []
        self._left = MAX_BYTES - _CLOSING

    @property
    def is_full(self) -> bool:
        """Whether only the heads and feet of what was begun have room."""
        return self._left < _LEAST

    def place(self, place: str | None, commit: str | None) -> str:
        """A place of a manifest, as a link where it has one; empty for None."""
        if not place:
            return ""
        url = self._links.of(place, commit) if self._links else None
        return f"[{code(place)}]({url})" if url else code(place)

    def block(self, text: str) -> None:
        """A paragraph, a heading or a quote: short, and always written."""
        self._blocks.append(text)
        self._left -= _size(text)

    def table(self, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
        """A table, as many of its rows as there is room for."""
        head = [_row(columns), _row(("---",) * len(columns))]
        self._rows(head, [_row(row) for row in rows])

    def items(self, items: Iterable[str], *, most: int = MAX_BYTES) -> None:
        """A list, as many of its items as there is room for, and no more than ``most`` bytes."""
        self._rows([], [f"- {item}" for item in items], most)

    def folded(self, title: str, items: Iterable[str]) -> None:
        """A list behind a title that unfolds."""
        self.block(f"<details><summary>{title}</summary>")
        self.items(items)
        self.block("</details>")

    def _rows(self, head: list[str], rows: list[str], most: int = MAX_BYTES) -> None:
        written = list(head)
        for row in rows:
            size = _size(row)
            if size > self._left or size > most:
                break
            self._left -= size
            most -= size
            written.append(row)
        if written:
            self._blocks.append("\n".join(written))
        if more := len(rows) + len(head) - len(written):
            self._blocks.append(f"… and {more} more; {ELSEWHERE}.")

    def __str__(self) -> str:
        return "\n\n".join(self._blocks) + "\n"


def inline(phrase: Phrase) -> str:
    """``phrase`` as Markdown, with what others wrote in code spans."""
    return "".join([p if isinstance(p, str) else _code(p.neutral()) for p in phrase])


def code(text: str) -> str:
    """Other people's ``text`` as a code span."""
    return _code(visible(text))


def _code(text: str) -> str:
    fence = "`" * (max(map(len, _BACKTICKS.findall(text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text or ' '}{space}{fence}"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(markdown: str) -> str:
    """Renderers disagree on a backslash before an escaped pipe, so there is none."""
    return markdown.replace("\\|", "\\⟨U+007C⟩").replace("|", "\\|")


def _size(text: str) -> int:
    return len(text.encode()) + 2  # the empty line between blocks


_BACKTICKS = re.compile("`+")
