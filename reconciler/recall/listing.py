"""A list call's answers, page by page, put together into one observation."""

from urllib.parse import urljoin, urlsplit

from reconciler.domain import CalendarUser, ObservedState
from reconciler.recall.calls import LIST_PATH
from reconciler.recall.decoding import Page
from reconciler.recall.endpoint import Endpoint, fits_a_header, origin
from reconciler.recall.untrusted import shown

# Beyond this servers refuse a request line; httpx does at 65 536.
LONGEST_PATH = 8192


class Listing:
    """Collects pages and whatever keeps them from being the whole fleet.

    ``path`` is the page to read next, None when there is none.
    """

    def __init__(self, endpoint: Endpoint, max_pages: int) -> None:
        self.path: str | None = LIST_PATH
        self.pages = 0
        self._url = endpoint.url
        self._key = endpoint.key
        self._max_pages = max_pages
        self._visited = {LIST_PATH}
        self._users: list[CalendarUser] = []
        self._rows = 0
        self._count: int | None = None
        self._problems: list[str] = []

    def add(self, page: Page) -> None:
        """Take in the page that ``path`` led to."""
        self.pages += 1
        self._users += page.users
        self._rows += page.rows
        self._count = self._count if page.count is None else page.count
        self._problems += (f"page {self.pages}, {problem}" for problem in page.problems)
        self.path = self._next(page.next) if page.next else None

    def broke_off(self, why: str) -> None:
        """The page that ``path`` leads to can not be had: what was read is not everything."""
        self._problems.append(f"page {self.pages + 1} could not be read: {why}")
        self.path = None

    def observed(self) -> ObservedState:
        """What all pages together say, each user once."""
        problems = list(self._problems)
        if self._count is not None and self._count != self._rows:
            problems.append(f"the API counts {self._count} users, but listed {self._rows}")
        unique: dict[str, CalendarUser] = {}
        twice: dict[str, None] = {}
        for user in self._users:
            if unique.setdefault(user.id, user) is not user:
                twice[user.id] = None
        problems += (f"user {shown(id_, self._key)} was listed more than once" for id_ in twice)
        return ObservedState(tuple(unique.values()), tuple(problems))

    def _next(self, link: str) -> str | None:
        """The path of the next page; None, with a problem, if it may or need not be read."""
        path = self._same_origin(link)
        if path is None:
            why = "is not at the address of the API"
        elif path in self._visited:
            why = "was read before"
        elif self.pages >= self._max_pages:
            why = f"is one more than the {self._max_pages} that are read"
        else:
            self._visited.add(path)
            return path
        self._problems.append(f"the page after page {self.pages} {why}: {shown(link, self._key)}")
        return None

    def _same_origin(self, link: str) -> str | None:
        """``link`` without scheme and host, if those are the API's own and it is a sound URL."""
        try:
            target = urljoin(self._url + (self.path or ""), link)
            parts = urlsplit(target)
            if origin(target) != origin(self._url) or "@" in parts.netloc:
                return None
        except ValueError:
            return None
        path = parts._replace(scheme="", netloc="", fragment="").geturl()
        sound = path.startswith("/") and fits_a_header(path) and len(path) <= LONGEST_PATH
        return path if sound else None
