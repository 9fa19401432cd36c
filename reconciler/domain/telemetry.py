"""What the machinery reports about itself while it works: phases, and attempts of calls.

Whoever watches (metrics, traces) implements :class:`Telemetry`. What is reported names no user, no
id and no URL, so that it may leave the machine.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct


class Phase(StrEnum):
    """A part of the work on one workspace. ``cycle`` and ``command`` hold the others."""

    COMMAND = "command"
    CYCLE = "cycle"  # of `watch`
    LOAD = "load"  # read the manifests
    OBSERVE = "observe"  # list the calendar users
    PLAN = "plan"  # compare, and ask the guards
    RECOVER = "recover"  # resolve what dead runs left in doubt
    APPLY = "apply"  # do what was approved
    VERIFY = "verify"  # read one user back


class Operation(StrEnum):
    """A call of the API by what it does: its endpoint, without anything that names a user."""

    LIST_USERS = "list_users"
    GET_USER = "get_user"
    AUTHENTICATE = "authenticate"
    DISCONNECT = "disconnect"
    UPDATE_PREFERENCES = "update_preferences"


class ApiCall(Struct, frozen=True):
    """One attempt of a call that has ended.

    ``status`` is the HTTP status, None if no answer began. ``failure`` is the stable name of the
    error, None for an answer that can be used. ``attempt`` counts from 1.
    """

    operation: Operation
    status: int | None
    failure: str | None
    seconds: float
    attempt: int


class Telemetry(Protocol):
    """Gets phases and calls. Never raises, and never delays its caller. Thread-safe."""

    def phase(self, name: Phase) -> AbstractContextManager[None]:
        """A context that lasts as long as the phase; an exception that leaves it failed it."""

    def call(self, call: ApiCall) -> None:
        """Take note of an attempt that has just ended, on the thread that made it."""


class NoTelemetry:
    """Nobody watches; implements :class:`Telemetry`."""

    def phase(self, name: Phase) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def call(self, call: ApiCall) -> None:  # noqa: ARG002
        return


NO_TELEMETRY: Final = NoTelemetry()


class Telemetries:
    """Passes everything on to ``each``; implements :class:`Telemetry`."""

    def __init__(self, *each: Telemetry) -> None:
        self._each = each

    @contextmanager
    def phase(self, name: Phase) -> Iterator[None]:
        with ExitStack() as stack:
            for telemetry in self._each:
                stack.enter_context(telemetry.phase(name))
            yield

    def call(self, call: ApiCall) -> None:
        for telemetry in self._each:
            telemetry.call(call)
