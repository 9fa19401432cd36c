"""The settings of a state: id, keys, clock, and the switches of its behaviour.

Each switch is an assumption about the real API, with the assumed answer as its default. Seeds,
tests and ``sandbox seed`` set them. The state file stores all settings, so all servers of one state
behave alike. Every request reads them. In YAML the names are in camelCase.
"""

import sqlite3
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta, Struct

from reconciler.domain import Diagnostic, InvalidInput, Secret

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


NAMESPACE = UUID("5f0c1f2e-7d0b-5d0e-9a52-6f5f7b6e3c11")  # of all ids that the sandbox derives

_behaviour_of = lru_cache(maxsize=8)(msgspec.json.Decoder(Behaviour).decode)


class SandboxClock(Struct, frozen=True):
    """Sandbox time as a line through one point: ``speed`` sandbox seconds a real second."""

    real: float
    sandbox: float
    speed: float = 1.0

    def at(self, real: float) -> float:
        return self.sandbox + (real - self.real) * self.speed


class StateSettings(Struct, frozen=True):
    """The ``meta`` table at one moment; ``now`` is sandbox time, Unix seconds."""

    id: str
    api_key: Secret
    signing_key: Secret
    behaviour: Behaviour
    clock: SandboxClock
    now: float


def initial_meta(state_id: str, api_key: str, signing_key: str) -> dict[str, str]:
    """The ``meta`` rows of a new state."""
    now = time.time()
    return {
        "id": state_id,
        "api_key": api_key,
        "signing_key": signing_key,
        "behaviour": msgspec.json.encode(Behaviour()).decode(),
        "clock": msgspec.json.encode(SandboxClock(now, now)).decode(),
        "serial": "0",
    }


def read_settings(db: sqlite3.Connection, now: Callable[[], float]) -> StateSettings:
    """The settings; ``now`` gives real time. Raises :class:`InvalidInput` for a damaged state."""
    meta: dict[str, str] = dict(db.execute("SELECT key, value FROM meta"))
    try:
        return _settings(meta, now)
    except (KeyError, msgspec.DecodeError):
        problem = "the sandbox's state is damaged: its settings cannot be read"
        raise InvalidInput(Diagnostic(None, problem, "delete it and seed again")) from None


def _settings(meta: dict[str, str], now: Callable[[], float]) -> StateSettings:
    clock = msgspec.json.decode(meta["clock"], type=SandboxClock)
    return StateSettings(
        id=meta["id"],
        api_key=Secret(meta["api_key"]),
        signing_key=Secret(meta["signing_key"]),
        behaviour=_behaviour_of(meta["behaviour"]),
        clock=clock,
        now=clock.at(now()),
    )


def write_setting(db: sqlite3.Connection, key: str, value: str) -> None:
    """Replace one row of ``meta``."""
    db.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))


def set_speed(db: sqlite3.Connection, speed: float, now: Callable[[], float]) -> None:
    """Run sandbox time at ``speed`` from now on, without a jump."""
    settings = read_settings(db, now)
    if settings.clock.speed != speed:
        clock = SandboxClock(now(), settings.now, speed)
        write_setting(db, "clock", msgspec.json.encode(clock).decode())


def derived_id(*names: str) -> str:
    """A uuid that depends on ``names`` alone."""
    return str(uuid5(NAMESPACE, "/".join(names)))


def next_serial(db: sqlite3.Connection) -> str:
    """A number that is new since this state was seeded."""
    rows = db.execute(
        "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'serial' RETURNING value"
    ).fetchall()
    return str(rows[0][0])
