"""What the body of a request says: JSON, a form or multipart, bounded before it is parsed."""

import re
from collections.abc import Iterable
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import accumulate
from urllib.parse import parse_qsl

import msgspec

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.wire import Refused, Request, invalid, refusal

MAX_BODY = 1 << 20
MAX_DEPTH = 64
MAX_FIELDS = 1_000
MAX_TEXT = 255
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
MEDIA_TYPES = (JSON, FORM, MULTIPART)

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # closed or not
_BRACKETS = {ord(bracket): 1 if bracket in "[{" else -1 for bracket in "[{}]"}
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)


def decoded_json(text: bytes) -> object:
    """The value of a JSON text in UTF-8. Raises ``ValueError`` for any other, and too deep, one."""
    if _is_too_deep(text):
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    return msgspec.json.decode(text)


def _is_too_deep(text: bytes) -> bool:
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return False
    brackets = _STRING.sub(b"", text).translate(None, _OTHERS)
    return max(accumulate(map(_BRACKETS.__getitem__, brackets)), default=0) > MAX_DEPTH


def fields_of(request: Request, behaviour: Behaviour) -> dict[str, object]:
    """The fields of the body by name; an absent body has none. Raises :class:`Refused`.

    The body is read as UTF-8, whatever ``charset`` says. In a form every value is text, and
    ``preferences.bot_name`` is the field ``bot_name`` of ``preferences``.
    """
    if not request.body:
        return {}
    content_type = request.headers.get("content-type", JSON)
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        detail = f'Unsupported media type "{kind[:80]}" in request.'
        raise refusal(415, "unsupported_media_type", detail, behaviour)
    try:
        if kind == FORM:
            text = request.body.decode()
            return _nested(
                parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
            )
        if kind == MULTIPART:
            return _nested(_parts(request.body, content_type))
        value = decoded_json(request.body)
    except ValueError:
        name = {FORM: "Form", MULTIPART: "Multipart form"}.get(kind, "JSON")
        raise refusal(400, "parse_error", f"{name} parse error", behaviour) from None
    if not isinstance(value, dict):
        raise invalid(non_field_errors="Invalid data. Expected a dictionary.")
    return value


def text_in(request: Request, behaviour: Behaviour, name: str) -> str | None:
    """The text that the body gives for the field ``name``; None where it is of another shape."""
    try:
        value = fields_of(request, behaviour).get(name)
    except Refused:
        return None
    return value if isinstance(value, str) else None


def text_field(value: object, name: str) -> str:
    """A required text as the API reads it: numbers become text. Raises :class:`Refused`."""
    if value is None:
        raise invalid(**{name: "This field may not be null."})
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise invalid(**{name: "Not a valid string."})
    text = str(value).strip()
    problem = text_problem(text) if text else "This field may not be blank."
    if problem:
        raise invalid(**{name: problem})
    return text


def text_problem(text: str) -> str | None:
    """What the API has against a text, or None."""
    if "\0" in text:
        return "Null characters are not allowed."
    if len(text) > MAX_TEXT:
        return f"Ensure this field has no more than {MAX_TEXT} characters."
    return None


def boolean(value: object) -> object:
    """``value`` with the words by which forms spell booleans as booleans."""
    return _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value


def _nested(fields: Iterable[tuple[str, str]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in fields:
        outer, dot, inner = name.partition(".")
        if not dot:
            found[name] = value
            continue
        nested = found.get(outer)
        if not isinstance(nested, dict):
            nested = found[outer] = {}
        nested[inner] = value
    return found


def _parts(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """The text fields of a multipart body; files are left out. Raises ``ValueError``."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_boundary("").encode()
    pieces = re.split(rb"(?:\A|\r\n)--" + re.escape(boundary), body, maxsplit=MAX_FIELDS + 2)
    if not boundary or len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise ValueError("no closing boundary")
    found: list[tuple[str, str]] = []
    for piece in pieces[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        part = BytesHeaderParser().parsebytes(head)
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and part.get_filename() is None:
            found.append((name, content.decode()))
    return found
