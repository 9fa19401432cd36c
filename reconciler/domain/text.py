"""Text that others wrote, made safe to show: one line, bounded, with nothing unseen in it.

Control characters can steer a terminal, and characters without a shape can make two different
texts look the same. A joiner, a selector or a tag is kept only where it is part of an emoji, as in
``👩‍🚀``, ``❤️`` and ``1️⃣``.
"""

import re
from collections.abc import Callable
from typing import Final

from reconciler.domain.secrets import Secret, redacted

LONGEST_LINE: Final = 300
"""Characters of foreign text that an error shows."""

_JOINER: Final = "\u200d"
_PICTURE: Final = "\ufe0f"
_TONES: Final = "\U0001f3fb-\U0001f3ff"
# Drawn as text unless a selector asks for the emoji (Emoji_Presentation=No in Unicode's data).
_AS_TEXT: Final = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u2328\u23cf\u23ed-\u23ef\u23f1"
    "\u23f2\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb\u25fc\u2600-\u2604\u260e\u2611\u2618"
    "\u261d\u2620\u2622\u2623\u2626\u262a\u262e\u262f\u2638-\u263a\u2640\u2642\u265f\u2660\u2663"
    "\u2665\u2666\u2668\u267b\u267e\u2692\u2694-\u2697\u2699\u269b\u269c\u26a0\u26a7\u26b0\u26b1"
    "\u26c8\u26cf\u26d1\u26d3\u26e9\u26f0\u26f1\u26f4\u26f7-\u26f9\u2702\u2708\u2709\u270c\u270d"
    "\u270f\u2712\u2714\u2716\u271d\u2721\u2733\u2734\u2744\u2747\u2763\u2764\u27a1\u2934\u2935"
    "\u2b05-\u2b07\u3030\u303d\u3297\u3299"
    "\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f202\U0001f237\U0001f321\U0001f324-\U0001f32c"
    "\U0001f336\U0001f37d\U0001f396\U0001f397\U0001f399-\U0001f39b\U0001f39e\U0001f39f"
    "\U0001f3cb-\U0001f3ce\U0001f3d4-\U0001f3df\U0001f3f3\U0001f3f5\U0001f3f7\U0001f43f\U0001f441"
    "\U0001f4fd\U0001f549\U0001f54a\U0001f56f\U0001f570\U0001f573-\U0001f579\U0001f587"
    "\U0001f58a-\U0001f58d\U0001f590\U0001f5a5\U0001f5a8\U0001f5b1\U0001f5b2\U0001f5bc"
    "\U0001f5c2-\U0001f5c4\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3\U0001f5e8"
    "\U0001f5ef\U0001f5f3\U0001f5fa\U0001f6cb\U0001f6cd-\U0001f6cf\U0001f6e0-\U0001f6e5\U0001f6e9"
    "\U0001f6f0\U0001f6f3"
)
# The first character of a joined emoji, and the ones joined to it (emoji-zwj-sequences.txt).
_BEGINS: Final = (
    "\u26d3\u26f9\u2764\U0001f344\U0001f34b\U0001f3c3\U0001f3c4\U0001f3ca-\U0001f3cc"
    "\U0001f3f3\U0001f3f4\U0001f408\U0001f415\U0001f426\U0001f43b\U0001f441"
    "\U0001f466-\U0001f469\U0001f46e-\U0001f471\U0001f473\U0001f477\U0001f481\U0001f482"
    "\U0001f486\U0001f487\U0001f575\U0001f62e\U0001f635\U0001f636\U0001f642"
    "\U0001f645-\U0001f647\U0001f64b\U0001f64d\U0001f64e\U0001f6a3\U0001f6b4-\U0001f6b6"
    "\U0001f926\U0001f935\U0001f937-\U0001f939\U0001f93c-\U0001f93e\U0001f9b8\U0001f9b9"
    "\U0001f9cd-\U0001f9cf\U0001f9d1\U0001f9d4\U0001f9d6-\U0001f9df"
)
_JOINED: Final = (
    "\u2194\u2195\u2620\u2640\u2642\u2695\u2696\u26a7\u2708\u2744\u2764\u27a1\u2b1b"
    "\U0001f308\U0001f32b\U0001f33e\U0001f373\U0001f37c\U0001f384\U0001f393\U0001f3a4\U0001f3a8"
    "\U0001f3eb\U0001f3ed\U0001f466-\U0001f469\U0001f48b\U0001f4a5\U0001f4bb\U0001f4bc\U0001f525"
    "\U0001f527\U0001f52c\U0001f5e8\U0001f680\U0001f692\U0001f7e9\U0001f7eb\U0001f91d"
    "\U0001f9af-\U0001f9b3\U0001f9ba\U0001f9bc\U0001f9bd\U0001f9d1\U0001f9d2\U0001fa79"
)
# England, Scotland and Wales: a flag, tags, and the end of the tags.
_REGIONS: Final = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in region)
    for region in ("gbeng", "gbsct", "gbwls")
)

# One emoji of several characters, some of which show nothing by themselves.
_EMOJI: Final = re.compile(
    f"[{_BEGINS}][{_TONES}{_PICTURE}]?(?:{_JOINER}[{_JOINED}][{_TONES}{_PICTURE}]?)+"
    f"|\U0001f3f4(?:{_REGIONS})\U000e007f"
    f"|[0-9#*]{_PICTURE}\u20e3"
    f"|[{_AS_TEXT}]{_PICTURE}"
)

# Everything but printable ASCII and the visible rest of Unicode's basic plane.
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\u00a1-\ud7ff\uf900-\ufffd]+")
_HTML: Final = re.compile(r"\s*<")


def spell_out(text: str, spell: Callable[[str], str]) -> str:
    """``text`` with ``spell`` applied to each character, except inside emoji."""
    made, at = [], 0
    for emoji in _EMOJI.finditer(text):
        made += [*map(spell, text[at : emoji.start()]), emoji[0]]
        at = emoji.end()
    return "".join([*made, *map(spell, text[at:])])


def visible(text: str) -> str:
    """``text`` with every character that does not print written as its escape, except in emoji."""
    return text if text.isprintable() else spell_out(text, _escaped)


def excerpt(text: str | bytes | bytearray, *secrets: Secret) -> str:
    """One line of at most :data:`LONGEST_LINE` characters of ``text``, for an error message.

    It shows no control characters, no page of HTML and none of ``secrets``, however they are
    spelled. It also hides the beginning of a secret at the end of ``text``, which may have been cut
    there, and anything that looks like a user token.
    """
    if not isinstance(text, str):
        text = bytes(text).decode(errors="replace")
    if _HTML.match(text):
        return "an HTML page"
    # Redact before cutting the line: a part of a secret would not be found any more.
    line = _UNPRINTABLE.sub(" ", redacted(text, *secrets, cut=True)).strip()
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
