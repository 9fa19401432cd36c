"""Everything the API's documentation leaves open, as switches with the assumed answer as default.

Seeds, tests and ``sandbox seed`` set them; they are kept in the state file, so that all servers
of one state behave alike. In YAML the names are in camelCase.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

NotNegative = Annotated[float, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=0)]
PositiveCount = Annotated[int, Meta(ge=1)]
MissingSlash = Literal["tolerated", "redirect", "not_found"]
ListShape = Literal["array", "page", "page_with_count"]


class Behaviour(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How the sandbox answers where the real API's behaviour is assumed. Durations: seconds.

    A switch governs what happens from now on; rows that are stored already stay as they are.
    ``docs/sandbox.md`` explains each switch.
    """

    list_shape: ListShape = "array"
    paginated_shape: ListShape = "page"
    page_size: PositiveCount = 100
    list_order: Literal["shuffled", "insertion"] = "shuffled"
    email_filter: Literal["exact", "ignore_case"] = "exact"

    connection_rows: Literal["always", "when_connected"] = "always"
    after_disconnect: Literal["nulls", "row_absent", "details_kept"] = "nulls"
    disconnect_when_not_connected: Literal[200, 400, 404] = 200
    disconnect_takes_seconds: NotNegative = 0
    meetings_after_disconnect: Literal["removed", "kept"] = "removed"
    reconnect_id: Literal["new", "same"] = "new"
    refresh_when_not_connected: Literal[422, 200] = 422

    unknown_user_on_authenticate: Literal["create", "not_found"] = "create"
    recreated_user_id: Literal["new", "same"] = "new"
    taken_external_id: Literal["refused", "allowed"] = "refused"
    new_user_preferences: Literal["defaults", "null"] = "defaults"
    put_preferences: Literal["merge", "replace", "require_all"] = "merge"

    token_seconds: Positive = 86_400
    scheme_word: Literal["optional", "required"] = "optional"
    cross_origin: Literal["allowed", "refused"] = "allowed"
    api_key_alone_status: Literal[401, 403] = 401
    second_credential: Literal["ignored", "checked"] = "ignored"
    error_bodies: Literal["2025", "2024"] = "2025"
    missing_slash_on_get: MissingSlash = "tolerated"
    missing_slash_on_post: MissingSlash = "tolerated"
    body_on_get: Literal["blocked", "ignored"] = "blocked"
    idempotency_seconds: NotNegative = 3_600

    enforce_limits: bool = True
    limiter: Literal["sliding", "fixed"] = "sliding"
    limits_count: Literal["per_endpoint", "per_subject"] = "per_endpoint"
    limiter_counts_refused: bool = False
    window_seconds: Positive = 60
    list_limit: Count = 60
    authenticate_limit: Count = 300
    user_limit: Count = 120
    disconnect_limit: Count = 120
    retry_after: Literal["seconds", "http_date", "absent"] = "seconds"
