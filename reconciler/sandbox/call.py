"""What an endpoint is given to answer one request."""

import sqlite3

from msgspec import Struct

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.wire import Request


class Call(Struct, frozen=True):
    """One request inside its transaction. ``stale`` replaces the list of users, if given."""

    request: Request
    db: sqlite3.Connection
    settings: Settings
    stale: list[bytes] | None = None
    meeting_id: str = ""

    @property
    def behaviour(self) -> Behaviour:
        return self.settings.behaviour

    @property
    def now(self) -> float:
        return self.settings.now
