"""The client that can act: the only mutating calls of the whole program, and the tokens they need.

There is no verb for deleting a calendar user. What changes something is sent exactly once a call
of a method; whether it may be sent again is for the executor to judge by the error's effect.
"""

import random
from collections.abc import Callable
from typing import Self

import msgspec

from reconciler.domain import CalendarUser, Clock, Platform, Preferences, Secret
from reconciler.domain.time import Deadline
from reconciler.recall.calls import AUTHENTICATE_PATH, DISCONNECT_PATH, USER_PATH, HttpCall
from reconciler.recall.decoding import Undecodable, decode_token
from reconciler.recall.endpoint import Endpoint, fits_a_header
from reconciler.recall.errors import TooSlow, UnexpectedAnswer
from reconciler.recall.rate_limiter import Permit, RateLimiter, UserCall
from reconciler.recall.settings import ClientSettings


class CalendarWriter:
    """Mints user tokens, disconnects platforms, updates preferences. Thread-safe.

    ``jitter`` gives numbers in [0, 1) for the backoff between attempts to mint a token.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Clock,
        budgets: RateLimiter,
        settings: ClientSettings | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        # Late, because they load httpx and tenacity, which most commands never need.
        from reconciler.recall.channel import Channel  # noqa: PLC0415
        from reconciler.recall.retries import Retries  # noqa: PLC0415

        self._settings = settings or ClientSettings()
        self._budgets = budgets
        self._tokens = Channel(endpoint, clock=clock, settings=self._settings)
        # Each change on a connection of its own: see Channel.
        self._changes = Channel(endpoint, clock=clock, settings=self._settings, keep_alive=False)
        self._retries = Retries(self._settings, jitter)

    def mint_token(
        self, listed: Callable[[], tuple[CalendarUser, float]], patience: Deadline
    ) -> Secret:
        """A token of a user whom the list call showed: minting for an unknown id creates that user.

        ``listed`` gives the user as a recent list shows them, and until when (monotonic) that list
        is recent. It is asked before each attempt, when there is nothing left to wait for; nothing
        of the attempt leaves after that moment. Whatever ``listed`` raises ends the minting, unless
        it is an error after which an attempt is repeated.

        Raises:
            ValueError: the user has no external id and can not be acted on.
            CredentialsRefused, OutOfCredit, ThrottledBeyondCap: no other token will be had either.
            RecallError: any other failure, after all attempts.
            Interrupted, DeadlinePassed: as ``patience`` has it.
        """

        def attempt() -> Secret:
            with self._budgets.authenticate.take(patience) as permit:
                user, good_until = listed()
                if not user.external_id:
                    raise ValueError("a calendar user without an external id has no token")
                call = HttpCall(
                    name="get calendar auth token",
                    method="POST",
                    path=AUTHENTICATE_PATH,
                    silence=self._settings.read_timeout,
                    total=min(self._settings.call_total, patience.one_call()),
                    max_bytes=self._settings.max_answer_bytes,
                    content=msgspec.json.encode({"user_id": user.external_id}),
                    leave_by=good_until,
                )
                try:
                    answer = self._tokens.exchange(call, permit)
                except TooSlow:
                    # Was it the caller's own time that was up?
                    patience.check()
                    raise
            try:
                token = decode_token(answer.body)
            except Undecodable as error:
                detail = f"{call.name}: {error}"
            else:
                if fits_a_header(token):
                    return Secret(token)
                detail = f"{call.name}: the token is empty or holds what a header can not carry"
            raise UnexpectedAnswer(detail, status=answer.status)

        return self._retries.run(attempt, patience)

    def reserve_disconnect(self, subject: str, patience: Deadline) -> Permit:
        """A permit to disconnect a platform of ``subject``; to be taken before the re-read.

        Raises Interrupted or DeadlinePassed as ``patience`` has it.
        """
        return self._budgets.take_user(UserCall.DISCONNECT, subject, patience)

    def reserve_update(self, subject: str, patience: Deadline) -> Permit:
        """A permit to update the preferences of ``subject``; to be taken before the re-read.

        Raises Interrupted or DeadlinePassed as ``patience`` has it.
        """
        return self._budgets.take_user(UserCall.UPDATE, subject, patience)

    def disconnect(
        self, token: Secret, platform: Platform, permit: Permit, *, leave_by: float
    ) -> None:
        """Disconnect ``platform`` of the user to whom ``token`` belongs, in exactly one attempt.

        Nothing of it is sent after ``leave_by`` (on the clock's ``monotonic``). Returns when the
        API accepted it (2xx); whether it happened is for a read to say.

        Raises:
            NotSentInTime: it could not leave by then.
            RecallError: its ``effect`` says whether it is proven that nothing happened.
        """
        self._change(
            "disconnect calendar platform",
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
        """Set the told fields of ``preferences``, and nothing else, in exactly one attempt.

        Nothing of it is sent after ``leave_by`` (on the clock's ``monotonic``). Returns when the
        API accepted it (2xx); whether it happened is for a read to say.

        Raises:
            ValueError: no field is told.
            NotSentInTime: it could not leave by then.
            RecallError: its ``effect`` says whether it is proven that nothing happened.
        """
        told = preferences.told()
        if not told:
            raise ValueError("there are no preferences to update")
        self._change(
            "update recording preferences",
            "PUT",
            USER_PATH,
            token,
            msgspec.json.encode({"preferences": told}),
            permit,
            leave_by,
        )

    def close(self) -> None:
        """Close the connections."""
        self._tokens.close()
        self._changes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _change(
        self,
        name: str,
        method: str,
        path: str,
        token: Secret,
        content: bytes,
        permit: Permit,
        leave_by: float,
    ) -> None:
        call = HttpCall(
            name=name,
            method=method,
            path=path,
            silence=self._settings.read_timeout,
            total=self._settings.call_total,
            max_bytes=self._settings.max_answer_bytes,
            token=token,
            content=content,
            leave_by=leave_by,
        )
        self._changes.exchange(call, permit)
