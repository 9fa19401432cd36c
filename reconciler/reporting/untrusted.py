"""Makes text that others wrote harmless to look at.

Ids, e-mails, notes and answers of the API may hold terminal escapes, bidirectional overrides,
line feeds or characters without a shape. Every renderer for people passes them through here.
"""

import re
from typing import Final

from reconciler.domain.emoji import EMOJI_SEQUENCE

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
    if text.isascii() and text.isprintable():
        return text
    made, at = [], 0
    for emoji in EMOJI_SEQUENCE.finditer(text):
        made += [_name(character) for character in text[at : emoji.start()]]
        made.append(emoji[0])
        at = emoji.end()
    return "".join([*made, *(_name(character) for character in text[at:])])


def one_line(text: str) -> str:
    """Prose, such as a note of several lines, with each run of white space as one space."""
    return visible(" ".join(text.split()), PROSE_LIMIT)


def _name(character: str) -> str:
    """``character``, or what stands for it where it would not be seen."""
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
