"""What can be made to go wrong, on which requests, and how often.

Tests, seeds and demonstrations add faults; the service asks for the first that fits a request.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from reconciler.sandbox.behaviour import Count, NotNegative, PositiveCount

_HEADER = re.compile(r"[\t -~]*")


class FaultKind(StrEnum):
    """What goes wrong. ``docs/sandbox.md`` says what the client sees and whether it took effect."""

    LATENCY = "latency"
    STATUS = "status"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    DROP_MIDWAY = "drop_midway"
    NOT_JSON = "not_json"
    TRUNCATED_BODY = "truncated_body"
    TRUNCATED_LIST = "truncated_list"
    EMPTY_LIST = "empty_list"
    STALE_LIST = "stale_list"
    MALFORMED_ROW = "malformed_row"
    NEXT_ELSEWHERE = "next_elsewhere"
    NEXT_LOOP = "next_loop"
    REDIRECT = "redirect"
    CLOCK_JUMP = "clock_jump"


USER_LIST_KINDS = frozenset(
    {FaultKind.STALE_LIST, FaultKind.NEXT_ELSEWHERE, FaultKind.NEXT_LOOP},
)
LIST_KINDS = USER_LIST_KINDS | {
    FaultKind.TRUNCATED_LIST,
    FaultKind.EMPTY_LIST,
    FaultKind.MALFORMED_ROW,
}


class Match(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which requests a fault is for; what is absent fits all.

    ``endpoint`` is a glob over the endpoint names (``list_users``, ``disconnect``, …),
    ``external_id`` one over the subject's id (a request without a subject does not fit).
    """

    method: str | None = None
    endpoint: str | None = None
    external_id: str | None = field(default=None, name="external_id")

    def fits(self, *, method: str, endpoint: str, external_id: str | None) -> bool:
        if self.method is not None and self.method.upper() != method:
            return False
        if self.endpoint is not None and not fnmatchcase(endpoint, self.endpoint):
            return False
        if self.external_id is None:
            return True
        return external_id is not None and fnmatchcase(external_id, self.external_id)


class Fault(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One thing that goes wrong on the requests that ``match``. Durations: sandbox seconds.

    ``skip`` requests pass first, then ``times`` are hit. ``latency`` is waited before the
    request takes effect and ``answer_delay`` after it, with every kind. The rest belongs to
    single kinds:

    * ``status``, ``headers``, ``body``: the answer of ``status`` (default 503) and ``redirect``
      (default 307); ``after_effect`` lets the request take effect first;
    * ``body`` also: the bad row of ``malformed_row`` and the text of ``not_json``;
    * ``keep``: the rows that ``truncated_list`` leaves;
    * ``seconds``: how old ``stale_list`` is (absent: as old as the fault), and how far
      ``clock_jump`` moves the ``Date`` header;
    * ``location``: where ``redirect`` and ``next_elsewhere`` point.
    """

    kind: FaultKind
    match: Match = Match()
    times: PositiveCount | Literal["forever"] = 1
    skip: Count = 0
    latency: NotNegative = 0
    answer_delay: NotNegative = 0
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    after_effect: bool = False
    keep: Count = 1
    seconds: float | None = None
    location: str = "http://elsewhere.invalid/api/v1/calendar/users/"

    def __post_init__(self) -> None:
        if not all(_HEADER.fullmatch(text) for text in (*self.headers.values(), self.location)):
            raise ValueError("headers and `location` must be printable ASCII")

    def fits(self, *, method: str, endpoint: str, external_id: str | None) -> bool:
        """Whether the fault is for such a request; those that spoil lists are for lists only."""
        if self.kind in LIST_KINDS:
            lists = (
                {"list_users"} if self.kind in USER_LIST_KINDS else {"list_users", "list_meetings"}
            )
            if endpoint not in lists:
                return False
        return self.match.fits(method=method, endpoint=endpoint, external_id=external_id)
