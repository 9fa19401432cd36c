"""The few expressions of GitHub Actions that our Action uses, evaluated as the runner does."""

import re
from collections.abc import Mapping
from typing import Final

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'[^']*')|(?P<call>(?:success|failure|always)\(\))"
    r"|(?P<name>[a-z]+(?:\.[\w-]+)+)|(?P<sign>&&|\|\||[!=]=|!|\(|\)))\s*"
)
_SIGNS: Final = {"&&": " and ", "||": " or ", "!": " not "}

Contexts = Mapping[str, Mapping[str, object]]


def evaluate(expression: str, contexts: Contexts, *, failed: bool = False) -> object:
    """The value of ``expression``; ``failed``: whether a step before it did."""
    words: list[str] = []
    values: list[object] = []
    place = 0
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        if found is None:
            raise ValueError(f"{expression!r} has what this runner does not know at {place}")
        place = found.end()
        if found["sign"]:
            words.append(_SIGNS.get(found["sign"], found["sign"]))
            continue
        if found["text"]:
            values.append(found["text"][1:-1])
        elif found["call"]:
            values.append({"success()": not failed, "failure()": failed}.get(found["call"], True))
        else:
            values.append(_look_up(found["name"], contexts))
        words.append(f"values[{len(values) - 1}]")
    return eval("".join(words), {"__builtins__": {}}, {"values": values})


def interpolate(text: str, contexts: Contexts) -> str:
    """``text`` with each ``${{ … }}`` replaced by its value."""

    def value(found: re.Match[str]) -> str:
        result = evaluate(found[1], contexts)
        return str(result).lower() if isinstance(result, bool) else str(result)

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


def _look_up(name: str, contexts: Contexts) -> object:
    value: object = contexts
    for part in name.split("."):
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value
