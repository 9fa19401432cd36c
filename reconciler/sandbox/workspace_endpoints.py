"""The endpoints that take the API key: mint a user's token, list the calendar users."""

import base64
import binascii
from collections.abc import Iterable
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from reconciler.sandbox import people, roster
from reconciler.sandbox.behaviour import ListShape
from reconciler.sandbox.body import fields_of, text_field, text_in
from reconciler.sandbox.call import Call
from reconciler.sandbox.credentials import make_token
from reconciler.sandbox.wire import Answer, invalid, json_answer, json_bytes, not_found


def subject_of_authenticate(call: Call) -> str | None:
    """The id that an authenticate call names, for faults and the log, whatever its shape."""
    user_id = text_in(call.request, call.behaviour, "user_id")
    return user_id.strip() if user_id is not None else None


def authenticate(call: Call) -> Answer:
    """A token for a calendar user, who is created if the id is unknown."""
    body = fields_of(call.request, call.behaviour)
    if "user_id" not in body:
        raise invalid(user_id="This field is required.")
    external_id = text_field(body["user_id"], "user_id")
    person, effect = people.find_by_external_id(call.db, external_id), None
    if person is None:
        if call.behaviour.unknown_user_on_authenticate == "not_found":
            raise not_found()
        person = people.create(call.db, external_id, call.behaviour, call.now)
        effect = "created user"
    return json_answer(200, {"token": make_token(person.id, call.settings)}, effect)


def list_users(call: Call) -> Answer:
    """All calendar users, or those with ``?email=`` among their connections."""
    order = call.behaviour.list_order
    rows: Iterable[bytes] = roster.documents(call.db, order) if call.stale is None else call.stale
    if email := call.request.query.get("email"):
        rows = _with_email(rows, email, fold=call.behaviour.email_filter == "ignore_case")
    asked = call.request.query.get("paginate", "").lower() in {"true", "1"}
    shape = call.behaviour.paginated_shape if asked else call.behaviour.list_shape
    if shape == "array":
        return json_bytes(200, b"[" + b",".join(rows) + b"]")
    return json_bytes(200, _page(call, list(rows), shape))


class _Mail(Struct):
    email: object = None


class _Mails(Struct):
    connections: list[_Mail]


_mails = msgspec.json.Decoder(_Mails)


def _with_email(rows: Iterable[bytes], email: str, *, fold: bool) -> list[bytes]:
    def same(found: object) -> bool:
        if not isinstance(found, str):
            return False
        return found.casefold() == email.casefold() if fold else found == email

    return [row for row in rows if any(same(c.email) for c in _mails.decode(row).connections)]


def _page(call: Call, rows: list[bytes], shape: ListShape) -> bytes:
    size = call.behaviour.page_size
    start = _offset(call)
    page: dict[str, object] = {"count": len(rows)} if shape == "page_with_count" else {}
    page["next"] = _page_url(call, start + size) if start + size < len(rows) else None
    page["previous"] = _page_url(call, max(0, start - size)) if start else None
    page["results"] = [msgspec.Raw(row) for row in rows[start : start + size]]
    return msgspec.json.encode(page)


def _offset(call: Call) -> int:
    cursor = call.request.query.get("cursor")
    if cursor is None:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(cursor.encode() + b"==").removeprefix(b"o=")))
    except (ValueError, binascii.Error):
        raise not_found() from None


def _page_url(call: Call, start: int) -> str:
    cursor = base64.urlsafe_b64encode(f"o={start}".encode()).rstrip(b"=").decode()
    query = {**call.request.query, "cursor": cursor}
    return f"{call.request.origin}{call.request.path}?{urlencode(query)}"
