"""The sandbox as OpenAPI 3.1, made from its routes: served, and published in ``schemas/``.

It describes the sandbox with the switches as they are by default, and without faults.
"""

from functools import cache

import msgspec

from reconciler.domain import PREFERENCE_FIELDS, Platform
from reconciler.sandbox.body import JSON, MAX_TEXT, MEDIA_TYPES
from reconciler.sandbox.credentials import TOKEN_HEADER
from reconciler.sandbox.routes import ENDPOINTS, Credential
from reconciler.sandbox.wire import HTML

Document = dict[str, object]

API_KEY = "apiKey"
USER_TOKEN = "userToken"  # noqa: S105  # a name, not a secret
SECURITY: dict[Credential, list[dict[str, list[str]]]] = {
    Credential.API_KEY: [{API_KEY: []}],
    Credential.USER_TOKEN: [{USER_TOKEN: []}],
    Credential.NONE: [],
}
_TEXT: Document = {"type": "string"}
_TEXT_OR_NULL: Document = {"type": ["string", "null"]}
_BOOLEAN: Document = {"type": "boolean"}
_UUID: Document = {"type": "string", "format": "uuid"}
_TIME: Document = {"type": "string", "format": "date-time"}
# An id or name as the API takes it: not blank, and without the null character.
_NAME: Document = {"type": "string", "maxLength": MAX_TEXT, "pattern": r"^[^\s\x00][^\x00]*$"}

_BOT_NAME: Document = {"type": "string", "maxLength": MAX_TEXT, "pattern": r"^[^\x00]*$"}
_WORD: Document = {"enum": ["true", "false"]}  # a boolean in a form


def _object(properties: Document, *, optional: tuple[str, ...] = ()) -> Document:
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "properties": properties,
        "additionalProperties": False,
    }


def _ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def _array(items: Document) -> Document:
    return {"type": "array", "items": items}


def _or_null(schema: Document) -> Document:
    return {"anyOf": [schema, {"type": "null"}]}


def _preferences(bot_name: Document, other: Document = _BOOLEAN) -> Document:
    return {name: bot_name if name == "bot_name" else other for name in PREFERENCE_FIELDS}


def _schemas() -> Document:
    detail: Document = {"code": _TEXT, "detail": _TEXT}
    return {
        "CalendarUser": _object(
            {
                "id": _UUID,
                "external_id": _TEXT_OR_NULL,
                "connections": _array(_ref("CalendarConnection")),
                "preferences": _or_null(_ref("RecordingPreferences")),
            }
        ),
        "CalendarConnection": _object(
            {
                "platform": _TEXT,
                "connected": _BOOLEAN,
                "email": _TEXT_OR_NULL,
                "id": _TEXT_OR_NULL,
            }
        ),
        "RecordingPreferences": _object({"id": _UUID, **_preferences(_TEXT)}),
        "CalendarUsersPage": _object(
            {
                "next": _TEXT_OR_NULL,
                "previous": _TEXT_OR_NULL,
                "results": _array(_ref("CalendarUser")),
            }
        ),
        "CalendarMeeting": _object(_meeting()),
        "AuthTokenRequest": {
            "type": "object",
            "required": ["user_id"],
            "properties": {"user_id": _NAME},
        },
        "AuthToken": _object({"token": _TEXT}),
        "DisconnectRequest": {
            "type": "object",
            "required": ["platform"],
            "properties": {"platform": {"enum": [platform.value for platform in Platform]}},
        },
        "CalendarUserRequest": {
            "type": "object",
            "properties": {
                "external_id": _NAME,
                "preferences": {"type": "object", "properties": _preferences(_BOT_NAME)},
            },
        },
        "CalendarUserForm": {
            "type": "object",
            "properties": {
                "external_id": _NAME,
                **{f"preferences.{n}": s for n, s in _preferences(_BOT_NAME, _WORD).items()},
            },
        },
        "CalendarMeetingRequest": {
            "type": "object",
            "properties": {"override_should_record": {"type": ["boolean", "null"]}},
        },
        "CalendarMeetingForm": {
            "type": "object",
            "properties": {"override_should_record": {"enum": ["true", "false", "null"]}},
        },
        "Metadata": _object(
            {
                "name": _TEXT,
                "description": _TEXT,
                "renders": _array(_TEXT),
                "parses": _array(_TEXT),
            }
        ),
        "Detail": _object(detail, optional=("code",)),
        "Problems": {
            "description": "What is wrong with each field.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "anyOf": [
                    _array(_TEXT),
                    {"type": "object", "additionalProperties": _array(_TEXT)},
                ]
            },
        },
    }


