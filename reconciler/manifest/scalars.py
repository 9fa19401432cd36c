"""How YAML reads a scalar without quotes.

YAML 1.1 reads ``0042`` as 34, ``no`` as false, ``12:30`` as 750 and ``2026-10-31`` as a date. The
rules are PyYAML's own. We apply them here, so that the composer need not ask for every scalar.
"""

import math
from functools import lru_cache
from typing import TypeAlias

from yaml.constructor import SafeConstructor
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

JsonScalar: TypeAlias = None | bool | int | float | str

_PREFIX = "tag:yaml.org,2002:"
_RESOLVERS = Resolver.yaml_implicit_resolvers
_LARGEST = 2**63
# We compute no longer number: PyYAML takes quadratic time for `1:1:1…`, or fails.
_LONGEST_NUMBER = 100

# A plain scalar that begins with any other character is text.
SUSPECT = frozenset(_RESOLVERS)

_MEANINGS = {
    "int": "an integer",
    "float": "a number",
    "bool": "a truth value",
    "null": "no value",
    "timestamp": "a date",
}


class NotJson(Exception):
    """A plain scalar that YAML reads as a value that JSON does not have, such as a date."""


def plain_kind(text: str) -> str:
    """The name of the YAML 1.1 type of a plain scalar: ``str``, ``int``, ``timestamp``, …"""
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            return str(tag).removeprefix(_PREFIX)
    return "str"


@lru_cache(maxsize=1024)
def plain_value(text: str) -> JsonScalar:
    """The value of a plain scalar. Raises :class:`NotJson`."""
    kind = plain_kind(text)
    if kind not in _MEANINGS:
        return text
    if kind == "timestamp":
        raise NotJson
    if len(text) > _LONGEST_NUMBER:  # no truth value is that long
        raise NotJson
    try:
        value: JsonScalar = SafeConstructor().construct_object(ScalarNode(_PREFIX + kind, text))
    except ValueError as error:
        raise NotJson from error
    if isinstance(value, float) and not math.isfinite(value):
        raise NotJson
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise NotJson
    return value


def plain_meaning(text: str) -> str | None:
    """What YAML reads the plain scalar as, in words; None when it is text."""
    kind = plain_kind(text)
    if kind not in _MEANINGS:
        return None
    if kind == "int":
        try:
            value = plain_value(text)
        except NotJson:
            return "an integer"
        return "an integer" if str(value) == text else f"the integer {value}"
    if kind == "bool":
        return str(plain_value(text)).lower()
    return _MEANINGS[kind]
