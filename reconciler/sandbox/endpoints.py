"""The endpoints of calendar users: with the API key, and with a user's token."""

import base64
import binascii
from collections.abc import Iterable
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from reconciler.domain import PREFERENCE_FIELDS, Platform
from reconciler.sandbox import connections, users
from reconciler.sandbox.admission import make_token
from reconciler.sandbox.http_messages import (
    ApiResponse,
    EndpointCall,
    RequestRefused,
    boolean,
    encoded_json_response,
    fields_of,
    invalid,
    json_response,
    not_found,
    text_field,
    text_in,
    text_problem,
)
from reconciler.sandbox.settings import ListShape

DEFAULTS: dict[str, object] = {
    name: users.DEFAULT_BOT_NAME if name == "bot_name" else False for name in PREFERENCE_FIELDS
}


def subject_of_authenticate(call: EndpointCall) -> str | None:
    """The external id that an authenticate call names, for faults and the log."""
    user_id = text_in(call.request, call.behaviour, "user_id")
    return user_id.strip() if user_id is not None else None


def authenticate(call: EndpointCall) -> ApiResponse:
    """A token for a calendar user. An unknown id creates the user."""
    body = fields_of(call.request, call.behaviour)
    if "user_id" not in body:
        raise invalid(user_id="This field is required.")
    external_id = text_field(body["user_id"], "user_id")
    user, effect = users.find_by_external_id(call.db, external_id), None
    if user is None:
        if call.behaviour.unknown_user_on_authenticate == "not_found":
            raise not_found()
        user = users.create(call.db, external_id, call.behaviour, call.now)
        effect = "created user"
    return json_response(200, {"token": make_token(user.id, call.settings)}, effect)


def list_users(call: EndpointCall) -> ApiResponse:
    """All calendar users, or those with ``?email=`` among their connections."""
    order = call.behaviour.list_order
    rows: Iterable[bytes] = users.documents(call.db, order) if call.stale is None else call.stale
    if email := call.request.query.get("email"):
        rows = _with_email(rows, email)
    paginated = call.request.query.get("paginate", "").lower() in {"true", "1"}
    shape = call.behaviour.list_shape
    if paginated and shape == "array":
        shape = "page"
    if shape == "array":
        return encoded_json_response(200, b"[" + b",".join(rows) + b"]")
    return encoded_json_response(200, _page(call, list(rows), shape))


class _ConnectionEmail(Struct):
    email: object = None


class _UserEmails(Struct):
    connections: list[_ConnectionEmail]


_user_emails = msgspec.json.Decoder(_UserEmails)


def _with_email(rows: Iterable[bytes], email: str) -> list[bytes]:
    return [
        row
        for row in rows
        if any(connection.email == email for connection in _user_emails.decode(row).connections)
    ]


def _page(call: EndpointCall, rows: list[bytes], shape: ListShape) -> bytes:
    size = call.behaviour.page_size
    start = _offset(call)
    page: dict[str, object] = {"count": len(rows)} if shape == "page_with_count" else {}
    page["next"] = _page_url(call, start + size) if start + size < len(rows) else None
    page["previous"] = _page_url(call, max(0, start - size)) if start else None
    page["results"] = [msgspec.Raw(row) for row in rows[start : start + size]]
    return msgspec.json.encode(page)


def _offset(call: EndpointCall) -> int:
    cursor = call.request.query.get("cursor")
    if cursor is None:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(cursor.encode() + b"==").removeprefix(b"o=")))
    except (ValueError, binascii.Error):
        raise not_found() from None


def _page_url(call: EndpointCall, start: int) -> str:
    cursor = base64.urlsafe_b64encode(f"o={start}".encode()).rstrip(b"=").decode()
    query = {**call.request.query, "cursor": cursor}
    return f"{call.request.origin}{call.request.path}?{urlencode(query)}"


def get_user(call: EndpointCall) -> ApiResponse:
    """The calendar user."""
    return encoded_json_response(200, call.user.document())


