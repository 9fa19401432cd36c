"""Requests and answers of the imitated API, free of any HTTP library; the error bodies it sends."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from msgspec import Struct, field

from reconciler.sandbox.behaviour import Behaviour

HEALTH_PATH = "/__sandbox__/health"  # ours alone: says which state is served
HTML = "text/html; charset=utf-8"
FIREWALL_PAGE = (
    "<html><head><title>403 Forbidden</title></head>"
    "<body><center><h1>403 Forbidden</h1></center></body></html>"
)


class Request(Struct, frozen=True):
    """One request. ``headers`` have lower-case names; ``origin``: scheme and host."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = "http://127.0.0.1"


class Answer(Struct, frozen=True):
    """One answer, and what giving it changed (``effect``)."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    effect: str | None = None


class Refused(Exception):
    """Ends the handling of a request with ``answer``; nothing was changed."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def json_answer(status: int, value: object, effect: str | None = None) -> Answer:
    """An answer with a JSON body."""
    return json_bytes(status, msgspec.json.encode(value), effect)


def json_bytes(status: int, body: bytes, effect: str | None = None) -> Answer:
    """An answer whose JSON body is rendered already."""
    return Answer(status, body, {"content-type": "application/json"}, effect)


def html_answer(status: int, page: str) -> Answer:
    """An answer with an HTML page."""
    return Answer(status, page.encode(), {"content-type": HTML})


def redirect(location: str, effect: str | None = None, status: int = 302) -> Answer:
    """An answer that sends the client elsewhere."""
    return Answer(status, b"", {"location": location, "content-type": HTML}, effect)


def refusal(status: int, code: str, detail: str, behaviour: Behaviour) -> Refused:
    """A refusal with the API's usual body, in the generation that ``behaviour`` asks for."""
    body = {"detail": detail}
    return Refused(
        json_answer(status, body if behaviour.error_bodies == "2024" else {"code": code, **body})
    )


def unauthorized(behaviour: Behaviour) -> Refused:
    """The 401 for any missing, wrong or expired credential."""
    old = behaviour.error_bodies == "2024"
    detail = "Invalid token." if old else "Invalid API token. Check the token and its region."
    return refusal(401, "authentication_failed", detail, behaviour)


def not_found(behaviour: Behaviour) -> Refused:
    """The 404 for a path or an object that does not exist."""
    return refusal(404, "not_found", "Not found.", behaviour)


def invalid(**fields: str) -> Refused:
    """A 400 that names the fields at fault."""
    return Refused(json_answer(400, {name: [text] for name, text in fields.items()}))


def phrase(status: int) -> str:
    """The standard words for a status, or none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def json_object(request: Request, behaviour: Behaviour) -> dict[str, object]:
    """The body as a JSON object; an absent body is an empty one. Raises :class:`Refused`."""
    if not request.body:
        return {}
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if kind.lower() != "application/json":
        detail = f'Unsupported media type "{kind[:80]}" in request.'
        raise refusal(415, "unsupported_media_type", detail, behaviour)
    try:
        value = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise refusal(400, "parse_error", "JSON parse error", behaviour) from None
    if not isinstance(value, dict):
        raise invalid(non_field_errors="Invalid data. Expected a dictionary.")
    return value
