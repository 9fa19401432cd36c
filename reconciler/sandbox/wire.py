"""Requests and answers of the imitated API, free of any HTTP library; the error bodies it sends."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from reconciler.sandbox.behaviour import Behaviour

HEALTH_PATH = "/__sandbox__/health"  # ours alone: says which state is served
HTML = "text/html; charset=utf-8"
IN_A_URL = "%!#$&'()*+,/:;=?@[]~"  # what stays as it is in a URL that is quoted already
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
    """An answer that sends the client elsewhere; what no header can hold is percent-encoded."""
    headers = {"location": quote(location, safe=IN_A_URL), "content-type": HTML}
    return Answer(status, b"", headers, effect)


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


def not_found() -> Refused:
    """The 404 for a path or an object that does not exist: without a code, as recorded."""
    return Refused(json_answer(404, {"detail": "Not found."}))


def invalid(**fields: str) -> Refused:
    """A 400 that names the fields at fault."""
    return Refused(json_answer(400, {name: [text] for name, text in fields.items()}))


def phrase(status: int) -> str:
    """The standard words for a status, or none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