def update_user(call: EndpointCall) -> ApiResponse:
    """Change the preferences or the external id; fields that are not sent stay, unless switched."""
    user = call.user
    body = fields_of(call.request, call.behaviour)
    effects: list[str] = []
    external_id, preferences = user.external_id, user.preferences
    if "external_id" in body:
        external_id = text_field(body["external_id"], "external_id")
    if "preferences" in body:
        preferences = _preferences(call, body["preferences"])
    if external_id is not None and external_id != user.external_id:
        taken = users.find_by_external_id(call.db, external_id) is not None
        if taken and call.behaviour.taken_external_id == "refused":
            raise invalid(external_id="This field must be unique.")
        effects.append("changed external_id")
    if preferences != user.preferences:
        before = user.preferences or {}
        changed = [k for k, v in (preferences or {}).items() if before.get(k) != v and k != "id"]
        effects.append(f"changed preferences: {', '.join(changed)}")
    user.external_id, user.preferences = external_id, preferences
    if effects:
        users.save(call.db, user, call.now)
    return encoded_json_response(200, user.document(), "; ".join(effects) or None)


def _preferences(call: EndpointCall, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        text = f"Invalid data. Expected a dictionary, but got {type(value).__name__}."
        raise invalid(preferences=text if value is not None else "This field may not be null.")
    sent = {
        name: value[name] if name == "bot_name" else boolean(value[name])
        for name in PREFERENCE_FIELDS
        if name in value
    }
    problems = {name: _problem(name, setting) for name, setting in sent.items()}
    wrong = {name: [problem] for name, problem in problems.items() if problem}
    whole = call.request.method == "PUT"
    if whole and call.behaviour.put_preferences == "require_all":
        missing = [n for n in PREFERENCE_FIELDS if n not in sent and n != "bot_name"]
        wrong.update({name: ["This field is required."] for name in missing})
    if wrong:
        raise RequestRefused(json_response(400, {"preferences": wrong}))
    if whole and call.behaviour.put_preferences == "replace":
        sent = {**DEFAULTS, **sent}
    return users.merged_preferences(call.user, sent)


def _problem(name: str, setting: object) -> str | None:
    if name != "bot_name":
        return None if isinstance(setting, bool) else "Must be a valid boolean."
    return text_problem(setting) if isinstance(setting, str) else "Not a valid string."


def delete_user(call: EndpointCall) -> ApiResponse:
    """Delete the user with all connections."""
    users.delete(call.db, call.user, call.now)
    return ApiResponse(204, effect="deleted user")


def disconnect(call: EndpointCall) -> ApiResponse:
    """Disconnect one platform, at once unless switched."""
    user = call.user
    body = fields_of(call.request, call.behaviour)
    if "platform" not in body:
        raise invalid(platform="This field is required.")
    value = body["platform"]
    if value is None:
        raise invalid(platform="This field may not be null.")
    if value not in list(Platform):
        raise invalid(platform=f'"{str(value)[:200]}" is not a valid choice.')
    platform = Platform(str(value))
    if not user.connected_rows(platform):
        return _nothing_to_disconnect(call, platform)
    if platform in user.pending:
        return encoded_json_response(200, user.document())
    delay = call.behaviour.disconnect_takes_seconds
    if delay:
        user.pending[platform] = call.now + delay
        users.save(call.db, user, call.now)
        return encoded_json_response(200, user.document(), f"disconnects {platform} in {delay:g} s")
    connections.disconnect(call.db, user, platform, call.behaviour, call.now)
    return encoded_json_response(200, user.document(), f"disconnected {platform}")


def _nothing_to_disconnect(call: EndpointCall, platform: Platform) -> ApiResponse:
    match call.behaviour.disconnect_when_not_connected:
        case 200:
            return encoded_json_response(200, call.user.document())
        case 400:
            raise invalid(platform=f"{platform} is not connected.")
        case _:
            raise not_found()
