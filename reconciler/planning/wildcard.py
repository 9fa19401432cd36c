"""Patterns in which ``*`` stands for anything, matched in linear time.

No regular expression: a pattern with many ``*`` would take one for ever on a hostile id.
"""


class Wildcard:
    """Literal text with ``*`` for any text, also none."""

    def __init__(self, pattern: str) -> None:
        self._first, *self._rest = pattern.split("*")

    def matches(self, text: str) -> bool:
        """Whether the whole of ``text`` fits."""
        if not self._rest:
            return text == self._first
        *middle, last = self._rest
        if not text.startswith(self._first):
            return False
        at = len(self._first)
        for part in middle:
            found = text.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return len(text) - len(last) >= at and text.endswith(last)
