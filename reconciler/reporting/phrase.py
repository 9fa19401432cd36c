"""Sentences that keep our words and other people's text apart until a renderer writes them.

``wording`` builds phrases, ``text`` and ``markdown`` write them, each with its own way of making
the foreign parts harmless. So nothing foreign can slip in as markup.
"""

import shlex

from msgspec import Struct

from reconciler.reporting.untrusted import one_line, visible


class Foreign(Struct, frozen=True, gc=False):
    """Text that others wrote; ``prose`` may have several lines and be long."""

    text: str
    prose: bool = False

    def neutral(self) -> str:
        """The text on one line, with nothing unseen in it."""
        return one_line(self.text) if self.prose else visible(self.text)


class Command(Struct, frozen=True, gc=False):
    """A command to type: ``words`` are ours, ``argument`` comes from others and is quoted."""

    words: str
    argument: str

    def neutral(self) -> str:
        """The command on one line, as a shell takes it."""
        return f"{self.words} {shlex.quote(visible(self.argument))}"


Phrase = tuple[str | Foreign | Command, ...]


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


def _plain(part: Foreign | Command) -> str:
    return f"`{part.neutral()}`" if isinstance(part, Command) else part.neutral()
