"""The client that can act: the only calls that change anything, and the tokens that they need.

It cannot delete a calendar user. Each method sends its call exactly once. The executor decides by
the error's effect whether to send it again.
"""

import random
from collections.abc import Callable

import msgspec

from reconciler.domain import (
    NO_TELEMETRY,
    Clock,
    Operation,
    Platform,
    Preferences,
    Secret,
    Telemetry,
)
from reconciler.domain.time import Deadline
from reconciler.recall.endpoint import (
    DISCONNECT_PATH,
    USER_PATH,
    ClientSettings,
    Endpoint,
    HttpCall,
)
from reconciler.recall.minter import TokenMinter
from reconciler.recall.rate_limiter import Permit, RateLimiter, UserCall


class CalendarWriter(TokenMinter):
    """Mints user tokens, disconnects platforms, updates preferences. Thread-safe.

    ``jitter`` gives numbers in [0, 1) for the backoff between attempts to mint a token;
    ``telemetry`` gets each attempt of every call.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Clock,
        rate_limiter: RateLimiter,
        settings: ClientSettings | None = None,
        jitter: Callable[[], float] = random.random,
        telemetry: Telemetry = NO_TELEMETRY,
    ) -> None:
        super().__init__(
            endpoint,
            clock=clock,
            rate_limiter=rate_limiter,
            settings=settings,
            jitter=jitter,
            telemetry=telemetry,
        )
        # Imported late, as for the minter.
        from reconciler.recall.channel import Channel  # noqa: PLC0415

        # Each change has a connection of its own: see Channel.
        self._changes = Channel(
            endpoint, clock=clock, settings=self._settings, keep_alive=False, telemetry=telemetry
        )

    def reserve_disconnect(self, subject: str, deadline: Deadline) -> Permit:
        """A permit to disconnect a platform of ``subject``. Take it before the re-read.

        Raises Cancelled or DeadlinePassed, as ``deadline`` does.
        """
        return self._rate_limiter.take_user(UserCall.DISCONNECT, subject, deadline)

    def reserve_update(self, subject: str, deadline: Deadline) -> Permit:
        """A permit to update the preferences of ``subject``. Take it before the re-read.

        Raises Cancelled or DeadlinePassed, as ``deadline`` does.
        """
        return self._rate_limiter.take_user(UserCall.UPDATE, subject, deadline)

    def disconnect(
        self, token: Secret, platform: Platform, permit: Permit, *, leave_by: float
    ) -> None:
        """Disconnect ``platform`` of the user that ``token`` belongs to, in exactly one attempt.

        Nothing of it is sent after ``leave_by`` (on the clock's ``monotonic``). Returns when the
        API accepted it (2xx). Only a read-back shows whether it happened.

        Raises:
            NotSentInTime: it could not leave by then.
            RecallError: its ``effect`` says whether the call is proven to have done nothing.
        """
        self._change(
            "disconnect calendar platform",
            Operation.DISCONNECT,
            "POST",
            DISCONNECT_PATH,
            token,
            msgspec.json.encode({"platform": platform.value}),
            permit,
            leave_by,
        )

    def update_preferences(
        self, token: Secret, preferences: Preferences, permit: Permit, *, leave_by: float
    ) -> None:
        """Set the present fields of ``preferences``, and nothing else, in exactly one attempt.

        Nothing of it is sent after ``leave_by`` (on the clock's ``monotonic``). Returns when the
        API accepted it (2xx). Only a read-back shows whether it happened.

        Raises:
            ValueError: ``preferences`` has no field.
            NotSentInTime: it could not leave by then.
            RecallError: its ``effect`` says whether the call is proven to have done nothing.
        """
        fields = preferences.present()
        if not fields:
            raise ValueError("there are no preferences to update")
        self._change(
            "update recording preferences",
            Operation.UPDATE_PREFERENCES,
            "PUT",
            USER_PATH,
            token,
            msgspec.json.encode({"preferences": fields}),
            permit,
            leave_by,
        )

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._changes.close()

    def _change(
        self,
        name: str,
        operation: Operation,
        method: str,
        path: str,
        token: Secret,
        content: bytes,
        permit: Permit,
        leave_by: float,
    ) -> None:
        call = HttpCall(
            name=name,
            operation=operation,
            method=method,
            path=path,
            silence=self._settings.timeouts.read,
            total=self._settings.call_total,
            max_bytes=self._settings.max_answer_bytes,
            token=token,
            content=content,
            leave_by=leave_by,
        )
        self._changes.exchange(call, permit)