def _meeting() -> Document:
    person = _object(
        {"name": _TEXT, "email": _TEXT, "is_organizer": _BOOLEAN, "status": _TEXT},
    )
    invite = {"type": ["object", "null"], "additionalProperties": _TEXT}
    return {
        "id": _UUID,
        "override_should_record": {"type": ["boolean", "null"]},
        "title": _TEXT,
        "description": _TEXT,
        "will_record": _BOOLEAN,
        "will_record_reason": _TEXT,
        "start_time": _TIME,
        "end_time": _TIME,
        "platform": {"enum": ["google_calendar", "microsoft_outlook"]},
        "platform_id": _TEXT,
        "meeting_platform": _TEXT,
        "calendar_platform": {"enum": [platform.value for platform in Platform]},
        "zoom_invite": invite,
        "teams_invite": invite,
        "meet_invite": invite,
        "webex_invite": invite,
        "goto_meeting_invite": invite,
        "bot_id": {"type": ["string", "null"], "format": "uuid"},
        "is_external": _BOOLEAN,
        "is_hosted_by_me": _BOOLEAN,
        "is_recurring": _BOOLEAN,
        "organizer_email": _TEXT,
        "attendee_emails": _array(_TEXT),
        "attendees": _array(person),
        "ical_uid": _TEXT,
        "visibility": _TEXT,
    }


def _query(name: str, schema: Document, *, required: bool = False) -> Document:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _body(name: str, form: str | None = None, *, required: bool = False) -> Document:
    schemas = {kind: _ref(name if kind == JSON else form or name) for kind in MEDIA_TYPES}
    content = {kind: {"schema": schema} for kind, schema in schemas.items()}
    return {"required": required, "content": content}


_CALLBACK: Document = {
    "summary": "Where the browser comes back from the consent page",
    "parameters": [
        _query("state", {"type": "string", "description": "JSON with recall_calendar_auth_token"}),
        _query("code", _TEXT),
        _query("error", _TEXT),
    ],
    "answers": {"200": HTML, "302": HTML, "400": HTML, "401": HTML},
}
_USER: Document = {"answers": {"200": _ref("CalendarUser")}}
_MEETINGS: Document = {"answers": {"200": _array(_ref("CalendarMeeting"))}}
_MEETING: Document = {"answers": {"200": _ref("CalendarMeeting"), "404": _ref("Detail")}}

_OPERATIONS: dict[str, Document] = {
    "authenticate": {
        "summary": "Get a calendar user's token; creates the user if the id is unknown",
        "requestBody": _body("AuthTokenRequest", required=True),
        "answers": {"200": _ref("AuthToken")},
    },
    "list_users": {
        "summary": "List the calendar users",
        "parameters": [
            _query("email", _TEXT),
            _query("paginate", {**_TEXT, "description": "`true` or `1`; anything else means no"}),
            _query("cursor", _TEXT),
        ],
        "answers": {
            "200": {"anyOf": [_array(_ref("CalendarUser")), _ref("CalendarUsersPage")]},
            "404": _ref("Detail"),
        },
    },
    "get_user": {"summary": "Get the calendar user", **_USER},
    "update_user": {
        "summary": "Change the external id or the recording preferences",
        "requestBody": _body("CalendarUserRequest", "CalendarUserForm"),
        **_USER,
    },
    "delete_user": {"summary": "Delete the calendar user", "answers": {"204": None}},
    "disconnect": {
        "summary": "Disconnect a calendar platform",
        "requestBody": _body("DisconnectRequest", required=True),
        **_USER,
    },
    "list_meetings": {
        "summary": "List the user's meetings",
        "parameters": [
            _query("ical_uid", _TEXT),
            _query("start_time_after", _TIME),
            _query("start_time_before", _TIME),
        ],
        "answers": {"200": _array(_ref("CalendarMeeting")), "400": _ref("Problems")},
    },
    "get_meeting": {"summary": "Get a meeting", **_MEETING},
    "update_meeting": {
        "summary": "Say whether to record a meeting",
        "requestBody": _body("CalendarMeetingRequest", "CalendarMeetingForm"),
        **_MEETING,
    },
    "refresh_meetings": {
        "summary": "Read the user's calendars again",
        "answers": {"200": _array(_ref("CalendarMeeting")), "422": _ref("Detail")},
    },
    "google_oauth_callback": _CALLBACK,
    "ms_oauth_callback": _CALLBACK,
    "schema": {"summary": "This description", "answers": {"200": {"type": "object"}}},
    "metadata": {"summary": "What the path takes", "answers": {"200": _ref("Metadata")}},
}


