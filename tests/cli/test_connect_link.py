"""``reconciler connect-link``: who gets a link, where it is shown, and what is recorded."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import CalendarUser, Deadline, Platform, Secret
from reconciler.engine import connect_link as module
from reconciler.engine import judged_content
from reconciler.ledger import LedgerUnreachable
from reconciler.ledger.ledger import Ledger
from reconciler.planning import Content
from reconciler.recall import TokenMinter
from reconciler.sandbox import Fault, FaultKind, users
from reconciler.sandbox.database import StateDatabase
from tests.cli.project import Project
from tests.served_sandbox import served_sandbox

MOVER, STAYS = "waiting@example.com", "settled@example.com"
OAUTH = "oauth: {google: {clientId: of-google}, microsoft: {clientId: of-microsoft}}"


@pytest.fixture
def served(project: Project) -> Iterator[Project]:
    """Somebody moves from google to microsoft, and somebody else is as declared."""
    project.configure(OAUTH)
    with served_sandbox(project.folder / "state/sandbox.db"):
        yield project


def link(project: Project, *words: str) -> int:
    return project.run("connect-link", *words)


def authenticated(project: Project) -> list[str | None]:
    """The users that tokens were requested for."""
    return [each.external_id for each in project.requests() if each.endpoint == "authenticate"]


def state_of(url: str) -> dict[str, Any]:
    (state,) = parse_qs(urlsplit(url).query)["state"]
    fields: dict[str, Any] = json.loads(state)
    return fields


def test_the_link_is_written_to_a_new_file_of_this_account_alone(served: Project) -> None:
    assert link(served, MOVER, "microsoft", "-o", "link") == 0
    path = served.folder / "link"
    assert path.stat().st_mode & 0o777 == 0o600
    url = path.read_text().removesuffix("\n")
    assert urlsplit(url).path == "/common/oauth2/v2.0/authorize"
    token = state_of(url)["recall_calendar_auth_token"]
    origin = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    user = httpx.get(
        f"{origin}/api/v1/calendar/user/", headers={"x-recallcalendarauthtoken": token}
    ).json()
    assert user["external_id"] == MOVER
    assert token not in served.out + served.err
    assert "The link is a secret" in served.out
    assert authenticated(served) == [MOVER]
    assert served.mutations() == []


def test_on_a_terminal_the_link_is_a_line_of_its_own(
    served: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert link(served, MOVER, "microsoft") == 0
    (url,) = [line for line in served.out.splitlines() if "oauth2" in line]
    assert state_of(url)["recall_calendar_auth_token"]
    assert served.out.index(url) < served.out.index("The link is a secret")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "standard output is no terminal"),
        (("-o", "-"), "not written to standard output"),
        (("-f", "json"), "a report in json holds no secret"),
        (("-o", "there"), "there is something already"),
        (("-o", "dangling"), "there is something already"),
        (("-o", "no/such/folder"), "No such file or directory"),
        (("-o", "link", "--report", "json=link"), "is named twice"),
        (("-o", "manifests/link.yaml"), "this command reads"),
    ],
)
def test_a_place_where_others_could_read_it_or_that_is_taken_is_refused_before_anything_is_asked(
    served: Project, words: tuple[str, ...], problem: str
) -> None:
    served.write("there", "kept")
    (served.folder / "dangling").symlink_to("nowhere")
    assert link(served, MOVER, "microsoft", *words) == 64
    assert problem in served.out + served.err
    assert (served.folder / "there").read_text() == "kept"
    assert not (served.folder / "nowhere").exists()
    assert authenticated(served) == []


MANIFEST = """\
apiVersion: reconciler/v1
users:
  - {id: waiting@example.com, platforms: [microsoft]}
  - {id: settled@example.com, platforms: [google]}
  - {id: mover@example.com, platforms: [google, microsoft]}
  - {id: unmanaged@example.com, preferences: {bot_name: Scribe}}
  - {id: later@example.com, platforms: [microsoft], from: 2999-01-01}
  - {id: earlier@example.com, platforms: [microsoft], until: 2001-01-01}
  - {id: leaver@example.com, platforms: [], reason: left}
  - {id: unknown@example.com, platforms: [microsoft]}
  - {id: twice@example.com, platforms: [microsoft]}
  - {id: boss@example.com, platforms: [microsoft]}
