"""Phrases in HTML: what others wrote is isolated, so that it cannot turn the text around it.

``visible`` has taken away whatever is unseen. What is left are letters, and letters of some scripts
run from right to left: ``bdi`` keeps them to themselves.
"""

import re
from typing import Final

from markupsafe import Markup

from reconciler.reporting.phrase import Foreign, Phrase, ShellCommand

Parts = str | list[str]
"""A phrase as the page's script takes it: our words alone, or our words and those of others by
turns. In our words, backticks enclose code."""

_CODE: Final = re.compile("`([^`]+)`")


def parts(phrase: Phrase) -> Parts:
    """``phrase`` in its :data:`Parts`."""
    if len(phrase) == 1 and isinstance(phrase[0], str):
        return phrase[0]
    found = [""]
    for part in phrase:
        ours = isinstance(part, str)
        text = part if isinstance(part, str) else _foreign(part)
        if ours == bool(len(found) % 2):
            found[-1] += text
        else:
            found.append(text)
    return found


def markup(found: Parts) -> Markup:
    """``found`` as HTML."""
    if isinstance(found, str):
        return ours(found)
    html = [theirs(text) if number % 2 else ours(text) for number, text in enumerate(found)]
    return Markup("").join(html)


def phrase_markup(phrase: Phrase) -> Markup:
    """``phrase`` as HTML."""
    return markup(parts(phrase))


def ours(text: str) -> Markup:
    """Our own words, with code between backticks."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(Markup.escape(text))))  # noqa: S704 - escaped


def theirs(text: str) -> Markup:
    """What others wrote, with nothing unseen in it."""
    return Markup("<bdi>{}</bdi>").format(text)


def _foreign(part: Foreign | ShellCommand) -> str:
    return part.neutral()
