"""A connect link from the command line through a person's browser to the end of the handover."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from reconciler.domain import CalendarUser
from tests.cli.project import Project
from tests.recall.scripted_server import Request, Scripted, reply
from tests.served_sandbox import served_sandbox

NAMES = {"google": "Google", "microsoft": "Microsoft"}
EITHER = pytest.mark.parametrize(
    ("from_", "to"), [("google", "microsoft"), ("microsoft", "google")], ids=["to ms", "to google"]
)
DISCONNECT = ("POST", "/api/v1/calendar/user/disconnect/")
PAGES = {"google": "/o/oauth2/v2/auth", "microsoft": "/common/oauth2/v2.0/authorize"}
CONNECT_ENDPOINTS = {
    "google": ["google_consent", "google_decision", "google_oauth_callback"],
    "microsoft": ["ms_consent", "ms_decision", "ms_oauth_callback"],
}
HOSTILE = "\"'><img src=x onerror=alert(1)>&amp;日本" + 40 * "long"
_NOTE_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => console.error(
  "violates " + event.violatedDirective + " with " + event.blockedURI));
"""


class Person:
    """Somebody with a browser. Whatever a page complains of, or asks of others, is noted."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        context.add_init_script(_NOTE_VIOLATIONS)
        self.page: Page = context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _note(self, message: ConsoleMessage) -> None:
        # A browser calls each answer of 400 an error of the page.
        if "status of 40" not in message.text:
            self.complaints.append(f"{message.type}: {message.text}")

    def open(self, link: Path) -> None:
        """Open the link in ``link``, and delete the file."""
        self.page.goto(link.read_text().strip())
        link.unlink()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def faults(self) -> list[Any]:
        """What axe finds on the page."""
        found = Axe().run(self.page).response["violations"]
        return [(each["id"], each["nodes"][0]["html"]) for each in found]


Comes = Callable[..., Person]


@pytest.fixture
def comes(browser: Browser) -> Iterator[Comes]:
    """Lets somebody come. At the end no page may have broken its policy, or reached elsewhere."""
    people: list[Person] = []

    def come(**options: Any) -> Person:
        people.append(Person(browser.new_context(**options)))
        return people[-1]

    yield come
    for each in people:
        assert each.complaints == []
        assert all(url.startswith("http://127.0.0.1:") for url in each.requests)
        each.page.context.close()


@pytest.fixture
def project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    monkeypatch.chdir(tmp_path)
    for variable in ("RECONCILER_CONFIG", "RECONCILER_WORKSPACE"):
        monkeypatch.delenv(variable, raising=False)
    project = Project(tmp_path, capsys)
    with served_sandbox(tmp_path / "state/sandbox.db"):
        yield project
    project.sandbox.close()


def moves(
    project: Project,
    from_: str,
    to: str,
    *,
    user: str = "mia",
    client_id: str = "our-app",
    more: str = "",
) -> None:
    """``user`` moves between platforms; somebody else stays as they are, on the old one."""
    project.configure(f"oauth: {{{to}: {{clientId: {json.dumps(client_id)}}}{more}}}")
    project.populate(
        f"{{external_id: {json.dumps(user)}, connected: {{{from_}: mia@example.com}}}}",
        f"{{external_id: stays, connected: {{{from_}: stays@example.com}}}}",
    )
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\nusers:\n"
        f"  - {{id: {json.dumps(user)}, platforms: [{to}]}}\n"
        f"  - {{id: stays, platforms: [{from_}]}}\n",
    )


def link_for(project: Project, user: str, platform: str) -> Path:
    assert project.run("connect-link", user, platform, "-o", "link") == 0, project.err
    return project.folder / "link"


def plan(project: Project) -> dict[str, Any]:
    project.run("plan", "-f", "json")
    content: dict[str, Any] = json.loads(project.out)["content"]
    return content


def listed(project: Project, user: str) -> CalendarUser:
    return next(each for each in project.sandbox.users() if each.external_id == user)


@EITHER
def test_a_link_a_browser_and_a_run_finish_a_handover(
    project: Project, comes: Comes, from_: str, to: str
) -> None:
    moves(project, from_, to)
    stays = listed(project, "stays")
    before = plan(project)
    assert before["actions"] == []
    assert [held["holds"] for held in before["blocked"]] == [["handover"]]
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == []

    mia = comes()
    mia.open(link_for(project, "mia", to))
    expect(mia.page).to_have_title(f"Connect a {NAMES[to]} calendar")
    expect(mia.page.get_by_text("our-app")).to_be_visible()
    mia.page.get_by_label(f"{NAMES[to]} account").fill("mia@new.example")
    mia.press("Allow")
    expect(mia.page.get_by_text(f"{to} is connected")).to_be_visible()
    connected = listed(project, "mia").connected(to)
    assert connected is not None
    assert connected.email == "mia@new.example"
    answer = "account=mia%40new.example&decision=allow"
    assert project.mutations() == [("POST", PAGES[to], None, answer)]

    seen = project.requests()[-1].seq
    assert project.run("apply", "--auto-approve") == 0
    assert project.run("apply", "--auto-approve") == 0
    assert [m for m in project.mutations() if m[:2] == DISCONNECT] == [(*DISCONNECT, "mia", from_)]
    effects = [each.effect for each in project.sandbox.log(since=seen) if each.effect]
    assert effects == [f"disconnected {from_}"]
    assert [c.platform for c in listed(project, "mia").connections if c.connected] == [to]
    assert listed(project, "stays") == stays
    assert (plan(project)["pending"], plan(project)["blocked"]) == ([], [])
    asked = [each.endpoint for each in project.requests() if each.external_id in (None, "mia")]
    assert [e for e in asked if e in CONNECT_ENDPOINTS[to]] == CONNECT_ENDPOINTS[to]


@EITHER
def test_who_denies_stays_as_they_were_and_is_still_waited_for(
    project: Project, comes: Comes, from_: str, to: str
) -> None:
    moves(project, from_, to)
    before = project.sandbox.users()
    mia = comes()
    mia.open(link_for(project, "mia", to))
    mia.press("Deny")
    expect(mia.page.get_by_text("(reason: access_denied)")).to_be_visible()
    assert project.sandbox.users() == before
    assert [each["user"] for each in plan(project)["pending"]] == ["mia"]
    assert project.run("apply", "--auto-approve") == 0
    assert [m for m in project.mutations() if m[:2] == DISCONNECT] == []


@pytest.mark.parametrize(("answer", "path"), [("Allow", "/done"), ("Deny", "/failed")])
def test_the_browser_ends_where_the_workspace_says(
    project: Project, comes: Comes, answer: str, path: str
) -> None:
    asked: list[str] = []

    def serve(request: Request) -> Any:
        asked.append(request.path)
        return reply(200, {"shown": request.path})

    with Scripted(serve) as app:
        urls = f", successUrl: {app.url}/done, errorUrl: {app.url}/failed"
        moves(project, "google", "microsoft", more=urls)
        mia = comes()
        mia.open(link_for(project, "mia", "microsoft"))
        mia.press(answer)
        mia.page.wait_for_url(f"{app.url}{path}")
    assert path in asked


def test_a_link_that_was_used_once_works_again_and_gives_a_new_connection(
    project: Project, comes: Comes
) -> None:
    moves(project, "google", "microsoft")
    link = link_for(project, "mia", "microsoft").read_text().strip()
    ids = []
    for _ in range(2):
        mia = comes()
        mia.page.goto(link)
        mia.press("Allow")
        expect(mia.page.get_by_text("microsoft is connected")).to_be_visible()
        connected = listed(project, "mia").connected("microsoft")
        assert connected is not None
        ids.append(connected.id)
    assert ids[0] != ids[1]


def test_going_back_and_answering_again_needs_no_new_link(project: Project, comes: Comes) -> None:
    moves(project, "google", "microsoft")
    mia = comes()
    mia.open(link_for(project, "mia", "microsoft"))
    mia.press("Deny")
    mia.page.go_back()
    mia.press("Allow")
    expect(mia.page.get_by_text("microsoft is connected")).to_be_visible()


def test_a_page_needs_no_script_and_no_mouse(project: Project, comes: Comes) -> None:
    moves(project, "google", "microsoft")
    mia = comes(java_script_enabled=False)
    mia.open(link_for(project, "mia", "microsoft"))
    keyboard = mia.page.keyboard
    keyboard.press("Tab")
    keyboard.type("mia@typed.example")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(mia.page.get_by_text("microsoft is connected")).to_be_visible()
    connected = listed(project, "mia").connected("microsoft")
    assert connected is not None
    assert connected.email == "mia@typed.example"


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"viewport": {"width": 320, "height": 640}},
    ],
    ids=["light", "dark", "phone"],
)
def test_the_pages_are_for_everybody(
    project: Project, comes: Comes, options: dict[str, Any]
) -> None:
    client_id = HOSTILE.encode("ascii", "ignore").decode().replace(" ", "/")
    moves(project, "google", "microsoft", user=HOSTILE, client_id=client_id)
    person = comes(**options)
    person.open(link_for(project, HOSTILE, "microsoft"))
    expect(person.page.get_by_text(client_id)).to_be_visible()
    width = "document.documentElement.scrollWidth <= innerWidth"
    assert (person.faults(), person.page.evaluate(width)) == ([], True)
    person.page.get_by_label("Microsoft account").fill("nobody")
    person.page.evaluate("document.querySelector('form').noValidate = true")
    person.press("Allow")
    expect(person.page.get_by_role("alert")).to_be_visible()
    assert (person.faults(), person.page.evaluate(width)) == ([], True)
    person.page.get_by_label("Microsoft account").fill("a@new.example")
    person.press("Allow")
    expect(person.page.get_by_text("microsoft is connected")).to_be_visible()
    assert (person.faults(), person.page.evaluate(width)) == ([], True)
