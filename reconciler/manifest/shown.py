"""How text that somebody else wrote is put into an error: bounded, and all of it visible.

Used by every error of manifests and configuration, so that a file can neither flood a terminal
nor steer it.
"""

import difflib
from collections.abc import Iterable

from reconciler.domain.emoji import EMOJI_SEQUENCE

_LIMIT = 60


def visible(text: str) -> str:
    """``text`` with every character that does not print written as its escape, but in emoji."""
    if text.isprintable():
        return text
    made, at = "", 0
    for emoji in EMOJI_SEQUENCE.finditer(text):
        made += _escaped(text[at : emoji.start()]) + emoji[0]
        at = emoji.end()
    return made + _escaped(text[at:])


def _escaped(text: str) -> str:
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def shown(text: str) -> str:
    """``text`` between backticks, visible, and cut after some 60 characters."""
    cut = text if len(text) <= _LIMIT else f"{text[:_LIMIT]}…"
    return f"`{visible(cut)}`"


def near_miss(word: str, known: Iterable[str]) -> str | None:
    """The hint ``did you mean `x`?`` when one of ``known`` looks like ``word``."""
    by_folded = {name.casefold(): name for name in sorted(known, reverse=True)}
    close = difflib.get_close_matches(word[:_LIMIT].casefold(), by_folded, n=1)
    return f"did you mean {shown(by_folded[close[0]])}?" if close else None