"""
PEOPLE = (
    "{external_id: waiting@example.com, connected: {google: waiting@example.com}}",
    "{external_id: settled@example.com, connected: {google: settled@example.com}}",
    "{external_id: mover@example.com, connected: {google: m@e.com, microsoft: m@e.com}}",
    "{external_id: unmanaged@example.com}",
    "{external_id: later@example.com}",
    "{external_id: earlier@example.com}",
    "{external_id: leaver@example.com}",
    "{external_id: twice@example.com}",
    "{external_id: twice@example.com}",
    "{external_id: boss@example.com}",
    "{external_id: stranger@example.com}",
)


@pytest.mark.parametrize(
    ("user", "platform", "status", "reason"),
    [
        ("nobody@example.org", "microsoft", 64, "no manifest declares"),
        ("m@e.com", "microsoft", 64, "it is an e-mail of 'mover@example.com'"),
        ("stranger@example.com", "microsoft", 3, "no manifest declares 'stranger@example.com'"),
        ("unmanaged@example.com", "google", 3, "do not say which platforms"),
        ("later@example.com", "microsoft", 3, "does not count yet"),
        ("earlier@example.com", "microsoft", 3, "does not count now"),
        ("settled@example.com", "microsoft", 3, "want google connected"),
        ("leaver@example.com", "google", 3, "want nothing connected"),
        ("mover@example.com", "microsoft", 3, "microsoft is connected for"),
        ("unknown@example.com", "microsoft", 3, "does not list 'unknown@example.com'"),
        ("twice@example.com", "microsoft", 3, "lists 'twice@example.com' 2 times"),
        ("boss@example.com", "microsoft", 3, "is protected by 'BOSS@*'"),
        ("waiting@example.com", "zoom", 64, "zoom"),
    ],
)
def test_who_is_not_pending_by_the_plan_gets_no_link_and_no_token_is_requested(
    served: Project, user: str, platform: str, status: int, reason: str
) -> None:
    served.configure(f"{OAUTH}\n    protected: ['BOSS@*']")
    served.populate(*PEOPLE)
    served.write("manifests/people.yaml", MANIFEST)
    assert link(served, user, platform, "-o", "link") == status
    assert reason in served.err
    assert not (served.folder / "link").exists()
    assert authenticated(served) == []


def test_the_one_who_is_pending_among_them_gets_a_link(served: Project) -> None:
    served.configure(f"{OAUTH}\n    protected: ['BOSS@*']")
    served.populate(*PEOPLE)
    served.write("manifests/people.yaml", MANIFEST)
    assert link(served, MOVER, "microsoft", "-o", "link") == 0, served.err
    assert authenticated(served) == [MOVER]


def test_an_unknown_email_that_may_be_a_protected_one_gets_no_link(served: Project) -> None:
    served.configure(f"{OAUTH}\n    protected: ['*@board.example.com']")
    served.populate(
        "{external_id: waiting@example.com, connected: {google: null}}",
        "{external_id: settled@example.com, connected: {google: settled@example.com}}",
    )
    assert link(served, MOVER, "microsoft", "-o", "link") == 3
    assert "may be protected" in served.err
    assert authenticated(served) == []


@pytest.mark.parametrize("other", ["[google, microsoft]", "[google]"])
def test_rules_that_disagree_give_no_link(served: Project, other: str) -> None:
    served.populate("{external_id: waiting@example.com}", "{external_id: settled@example.com}")
    served.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\nrules:\n"
        "  - {name: one, match: {id: waiting*}, platforms: [microsoft], mode: enforce}\n"
        f"  - {{name: two, match: {{id: waiting*}}, platforms: {other}, mode: enforce}}\n",
    )
    assert link(served, MOVER, "microsoft", "-o", "link") == 3
    assert "rules disagree about 'waiting@example.com': one, two" in served.err
    assert authenticated(served) == []


def test_an_incomplete_list_gives_no_link(served: Project) -> None:
    served.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert link(served, MOVER, "microsoft", "-o", "link") == 6
    assert authenticated(served) == []


@pytest.mark.parametrize("platform", ["google", "microsoft"])
def test_without_a_client_the_error_names_the_workspace_and_what_to_add(
    served: Project, platform: str
) -> None:
    served.configure("")
    assert link(served, MOVER, platform, "-o", "link") == 65
    assert "reconciler.yaml:4:3" in served.err
    assert f"add `oauth: {{{platform}: {{clientId: …}}}}`" in served.err
    assert served.requests() == ()


def test_a_sandbox_that_ends_with_the_command_gives_no_link(project: Project) -> None:
    project.configure(OAUTH)
    assert link(project, MOVER, "microsoft", "-o", "link") == 3
    assert "is not served" in project.err
    assert project.requests() == ()


def ledger_rows(project: Project, user: str) -> list[tuple[str, str, str]]:
    assert project.run("explain", user, "-f", "json") == 0
    return [
        (each["platform"], each["who"], each["host"]) for each in json.loads(project.out)["links"]
    ]


def test_the_ledger_says_who_made_a_link_for_whom_and_explain_shows_it(served: Project) -> None:
    assert link(served, MOVER, "microsoft", "-o", "link", "-f", "json") == 0
    report = json.loads(served.out)
    assert report["kind"] == "connect_link"
    assert (report["user"], report["saved_to"]) == (MOVER, "link")
    made = report["made"]
    assert made["platform"] == "microsoft"
    assert report["expires"][:4] == made["at"][:4] or report["expires"] > made["at"]
    assert ledger_rows(served, MOVER) == [("microsoft", made["who"], made["host"])]
    assert ledger_rows(served, STAYS) == []
    assert served.run("explain", MOVER) == 0
    assert f"{made['at']} microsoft: made by {made['who']} on {made['host']}" in served.out


def test_without_a_ledger_that_can_be_written_no_token_is_requested(served: Project) -> None:
    served.write(".reconciler/ledger.db", "this is no database, and it is long enough to be one")
    assert link(served, MOVER, "microsoft", "-o", "link") == 65
    assert not (served.folder / "link").exists()
    assert authenticated(served) == []


def test_a_ledger_that_is_required_is_not_made(served: Project) -> None:
    path = served.folder / "reconciler.yaml"
    path.write_text(f"requireLedger: true\n{path.read_text()}")
    assert link(served, MOVER, "microsoft", "-o", "link") == 3
    assert "the configuration requires one" in served.err
    assert not (served.folder / ".reconciler/ledger.db").exists()
    assert authenticated(served) == []


def test_what_the_ledger_could_not_record_is_shown_to_nobody(
    served: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LedgerUnreachable("the disk is full", "make room")

    monkeypatch.setattr(Ledger, "link_made", full)
    assert link(served, MOVER, "microsoft", "-o", "link") == 75
    assert not (served.folder / "link").exists()
    assert "oauth2" not in served.out + served.err


def test_two_links_for_one_user_are_two_records(served: Project) -> None:
    assert link(served, MOVER, "microsoft", "-o", "one") == 0
    assert link(served, MOVER, "microsoft", "-o", "two") == 0
    assert len(ledger_rows(served, MOVER)) == 2


@pytest.fixture
def around_the_token(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let something happen at Recall.ai just before the token call, or just after it."""
    whole = TokenMinter.mint_token

    def arrange(
        before: Callable[[], object] = lambda: None, after: Callable[[], object] = lambda: None
    ) -> None:
        def mint(
            self: TokenMinter, listed: Callable[[], tuple[CalendarUser, float]], deadline: Deadline
        ) -> Secret:
            shown = listed()
            before()
            token = whole(self, lambda: shown, deadline)
            after()
            return token

        monkeypatch.setattr(TokenMinter, "mint_token", mint)

    return arrange


