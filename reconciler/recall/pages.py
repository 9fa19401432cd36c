"""Joins the pages of a list call into one observation."""

from urllib.parse import urljoin, urlsplit

from reconciler.domain import CalendarUser, ObservedState, is_header_safe
from reconciler.domain.text import excerpt
from reconciler.domain.urls import origin
from reconciler.recall.calls import LIST_PATH
from reconciler.recall.decoding import UserPage
from reconciler.recall.endpoint import Endpoint

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
