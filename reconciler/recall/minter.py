"""The client that can mint user tokens, and nothing else that changes anything.

Acting needs tokens, and so does a connect link, which must not be able to act.
"""

import random
from collections.abc import Callable
from typing import Self

import msgspec

from reconciler.domain import (
    NO_TELEMETRY,
    CalendarUser,
    Clock,
    Operation,
    Secret,
    Telemetry,
    is_header_safe,
)
from reconciler.domain.time import Deadline
from reconciler.recall.decoding import Undecodable, decode_token
from reconciler.recall.endpoint import AUTHENTICATE_PATH, ClientSettings, Endpoint, HttpCall
from reconciler.recall.errors import TooSlow, UnexpectedAnswer
from reconciler.recall.rate_limiter import RateLimiter


class TokenMinter:
    """Mints user tokens. Thread-safe.

    ``jitter`` gives numbers in [0, 1) for the backoff between attempts; ``telemetry`` gets each
    attempt of every call.
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
        # Imported late: they load httpx and tenacity, which most commands never need.
        from reconciler.recall.channel import Channel  # noqa: PLC0415
        from reconciler.recall.retries import Retries  # noqa: PLC0415

        self._settings = settings or ClientSettings()
        self._rate_limiter = rate_limiter
        self._tokens = Channel(endpoint, clock=clock, settings=self._settings, telemetry=telemetry)
        self._retries = Retries(self._settings, jitter)

    def mint_token(
        self, listed: Callable[[], tuple[CalendarUser, float]], deadline: Deadline
    ) -> Secret:
        """A token for a listed user. (To mint one for an unknown id would create that user.)

        ``listed`` returns the user as a recent list shows them, and until when (monotonic) that
        list counts as recent. We call it just before each attempt, and nothing of the attempt
        leaves after that moment. An error from ``listed`` ends the minting, unless it is one that
        is worth a retry.

        Raises:
            ValueError: the user has no external id, so there is no token.
            CredentialsRefused, OutOfCredit, ThrottledBeyondCap: no other token can be had either.
            RecallError: any other failure, after all attempts.
            Cancelled, DeadlinePassed: as ``deadline`` raises them.
        """

        def attempt(number: int) -> Secret:
            with self._rate_limiter.authenticate.take(deadline) as permit:
                user, good_until = listed()
                if not user.external_id:
                    raise ValueError("a calendar user without an external id has no token")
                call = HttpCall(
                    name="get calendar auth token",
                    operation=Operation.AUTHENTICATE,
                    method="POST",
                    path=AUTHENTICATE_PATH,
                    silence=self._settings.timeouts.read,
                    total=min(self._settings.call_total, deadline.call_timeout()),
                    max_bytes=self._settings.max_answer_bytes,
                    content=msgspec.json.encode({"user_id": user.external_id}),
                    leave_by=good_until,
                    attempt=number,
                )
                try:
                    answer = self._tokens.exchange(call, permit)
                except TooSlow:
                    # It may be the caller's deadline that cut it short.
                    deadline.check()
                    raise
            try:
                token = decode_token(answer.body)
            except Undecodable as error:
                detail = f"{call.name}: {error}"
            else:
                if is_header_safe(token):
                    return Secret(token)
                detail = (
                    f"{call.name}: the token is empty or has characters that a header cannot carry"
                )
            raise UnexpectedAnswer(detail, status=answer.status)

        return self._retries.run(attempt, deadline)

    def close(self) -> None:
        """Close the connections."""
        self._tokens.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
