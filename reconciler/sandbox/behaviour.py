"""The switches: each is an assumption about the real API, with the assumed answer as its default.

Seeds, tests and ``sandbox seed`` set them. The state file stores them, so all servers of one state
behave alike. In YAML the names are in camelCase.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

NotNegative = Annotated[float, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=0)]
PositiveCount = Annotated[int, Meta(ge=1)]
ListShape = Literal["array", "page", "page_with_count"]


class Behaviour(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How the sandbox answers where the real API's behaviour is assumed. Durations: seconds.

    A switch governs what happens from now on; stored rows stay as they are. Each switch exists
    because a test drives the client against it. ``docs/sandbox.md`` explains them.
    """

    list_shape: ListShape = "array"
    page_size: PositiveCount = 100
    list_order: Literal["shuffled", "insertion"] = "shuffled"

    connection_rows: Literal["always", "when_connected"] = "always"
    after_disconnect: Literal["nulls", "row_absent", "details_kept"] = "nulls"
    disconnect_when_not_connected: Literal[200, 400, 404] = 200
    disconnect_takes_seconds: NotNegative = 0
    reconnect_id: Literal["new", "same"] = "new"

    unknown_user_on_authenticate: Literal["create", "not_found"] = "create"
    recreated_user_id: Literal["new", "same"] = "new"
    taken_external_id: Literal["refused", "allowed"] = "refused"
    put_preferences: Literal["merge", "replace", "require_all"] = "merge"

    token_seconds: Positive = 86_400
    scheme_word: Literal["optional", "required"] = "optional"
    error_bodies: Literal["2025", "2024"] = "2025"
    missing_slash: Literal["tolerated", "not_found"] = "tolerated"

    enforce_limits: bool = True
    limiter: Literal["sliding", "fixed"] = "sliding"
    limits_count: Literal["per_endpoint", "per_subject"] = "per_endpoint"
    limiter_counts_refused: bool = False
    list_limit: Count = 60
    authenticate_limit: Count = 300
    user_limit: Count = 120
    disconnect_limit: Count = 120
    retry_after: Literal["seconds", "http_date", "absent"] = "seconds"
