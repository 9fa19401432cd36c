"""What makes a text unusable as an API key: one rule for configuration and client."""

import re
from typing import Final

from msgspec import Struct

_WITH_SCHEME: Final = re.compile(r"\s*(authorization\s*:\s*)?token\s", re.IGNORECASE)
_KEY_ALONE: Final = "it must be the API key alone, as Recall.ai's dashboard shows it"


class KeyFault(Struct, frozen=True):
    """Why a key cannot be used, to be read after its name, and what would be right."""

    problem: str
    hint: str


def key_fault(key: str) -> KeyFault | None:
    """What is wrong with ``key``; None if it can be sent. Shows no part of it."""
    if not key:
        return KeyFault("is empty", _KEY_ALONE)
    if _WITH_SCHEME.match(key):
        return KeyFault("begins with the word Token", f"leave out the word Token: {_KEY_ALONE}")
    if not all("!" <= char <= "~" for char in key):
        problem = "holds spaces, line ends or characters that are not ASCII"
        return KeyFault(problem, _KEY_ALONE)
    return None
