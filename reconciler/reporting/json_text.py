"""JSON that is exact, and safe to print: nothing in it breaks a line or steers a terminal."""

import re
from typing import Any

import msgspec


def encode(value: Any) -> str:
    """``value`` (a struct of this room) as JSON on one line."""
    try:
        text = _encoder.encode(value).decode()
    except UnicodeEncodeError:  # half a surrogate pair, from a file name that is not UTF-8
        text = _encoder.encode(_whole(msgspec.to_builtins(value))).decode()
    return _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def indented(value: Any) -> str:
    """``value`` as JSON for the eye: two spaces a level and a line feed at the end."""
    return msgspec.json.format(encode(value), indent=2) + "\n"


def _whole(value: Any) -> Any:
    """``value`` with each lone surrogate replaced, since no UTF-8 file can hold one."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value


_encoder = msgspec.json.Encoder(order="deterministic")
_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
