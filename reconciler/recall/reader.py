"""The client that can only read. Planning and the executor's re-reads use it.

A list comes in pages; ``UserPages`` joins them into one observation.
"""

import random
from collections.abc import Callable
from typing import Self
from urllib.parse import urljoin, urlsplit

from reconciler.domain import (
    NO_TELEMETRY,
    CalendarUser,
    Clock,
    ObservedState,
    Operation,
    Secret,
    Telemetry,
    is_header_safe,
)
from reconciler.domain.text import excerpt
from reconciler.domain.time import Deadline
from reconciler.domain.urls import origin
from reconciler.recall.decoding import Undecodable, UserPage, decode_page, decode_user
from reconciler.recall.endpoint import (
    LIST_PATH,
    USER_PATH,
    ClientSettings,
    Endpoint,
    HttpAnswer,
    HttpCall,
)
from reconciler.recall.errors import (
    CredentialsRefused,
    OutOfCredit,
    RecallError,
    TooSlow,
    UnexpectedAnswer,
)
from reconciler.recall.rate_limiter import Permit, RateLimiter, UserCall

Progress = Callable[[int], None]


class CalendarReader:
    """Reads calendar users. It has no method and no transport that sends anything but GET.

    Thread-safe. ``jitter`` gives numbers in [0, 1) for the backoff between attempts; ``telemetry``
    gets each attempt.
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
        self._endpoint = endpoint
        self._clock = clock
        self._rate_limiter = rate_limiter
        self._channel = Channel(
            endpoint, clock=clock, settings=self._settings, get_only=True, telemetry=telemetry
        )
        self._retries = Retries(self._settings, jitter)

    def list_users(self, deadline: Deadline, on_progress: Progress | None = None) -> ObservedState:
        """All calendar users of the workspace; ``on_progress`` gets the bytes read so far.

        A page that we cannot read, or a row that we do not understand, becomes a problem of the
        observation, which is then incomplete. If the API does not answer at all, that is an error.

        Raises:
            CredentialsRefused, OutOfCredit: on any page.
            RecallError: the first page failed after all attempts.
            Cancelled, DeadlinePassed: as ``deadline`` raises them.
        """
        pages = UserPages(self._endpoint, self._settings.max_pages)
        end = self._clock.monotonic() + self._settings.listing_total
        progress = _Progress(deadline, on_progress)
        while (path := pages.path) is not None:
            if self._clock.monotonic() >= end:
                total = self._settings.listing_total
                pages.break_off(f"all pages together took longer than {total:g} s")
                break
            try:
                page = self._page(path, deadline, progress)
            except (CredentialsRefused, OutOfCredit):
                raise
            except RecallError as error:
                if not pages.pages and not _answered(error):
                    raise
                pages.break_off(str(error))
            except Undecodable as error:
                pages.break_off(str(error))
            else:
                pages.add(page)
        return pages.observed()

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        """The calendar user that ``token`` belongs to; ``subject`` names them to the rate limiter.

        Raises:
            UserTokenRefused: the token is not valid, or not any more.
            RecallError: any other failure, after all attempts.
            Cancelled, DeadlinePassed: as ``deadline`` raises them.
        """

        def attempt(number: int) -> CalendarUser:
            with self._rate_limiter.take_user(UserCall.GET, subject, deadline) as permit:
                call = HttpCall(
                    name="get calendar user",
                    operation=Operation.GET_USER,
                    method="GET",
                    path=USER_PATH,
                    silence=self._settings.timeouts.read,
                    total=min(self._settings.call_total, deadline.call_timeout()),
                    max_bytes=self._settings.max_answer_bytes,
                    token=token,
                    attempt=number,
                )
                answer = self._exchange(call, permit, deadline)
            try:
                return decode_user(answer.body)
            except Undecodable as error:
                detail = f"{call.name}: {error}"
            raise UnexpectedAnswer(detail, status=answer.status)

        return self._retries.run(attempt, deadline)

    @property
    def server_ahead(self) -> float | None:
        """Seconds by which the server's clock was ahead of ours (below 0: behind) when its last
        answer began; None if that answer had no readable ``Date``."""
        return self._channel.server_ahead

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _page(self, path: str, deadline: Deadline, progress: "_Progress") -> UserPage:
        def attempt(number: int) -> UserPage:
            with self._rate_limiter.list_users.take(deadline) as permit:
                call = HttpCall(
                    name="list calendar users",
                    operation=Operation.LIST_USERS,
                    method="GET",
                    path=path,
                    silence=self._settings.timeouts.list,
                    total=min(self._settings.list_total, deadline.call_timeout()),
                    max_bytes=self._settings.max_list_bytes,
                    attempt=number,
                )
                answer = self._exchange(call, permit, deadline, progress.page)
            progress.done(len(answer.body))
            return decode_page(answer.body, self._endpoint.key)

        return self._retries.run(attempt, deadline)

    def _exchange(
        self,
        call: HttpCall,
        permit: Permit,
        deadline: Deadline,
        on_bytes: Progress | None = None,
    ) -> HttpAnswer:
        try:
            answer = self._channel.exchange(call, permit, on_bytes)
        except TooSlow:
            # It may be the caller's deadline that cut it short.
            deadline.check()
            raise
        if answer.status != 200:
            # 206 is a part and 204 is nothing: neither is the state that we asked for.
            raise UnexpectedAnswer(f"{call.name}: HTTP {answer.status}", status=answer.status)
        return answer


class _Progress:
    """Counts bytes over all pages, and checks the deadline while a long answer comes in."""

    def __init__(self, deadline: Deadline, report: Progress | None) -> None:
        self._deadline = deadline
        self._report = report
        self._before = 0

    def page(self, size: int) -> None:
        """Report ``size`` bytes of the current page."""
        self._deadline.check()
        if self._report is not None:
            self._report(self._before + size)

    def done(self, size: int) -> None:
        """Add the current page, which has this size."""
        self._before += size


def _answered(error: RecallError) -> bool:
    """Whether the API answered, with something that we cannot use."""
    return error.status is not None and 200 <= error.status < 300


# Servers refuse a longer request line; httpx refuses one of 65 536.
LONGEST_PATH = 8192


class UserPages:
    """Collects pages, and the problems that make the list incomplete.

    ``path`` is the page to read next; None after the last one.
    """

    def __init__(self, endpoint: Endpoint, max_pages: int) -> None:
        self.path: str | None = LIST_PATH
        self.pages = 0
        self._url = endpoint.url
        self._own_url = endpoint.own_url
        self._key = endpoint.key
        self._max_pages = max_pages
        self._visited = {LIST_PATH}
        self._users: list[CalendarUser] = []
        self._rows = 0
        self._counts: dict[int | None, int] = {}
        self._problems: list[str] = []

    def add(self, page: UserPage) -> None:
        """Add the page at ``path``."""
        self.pages += 1
        self._users += page.users
        self._rows += page.rows
        self._counts.setdefault(page.count, self.pages)
        self._problems += (f"page {self.pages}, {problem}" for problem in page.problems)
        self.path = None if page.next is None else self._next(page.next)

    def break_off(self, why: str) -> None:
        """End the list as incomplete: the page at ``path`` cannot be read."""
        self._problems.append(f"page {self.pages + 1} could not be read: {why}")
        self.path = None

    def observed(self) -> ObservedState:
        """The users of all pages, each user once."""
        problems = list(self._problems)
        if len(self._counts) > 1:
            # A user who is added or removed meanwhile moves the others from page to page.
            counts = (f"{_users(count)} on page {page}" for count, page in self._counts.items())
            problems.append(f"the list changed between its pages: it counts {', '.join(counts)}")
        problems += (
            f"the API counts {count} users, but listed {self._rows}"
            for count in self._counts
            if count is not None and count != self._rows
        )
        unique: dict[str, CalendarUser] = {}
        twice: dict[str, None] = {}
        for user in self._users:
            if unique.setdefault(user.id, user) is not user:
                twice[user.id] = None
        problems += (f"user {excerpt(id_, self._key)} was listed more than once" for id_ in twice)
        return ObservedState(tuple(unique.values()), tuple(problems))

    def _next(self, link: str) -> str | None:
        """The path of the next page; None, with a problem, if we do not read it."""
        path, foreign = self._path(link)
        if path is None:
            why = "is not at the address of the API"
        elif foreign and not self._own_url:
            # Only a proxy explains a link to another host, and only `baseUrl` may name a proxy.
            why = (
                "is not at the address of the API (if that is a proxy, configure"
                f" `baseUrl: {self._url}`: then every page is read there)"
            )
        elif path in self._visited:
            why = "was read before"
        elif self.pages >= self._max_pages:
            why = f"is beyond the limit of {self._max_pages} pages"
        else:
            self._visited.add(path)
            return path
        self._problems.append(f"the page after page {self.pages} {why}: {excerpt(link, self._key)}")
        return None

    def _path(self, link: str) -> tuple[str | None, bool]:
        """The path and query of ``link``, and whether it names another host than the API's.

        The path is None for a malformed URL, and for a link to another host that is no page of this
        list. We read every path at the API's own address: the key goes nowhere else.
        """
        try:
            target = urljoin(self._url + (self.path or ""), link)
            parts = urlsplit(target)
            foreign = origin(target) != origin(self._url)
        except ValueError:
            return None, False
        path = parts._replace(scheme="", netloc="", fragment="").geturl()
        sound = path.startswith("/") and is_header_safe(path) and len(path) <= LONGEST_PATH
        a_page = parts.scheme in ("https", "http") and parts.path == LIST_PATH
        if "@" in parts.netloc or not sound or (foreign and not a_page):
            return None, foreign
        return path, foreign


def _users(count: int | None) -> str:
    return "nobody" if count is None else f"{count} users"
