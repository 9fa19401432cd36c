"""A list call's answers, page by page, put together into one observation."""

from urllib.parse import urljoin, urlsplit

from reconciler.domain import CalendarUser, ObservedState
from reconciler.recall.calls import LIST_PATH
from reconciler.recall.decoding import UserPage
from reconciler.recall.endpoint import Endpoint, fits_a_header, origin
from reconciler.recall.status_errors import shown

# Beyond this servers refuse a request line; httpx does at 65 536.
LONGEST_PATH = 8192


class UserPages:
    """Collects pages and whatever keeps them from being the whole fleet.

    ``path`` is the page to read next, None when there is none.
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
        """Take in the page that ``path`` led to."""
        self.pages += 1
        self._users += page.users
        self._rows += page.rows
        self._counts.setdefault(page.count, self.pages)
        self._problems += (f"page {self.pages}, {problem}" for problem in page.problems)
        self.path = None if page.next is None else self._next(page.next)

    def broke_off(self, why: str) -> None:
        """The page that ``path`` leads to can not be had: what was read is not everything."""
        self._problems.append(f"page {self.pages + 1} could not be read: {why}")
        self.path = None

    def observed(self) -> ObservedState:
        """What all pages together say, each user once."""
        problems = list(self._problems)
        if len(self._counts) > 1:
            # Users who come or go meanwhile move the others from page to page.
            told = (f"{_users(count)} on page {page}" for count, page in self._counts.items())
            problems.append(f"the list changed between its pages: it counts {', '.join(told)}")
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
        problems += (f"user {shown(id_, self._key)} was listed more than once" for id_ in twice)
        return ObservedState(tuple(unique.values()), tuple(problems))

    def _next(self, link: str) -> str | None:
        """The path of the next page; None, with a problem, if it may or need not be read."""
        path, foreign = self._path(link)
        if path is None:
            why = "is not at the address of the API"
        elif foreign and not self._own_url:
            # Only a proxy is a reason to ask here for what is said to be elsewhere.
            why = (
                "is not at the address of the API (with a proxy in front of the API,"
                f" `baseUrl: {self._url}` has every page asked there)"
            )
        elif path in self._visited:
            why = "was read before"
        elif self.pages >= self._max_pages:
            why = f"is one more than the {self._max_pages} that are read"
        else:
            self._visited.add(path)
            return path
        self._problems.append(f"the page after page {self.pages} {why}: {shown(link, self._key)}")
        return None

    def _path(self, link: str) -> tuple[str | None, bool]:
        """The path and query of ``link``, and whether it names another host than the API's.

        None where it is no sound URL, and on another host where it is no page of this list. The
        path is asked of the API's own address in any case: the key is sent nowhere else.
        """
        try:
            target = urljoin(self._url + (self.path or ""), link)
            parts = urlsplit(target)
            foreign = origin(target) != origin(self._url)
        except ValueError:
            return None, False
        path = parts._replace(scheme="", netloc="", fragment="").geturl()
        sound = path.startswith("/") and fits_a_header(path) and len(path) <= LONGEST_PATH
        a_page = parts.scheme in ("https", "http") and parts.path == LIST_PATH
        if "@" in parts.netloc or not sound or (foreign and not a_page):
            return None, foreign
        return path, foreign


def _users(count: int | None) -> str:
    return "nobody" if count is None else f"{count} users"
