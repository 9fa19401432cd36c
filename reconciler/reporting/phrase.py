"""Sentences that keep our words and other people's text apart until a renderer writes them.

Ids, e-mails, notes and answers of the API may hold terminal escapes, bidirectional overrides,
line feeds, markup, or characters without a shape. ``wording`` builds phrases; ``text`` and
``markdown`` write them, each with its own way to make the foreign parts harmless.
"""

import re
import shlex
from typing import Final

from msgspec import Struct

from reconciler.domain.text import spell_out

NAME_LIMIT: Final = 200
PROSE_LIMIT: Final = 1_000


def visible(text: str, limit: int = NAME_LIMIT) -> str:
    """``text`` on one line, with everything unseen made visible.

    Control characters and outer spaces become their pictures (``␛``, ``␠``), others without a
    shape ``⟨U+202E⟩``, unless they are part of an emoji. Of more than ``limit`` characters the
    middle is left out: the end of a place is its line.
    """
    if len(text) > limit:
        text = f"{text[: limit - _TAIL]}…{text[-_TAIL + 1 :]}"
    if text[:1] == " " or text[-1:] == " ":
        text = _OUTER_SPACE.sub(lambda match: "␠" * len(match[0]), text)
    return text if text.isascii() and text.isprintable() else spell_out(text, _name)


def one_line(text: str) -> str:
    """Prose, such as a note of several lines, with each run of white space as one space."""
    return visible(" ".join(text.split()), PROSE_LIMIT)


def _name(character: str) -> str:
    """``character``, or its visible replacement."""
    if character.isprintable() and not _SHAPELESS.match(character):
        return character
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"


_TAIL = 40
_CONTROL_PICTURES = 0x2400
_OUTER_SPACE = re.compile("^ +| +$")
# Letters, marks and symbols by category, to the eye nothing: fillers, joiners, selectors.
_SHAPELESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class Foreign(Struct, frozen=True, gc=False):
    """Text that others wrote; ``prose`` may have several lines and be long."""

    text: str
    prose: bool = False

    def neutral(self) -> str:
        """The text on one line, with nothing unseen in it."""
        return one_line(self.text) if self.prose else visible(self.text)


class ShellCommand(Struct, frozen=True, gc=False):
    """A command to type: ``words`` are ours, ``argument`` comes from others and is quoted."""

    words: str
    argument: str

    def neutral(self) -> str:
        """The command on one line, as a shell takes it."""
        return f"{self.words} {shlex.quote(visible(self.argument))}"


Phrase = tuple[str | Foreign | ShellCommand, ...]


def plain(phrase: Phrase) -> str:
    """``phrase`` as one line of harmless text."""
    return "".join([part if isinstance(part, str) else _plain(part) for part in phrase])


def prose(text: str) -> Foreign:
    """A sentence or a note of somebody else."""
    return Foreign(text, prose=True)


def listed(names: tuple[str, ...], at_most: int = 5) -> Phrase:
    """``names`` as an enumeration, cut after ``at_most`` with the number of the others."""
    shown: list[str | Foreign] = []
    for name in names[:at_most]:
        shown += [", ", Foreign(name)] if shown else [Foreign(name)]
    if len(names) > at_most:
        shown.append(f" and {len(names) - at_most} more")
    return tuple(shown)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """``1 user``, ``2 users``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _plain(part: Foreign | ShellCommand) -> str:
    return f"`{part.neutral()}`" if isinstance(part, ShellCommand) else part.neutral()
