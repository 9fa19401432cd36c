"""Lines of text with tones, painted only where there is colour.

One string a line and no layout engine: a plan of a hundred thousand lines must stay linear.
"""

import sys
import textwrap
from functools import cache

from reconciler.reporting.symbols import Tone

Span = tuple[str, Tone]
_NARROWEST = 40


class TextPage:
    """Collects lines, wrapped to ``width`` columns; 0 wraps nothing, so that pipes can grep."""

    def __init__(self, *, width: int, color: bool) -> None:
        self._width = max(width, _NARROWEST) if width else sys.maxsize
        self._unbroken = not width
        self._color = color
        self._lines: list[str] = []

    @property
    def width(self) -> int:
        """The most columns of a line that is wrapped."""
        return self._width

    def line(self, *spans: Span | str) -> None:
        """One line, as long as it is."""
        if self._color:
            self._lines.append(
                "".join([s if isinstance(s, str) else _paint(s[0], s[1]) for s in spans])
            )
        else:
            self._lines.append("".join([s if isinstance(s, str) else s[0] for s in spans]))

    def prose(self, text: str, tone: Tone = Tone.PLAIN, *, first: str = "", rest: str = "") -> None:
        """A sentence, wrapped; ``first`` is put before its first line, ``rest`` before others."""
        for line in self._wrap(text, first, rest):
            self.line((line, tone))

    def sentence(self, *spans: Span | str, rest: str = "  ") -> None:
        """``spans`` as one sentence, wrapped, each in its own tone; ``rest`` before other lines."""
        if self._unbroken:
            self.line(*spans)
            return
        words = [
            (word, Tone.PLAIN if isinstance(span, str) else span[1])
            for span in spans
            for word in (span if isinstance(span, str) else span[0]).split()
        ]
        head = spans[0] if isinstance(spans[0], str) else spans[0][0]
        indent = " " * (len(head) - len(head.lstrip(" ")))
        if len(indent) + sum(cells(word) + 1 for word, _ in words) - 1 <= self._width:
            self.line(*spans)
            return
        line: list[Span | str] = []
        used = 0
        for word, tone in words:
            if line and used + 1 + cells(word) > self._width:
                self.line(*line)
                line, used = [rest, (word, tone)], cells(rest) + cells(word)
            else:
                before = " " if line else indent
                line += [before, (word, tone)]
                used += len(before) + cells(word)
        self.line(*line)

    def _wrap(self, text: str, first: str, rest: str) -> list[str]:
        if not (text.isascii() or self._unbroken):
            return _wrap_cells(text, self._width, first, rest)
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def entry(self, head: str, tone: Tone, rest: str) -> None:
        """``head`` painted, then ``rest``: one line, or several with a hanging indent."""
        if self._unbroken or cells(head) + cells(rest) + 2 <= self._width:
            self.line("  ", (head, tone), rest)
            return
        first, *others = self._wrap(head + rest, "  ", "      ")
        painted = head if first.startswith(head, 2) else first[2:]
        self.line("  ", (painted, tone), first[2 + len(painted) :])
        for line in others:
            self.line(line)

    def gap(self) -> None:
        """An empty line, never two, and none at the top."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


def cells(text: str) -> int:
    """How many columns of a terminal ``text`` takes: a wide character or an emoji has two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - not all text needs it

    return cell_len(text)


def _wrap_cells(text: str, width: int, first: str, rest: str) -> list[str]:
    """``text`` broken at its spaces into lines of at most ``width`` columns."""
    words = text.split(" ")
    lines, line, used = [], first + words[0], cells(first + words[0])
    for word in words[1:]:
        taken = cells(word)
        if used + 1 + taken > width:
            lines.append(line)
            line, used = rest + word, cells(rest) + taken
        else:
            line, used = f"{line} {word}", used + 1 + taken
    return [*lines, line]


def _paint(text: str, tone: Tone) -> str:
    before, after = _codes(tone)
    return f"{before}{text}{after}"


@cache
def _codes(tone: Tone) -> tuple[str, str]:
    from rich.color import ColorSystem  # noqa: PLC0415 - 27 ms to import, and pipes need no colour
    from rich.style import Style  # noqa: PLC0415

    before, after = Style.parse(tone).render("|", color_system=ColorSystem.STANDARD).split("|")
    return before, after
