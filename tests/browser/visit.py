"""A page of a report in a real browser, and everything that goes wrong in it."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Route

from reconciler.reporting import Format, Links, Report, render

LINKS = Links("https://git.test/fleet/blob/{commit}/{file}#L{line}")

_DESKTOP, _PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
_NOTE_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => window.violations.push(
  event.violatedDirective + " " + event.blockedURI));
"""


@dataclass
class Visit:
    """A page that is open, with what it asked for and complained of."""

    page: Page
    file: Path
    script: bool
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def violations(self) -> list[str]:
        """What its own policy kept it from doing."""
        found: list[str] = self.page.evaluate("window.violations")
        return found

    @property
    def lines(self) -> Locator:
        """The rows that are elements."""
        return self.page.locator(".line")

    @property
    def details(self) -> Locator:
        """What rows opened into."""
        return self.page.locator(".detail")

    @property
    def users(self) -> list[str]:
        """The users of the rows that are elements, from top to bottom."""
        return self.page.locator(".line .c-user").all_inner_texts()

    @property
    def count(self) -> Locator:
        """How many rows the page says that it shows."""
        return self.page.locator("#count")

    def find(self, words: str) -> None:
        """Type ``words`` into the text filter."""
        self.page.get_by_label("Find").fill(words)

    def choose(self, filter_name: str, value: str) -> None:
        """Choose the option that begins with ``value``."""
        select = self.page.get_by_label(filter_name, exact=True)
        for option in select.locator("option").all_inner_texts():
            if option.startswith(value):
                select.select_option(label=option)
                return
        raise AssertionError(f"{filter_name} offers no {value}")

    def fits(self) -> bool:
        """Whether nothing makes the page wider than its window."""
        found: bool = self.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        return found


Scheme = Literal["light", "dark"]


def visit(
    browser: Browser,
    folder: Path,
    report: Report,
    *,
    scheme: Scheme = "light",
    phone: bool = False,
    script: bool = True,
    still: bool = False,
) -> Visit:
    """Write ``report`` as a page into ``folder`` and open it."""
    file = folder / "page.html"
    file.write_text(render(report, Format.HTML, links=LINKS), encoding="utf-8")
    context = browser.new_context(
        color_scheme=scheme,
        viewport=_PHONE if phone else _DESKTOP,  # type: ignore[arg-type]
        java_script_enabled=script,
        reduced_motion="reduce" if still else "no-preference",
    )
    context.add_init_script(_NOTE_VIOLATIONS)
    found = Visit(context.new_page(), file, script)

    def note_request(route: Route, request: Request) -> None:
        found.requests.append(request.url)
        with suppress(Exception):
            route.continue_() if request.url == file.as_uri() else route.abort()

    def note_message(message: ConsoleMessage) -> None:
        found.complaints.append(f"{message.type}: {message.text}")

    context.route("**/*", note_request)
    found.page.on("console", note_message)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.goto(file.as_uri())
    return found