_WORDS = {
    "302": ("Sent on to success_url or error_url", ("Allow", "Location")),
    "400": ("A request that cannot be used", ("Allow",)),
    "401": ("The token is wrong or has expired", ("Allow",)),
    "404": ("There is no such thing", ()),
    "422": ("Nothing is connected", ("Allow",)),
}


def _response(schema: Document | str | None, text: str, headers: tuple[str, ...]) -> Document:
    response: Document = {"description": text}
    response["headers"] = {name: {"required": True, "schema": _TEXT} for name in headers}
    if isinstance(schema, str):
        response["content"] = {schema: {}}
    elif schema is not None:
        response["content"] = {JSON: {"schema": schema}}
    return response


def _responses(method: str, credential: Credential, operation: Document) -> dict[str, Document]:
    answers = operation["answers"]
    assert isinstance(answers, dict)  # noqa: S101  # written above
    found = {
        status: _response(schema, *_WORDS.get(status, ("Done", ("Allow",))))
        for status, schema in answers.items()
    }
    if method == "GET":
        found["403"] = _response(HTML, "The firewall: a GET with a body", ())
    if "requestBody" in operation:
        found["400"] = _response(
            {"anyOf": [_ref("Detail"), _ref("Problems")]}, "A body that cannot be used", ("Allow",)
        )
        found["413"] = _response(_ref("Detail"), "A body that is too large", ())
        found["415"] = _response(_ref("Detail"), "A body of another media type", ("Allow",))
    if credential is not Credential.NONE:
        found["401"] = _response(_ref("Detail"), "The credential is missing or wrong", ("Allow",))
        found["429"] = _response(_ref("Detail"), "Too many calls", ("Allow", "Retry-After"))
    return dict(sorted(found.items()))


def _operation(path: str, method: str, endpoint: str, credential: Credential) -> Document:
    described = _OPERATIONS[endpoint]
    operation = {name: value for name, value in described.items() if name != "answers"}
    operation["operationId"] = _operation_id(path, method, endpoint)
    operation["security"] = SECURITY[credential]
    operation["responses"] = responses = _responses(method, credential, described)
    if links := _links(endpoint):
        responses["200"]["links"] = links
    return operation


def _operation_id(path: str, method: str, endpoint: str) -> str:
    if method == "OPTIONS":
        return f"metadata_of_{path.strip('/').replace('/', '_').translate({123: None, 125: None})}"
    return f"{endpoint}_partly" if method == "PATCH" else endpoint


def _links(endpoint: str) -> Document:
    """What can be called next, with what the request and its answer hold."""
    header = f"header.{TOKEN_HEADER}"
    match endpoint:
        case "list_users":
            body = {"user_id": "$response.body#/0/external_id"}
            return {"authenticate": {"operationId": "authenticate", "requestBody": body}}
        case "authenticate":
            return _links_to_user_endpoints({header: "$response.body#/token"})
        case "list_meetings" | "refresh_meetings":
            token = f"$request.header.{TOKEN_HEADER}"
            return _links_to_user_endpoints({header: token, "path.id": "$response.body#/0/id"})
        case _:
            return {}


def _links_to_user_endpoints(parameters: Document) -> Document:
    ids = [
        _operation_id(path, method, endpoint)
        for path, (credential, methods) in ENDPOINTS.items()
        for method, endpoint in methods.items()
        if credential is Credential.USER_TOKEN and ("{id}" in path) is ("path.id" in parameters)
    ]
    return {name: {"operationId": name, "parameters": parameters} for name in ids}


@cache
def document_text() -> bytes:
    """The description as it is served and published."""
    paths: Document = {}
    for path, (credential, methods) in ENDPOINTS.items():
        operations: Document = {
            method.lower(): _operation(path, method, endpoint, credential)
            for method, endpoint in {**methods, "OPTIONS": "metadata"}.items()
        }
        if "{id}" in path:
            operations["parameters"] = [
                {"name": "id", "in": "path", "required": True, "schema": _UUID}
            ]
        paths[path] = operations
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "The sandbox of calendar reconciler",
            "version": "1",
            "description": "An imitation of the Recall Calendar V1 API. This describes the sandbox,"
            " with its switches as they are by default; it is not a description by Recall.ai.",
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                API_KEY: {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Token <key>`, or the key alone",
                },
                USER_TOKEN: {"type": "apiKey", "in": "header", "name": TOKEN_HEADER},
            },
        },
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
