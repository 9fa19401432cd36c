"""What a process has read of the API so far, by the bytes that the sandbox sent it."""

import json
from typing import Any

from msgspec import Struct, field

from tests.chaos.network import Exchange

Row = dict[str, Any]


class Listing(Struct):
    """A list as a process put it together; ``whole`` once its last page is read, and ``seq`` the
    number of the request for its first."""

    asked_at: float
    seq: int = 0
    rows: list[Row] = field(default_factory=list)
    count: int | None = None
    whole: bool = False
    spoiled: bool = False
    false: bool = False  # the API lied: a stale, cut or empty list that looks complete
    read_at: float = 0.0

    def of(self, external_id: str) -> list[Row]:
        return [row for row in self.rows if row["external_id"] == external_id]


class Reading(Struct, frozen=True):
    """One user as read: by himself, or in a list. How old it is counts from when it was asked."""

    row: Row
    asked_at: float
    read_at: float


_LIES = {"stale_list", "truncated_list", "empty_list"}
_SPOILS = {"next_elsewhere", "next_loop", "malformed_row", "not_json", "truncated_body"}


class Readings:
    """Built up answer by answer."""

    def __init__(self) -> None:
        self.lists: list[Listing] = []
        self.users: list[Reading] = []

    def take(self, exchange: Exchange) -> None:
        """An answer came in whole, or broken off."""
        if exchange.endpoint == "list_users":
            self._page(exchange)
        elif exchange.endpoint == "get_user" and exchange.whole and exchange.status == 200:
            row = _parsed(exchange.body)
            if isinstance(row, dict) and _sound(row):
                assert exchange.read_at is not None
                self.users.append(Reading(row, exchange.left_at, exchange.read_at))

    def last(self, recall_id: str) -> Reading | None:
        """How the user was when he was read last."""
        return next((r for r in reversed(self.users) if r.row["id"] == recall_id), None)

    @property
    def listing(self) -> Listing | None:
        """The last whole list."""
        return next((one for one in reversed(self.lists) if one.whole), None)

    def _page(self, exchange: Exchange) -> None:
        if not exchange.request.query:
            self.lists.append(Listing(exchange.at, exchange.seq))
        listing = self.lists[-1]
        if not exchange.whole or exchange.status != 200 or exchange.read_at is None:
            return
        listing.read_at = exchange.read_at
        listing.false |= exchange.fault in _LIES
        page = _parsed(exchange.body)
        rows = page.get("results") if isinstance(page, dict) else page
        if not isinstance(rows, list) or not all(_sound(row) for row in rows):
            listing.spoiled = True
            return
        listing.spoiled |= exchange.fault in _SPOILS
        listing.rows += rows
        following = None
        if isinstance(page, dict):
            listing.count = page.get("count", listing.count)
            following = page.get("next")
        if following is None:
            ids = [row["id"] for row in listing.rows]
            counted = listing.count in (None, len(ids))
            listing.whole = counted and len(set(ids)) == len(ids) and not listing.spoiled


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _sound(row: object) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("id"), str)
        and isinstance(row.get("connections"), list)
    )


def connected(row: Row, platform: str) -> list[Row]:
    """The connected rows of ``platform``."""
    return [c for c in row["connections"] if c["platform"] == platform and c["connected"]]


def emails(row: Row) -> list[str]:
    return [c["email"] for c in row["connections"] if c["email"]]
