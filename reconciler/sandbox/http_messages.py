"""Requests and responses of the imitated API, free of any HTTP library.

A request's body is JSON, a form or multipart; its size and shape are bounded before it is parsed.
"""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from email.message import Message
from email.parser import BytesHeaderParser
from http import HTTPStatus
from itertools import accumulate
from urllib.parse import parse_qsl, quote

import msgspec
from msgspec import Struct, field

from reconciler.sandbox.settings import Behaviour, StateSettings
from reconciler.sandbox.users import StoredUser

HEALTH_PATH = "/__sandbox__/health"  # not of the API: says which state is served
HTML = "text/html; charset=utf-8"
IN_A_URL = "%!#$&'()*+,/:;=?@[]~"  # left alone in a URL that is quoted already
FIREWALL_PAGE = (
    "<html><head><title>403 Forbidden</title></head>"
    "<body><center><h1>403 Forbidden</h1></center></body></html>"
)

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


class ApiRequest(Struct, frozen=True):
    """One request. ``headers`` have lower-case names; ``origin``: scheme and host."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = "http://127.0.0.1"


class EndpointCall(Struct, frozen=True):
    """One request inside its transaction: what an endpoint is given to answer it.

    ``caller`` is the user whose token the request carries. ``stale`` replaces the list of users.
    """

    request: ApiRequest
    db: sqlite3.Connection
    settings: StateSettings
    caller: StoredUser | None = None
    stale: list[bytes] | None = None
    meeting_id: str = ""

    @property
    def user(self) -> StoredUser:
        """The caller of an endpoint that takes a user token: the service let nobody else in."""
        assert self.caller is not None  # noqa: S101  # see above
        return self.caller

    @property
    def behaviour(self) -> Behaviour:
        return self.settings.behaviour

    @property
    def now(self) -> float:
        return self.settings.now


class ApiResponse(Struct, frozen=True):
    """One response. ``effect`` says what the request changed."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    effect: str | None = None


class RequestRefused(Exception):
    """Ends the handling of a request with ``response``. Nothing was changed."""

    def __init__(self, response: ApiResponse) -> None:
        super().__init__(response.status)
        self.response = response


def json_response(status: int, value: object, effect: str | None = None) -> ApiResponse:
    """A response with a JSON body."""
    return encoded_json_response(status, msgspec.json.encode(value), effect)


def encoded_json_response(status: int, body: bytes, effect: str | None = None) -> ApiResponse:
    """A response whose JSON body is encoded already."""
    return ApiResponse(status, body, {"content-type": "application/json"}, effect)


def html_response(status: int, page: str) -> ApiResponse:
    """A response with an HTML page."""
    return ApiResponse(status, page.encode(), {"content-type": HTML})


def redirect(location: str, effect: str | None = None) -> ApiResponse:
    """A 302 to ``location``. Characters that no header can hold are percent-encoded."""
    headers = {"location": quote(location, safe=IN_A_URL), "content-type": HTML}
    return ApiResponse(302, b"", headers, effect)


def refusal(status: int, code: str, detail: str, behaviour: Behaviour) -> RequestRefused:
    """A refusal with the API's usual body, as of the year in ``behaviour.error_bodies``."""
    body = {"detail": detail}
    return RequestRefused(
        json_response(status, body if behaviour.error_bodies == "2024" else {"code": code, **body})
    )


def unauthorized(behaviour: Behaviour) -> RequestRefused:
    """The 401 for any missing, wrong or expired credential."""
    old = behaviour.error_bodies == "2024"
    detail = "Invalid token." if old else "Invalid API token. Check the token and its region."
    return refusal(401, "authentication_failed", detail, behaviour)


def not_found() -> RequestRefused:
    """The 404 for an unknown path or object. It has no code, as recorded from the real API."""
    return RequestRefused(json_response(404, {"detail": "Not found."}))


def invalid(**fields: str) -> RequestRefused:
    """A 400 that names the fields at fault."""
    return RequestRefused(json_response(400, {name: [text] for name, text in fields.items()}))


def phrase(status: int) -> str:
    """The standard reason phrase of ``status``, or the empty string."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def decoded_json(text: bytes) -> object:
    """The value of a JSON text in UTF-8. Raises ``ValueError`` if it is invalid or too deep."""
    if _is_too_deep(text):
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    return msgspec.json.decode(text)


def _is_too_deep(text: bytes) -> bool:
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return False
    brackets = _STRING.sub(b"", text).translate(None, _OTHERS)
    return max(accumulate(map(_BRACKETS.__getitem__, brackets)), default=0) > MAX_DEPTH


def fields_of(request: ApiRequest, behaviour: Behaviour) -> dict[str, object]:
    """The fields of the body by name; none if the body is empty. Raises :class:`RequestRefused`.

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


def text_in(request: ApiRequest, behaviour: Behaviour, name: str) -> str | None:
    """The text of the body's field ``name``; None if the body or the field has another shape."""
    try:
        value = fields_of(request, behaviour).get(name)
    except RequestRefused:
        return None
    return value if isinstance(value, str) else None


def text_field(value: object, name: str) -> str:
    """A required text as the API reads it: numbers become text. Raises :class:`RequestRefused`."""
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
    """Why the API refuses ``text``, or None if it takes it."""
    if "\0" in text:
        return "Null characters are not allowed."
    if len(text) > MAX_TEXT:
        return f"Ensure this field has no more than {MAX_TEXT} characters."
    return None


def boolean(value: object) -> object:
    """``value`` as a boolean if it is a form's word for one, else ``value`` itself."""
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
