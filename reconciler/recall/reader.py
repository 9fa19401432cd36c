"""The client that can only look: all that planning holds, and what the executor re-reads with."""

import random
from collections.abc import Callable
from typing import Self

from reconciler.domain import CalendarUser, Clock, ObservedState, Secret
from reconciler.domain.time import Deadline
from reconciler.recall.calls import USER_PATH, HttpAnswer, HttpCall
from reconciler.recall.decoding import Undecodable, UserPage, decode_page, decode_user
from reconciler.recall.endpoint import Endpoint
from reconciler.recall.errors import (
    CredentialsRefused,
    OutOfCredit,
    RecallError,
    TooSlow,
    UnexpectedAnswer,
)
from reconciler.recall.pages import UserPages
from reconciler.recall.rate_limiter import Permit, RateLimiter, UserCall
from reconciler.recall.settings import ClientSettings

Progress = Callable[[int], None]


class CalendarReader:
    """Reads calendar users. Has no method, and no transport, that sends anything but GET.

    Thread-safe. ``jitter`` gives numbers in [0, 1) for the backoff between attempts.
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
        self._endpoint = endpoint
        self._clock = clock
        self._budgets = budgets
        self._channel = Channel(endpoint, clock=clock, settings=self._settings, get_only=True)
        self._retries = Retries(self._settings, jitter)

    def list_users(self, patience: Deadline, on_progress: Progress | None = None) -> ObservedState:
        """All calendar users of the workspace; ``on_progress`` gets the bytes read so far.

        What could not be read to its end or understood is a problem of the observation, which then
        is incomplete. That the API could not be asked at all is an error.

        Raises:
            CredentialsRefused, OutOfCredit: on any page.
            RecallError: the first page failed after all attempts.
            Interrupted, DeadlinePassed: as ``patience`` has it.
        """
        listing = UserPages(self._endpoint, self._settings.max_pages)
        end = self._clock.monotonic() + self._settings.listing_total
        progress = _Progress(patience, on_progress)
        while (path := listing.path) is not None:
            if self._clock.monotonic() >= end:
                total = self._settings.listing_total
                listing.broke_off(f"all pages together took longer than {total:g} s")
                break
            try:
                page = self._page(path, patience, progress)
            except (CredentialsRefused, OutOfCredit):
                raise
            except RecallError as error:
                if not listing.pages and not _answered(error):
                    raise
                listing.broke_off(str(error))
            except Undecodable as error:
                listing.broke_off(str(error))
            else:
                listing.add(page)
        return listing.observed()

    def get_user(self, token: Secret, budget_subject: str, patience: Deadline) -> CalendarUser:
        """The calendar user to whom ``token`` belongs; ``budget_subject`` names whose budget pays.

        Raises:
            UserTokenRefused: the token is not, or no longer, valid.
            RecallError: any other failure, after all attempts.
            Interrupted, DeadlinePassed: as ``patience`` has it.
        """

        def attempt() -> CalendarUser:
            with self._budgets.take_user(UserCall.GET, budget_subject, patience) as permit:
                call = HttpCall(
                    name="get calendar user",
                    method="GET",
                    path=USER_PATH,
                    silence=self._settings.read_timeout,
                    total=min(self._settings.call_total, patience.one_call()),
                    max_bytes=self._settings.max_answer_bytes,
                    token=token,
                )
                answer = self._exchange(call, permit, patience)
            try:
                return decode_user(answer.body)
            except Undecodable as error:
                detail = f"{call.name}: {error}"
            raise UnexpectedAnswer(detail, status=answer.status)

        return self._retries.run(attempt, patience)

    @property
    def server_ahead(self) -> float | None:
        """Seconds by which the server's clock was ahead of ours (less than 0: behind) when its last
        answer began; None where it told none that is readable."""
        return self._channel.server_ahead

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _page(self, path: str, patience: Deadline, progress: "_Progress") -> UserPage:
        def attempt() -> UserPage:
            with self._budgets.list_users.take(patience) as permit:
                call = HttpCall(
                    name="list calendar users",
                    method="GET",
                    path=path,
                    silence=self._settings.list_timeout,
                    total=min(self._settings.list_total, patience.one_call()),
                    max_bytes=self._settings.max_list_bytes,
                )
                answer = self._exchange(call, permit, patience, progress.page)
            progress.done(len(answer.body))
            return decode_page(answer.body, self._endpoint.key)

        return self._retries.run(attempt, patience)

    def _exchange(
        self,
        call: HttpCall,
        permit: Permit,
        patience: Deadline,
        on_bytes: Progress | None = None,
    ) -> HttpAnswer:
        try:
            answer = self._channel.exchange(call, permit, on_bytes)
        except TooSlow:
            # It may be the caller's deadline that cut it short.
            patience.check()
            raise
        if answer.status != 200:
            # 206 is a part, 204 nothing: neither is the state that was asked for.
            raise UnexpectedAnswer(f"{call.name}: HTTP {answer.status}", status=answer.status)
        return answer


class _Progress:
    """Bytes over all pages; looks whether to stop while a long answer comes in."""

    def __init__(self, patience: Deadline, report: Progress | None) -> None:
        self._patience = patience
        self._report = report
        self._before = 0

    def page(self, size: int) -> None:
        """So much of the current page was read."""
        self._patience.check()
        if self._report is not None:
            self._report(self._before + size)

    def done(self, size: int) -> None:
        """The current page ended with this size."""
        self._before += size


def _answered(error: RecallError) -> bool:
    """Whether the API did answer, but with something that can not be used."""
    return error.status is not None and 200 <= error.status < 300