def delete(project: Project, user: str) -> None:
    """Somebody else deletes the user at Recall.ai."""
    database = StateDatabase(project.folder / "state/sandbox.db")
    with closing(database), database.transaction() as db:
        found = users.find_by_external_id(db, user)
        assert found is not None
        users.delete(db, found, 0)


def test_a_user_whom_the_token_call_may_have_created_is_named_and_gets_no_link(
    served: Project, around_the_token: Callable[..., None]
) -> None:
    around_the_token(before=lambda: delete(served, MOVER))
    assert link(served, MOVER, "microsoft", "-o", "link") == 3
    assert "may have created that calendar user" in served.err
    assert not (served.folder / "link").exists()
    assert ledger_rows(served, MOVER) == []


def test_who_connects_in_the_meantime_gets_no_link(
    served: Project, around_the_token: Callable[..., None]
) -> None:
    around_the_token(after=lambda: served.sandbox.connect(MOVER, Platform.MICROSOFT, MOVER))
    assert link(served, MOVER, "microsoft", "-o", "link") == 3
    assert "connected microsoft just now" in served.err
    assert ledger_rows(served, MOVER) == []


def test_who_becomes_protected_in_the_meantime_gets_no_link(
    served: Project, around_the_token: Callable[..., None]
) -> None:
    served.configure(f"{OAUTH}\n    protected: ['ceo@*']")
    around_the_token(
        after=lambda: served.sandbox.connect(MOVER, Platform.GOOGLE, "ceo@example.com")
    )
    assert link(served, MOVER, "microsoft", "-o", "link") == 3
    assert "was changed at Recall.ai just now" in served.err


def test_who_leaves_the_list_before_the_token_call_is_not_created(
    served: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first list is too old at once, so another one decides."""
    monkeypatch.setattr(module, "apply_settings", lambda _: ApplySettings(list_max_age=-1.0))
    whole = judged_content

    def judged(*arguments: Any) -> Content:
        content = whole(*arguments)
        delete(served, MOVER)
        return content

    monkeypatch.setattr(module, "judged_content", judged)
    assert link(served, MOVER, "microsoft", "-o", "link") == 3
    assert "was changed at Recall.ai just now" in served.err
    assert authenticated(served) == []


def test_a_second_list_that_is_incomplete_gives_no_link(
    served: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "apply_settings", lambda _: ApplySettings(list_max_age=-1.0))
    served.fail(Fault(kind=FaultKind.MALFORMED_ROW, skip=1))
    assert link(served, MOVER, "microsoft", "-o", "link") == 6
    assert authenticated(served) == []
