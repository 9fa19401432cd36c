"""What the API says of itself and its users, through a whole apply and into the ledger and back."""

import json
from typing import Final

import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import LedgerPlace, SqliteFile
from reconciler.recall.retries import Retries
from tests.cli.project import Project
from tests.cli.test_processes import started, wait_until
from tests.recall.scripted_server import Reply, Request, Scripted, reply
from tests.security.attacked import assert_harmless
from tests.security.leaky_api import KEY, LeakyApi, serving

LEAVER: Final = "leaver@example.com"
MOVER: Final = "mover@example.com"
BOTH: Final = [(LEAVER, "google"), (MOVER, "google")]
FORMATS: Final = ("text", "json", "jsonl", "markdown")

HOSTILE: Final = {
    "terminal escapes": "a\x1b[2J\x1b]0;owned\x07b\x9b31m",
    "changes of direction": "a\u202eb\u2066c\u200f",
    "line breaks": "a\r\nerror: forged\u2028b\u2029",
    "a null character": "a\0b",
    "Markdown": "</code></details>|`@everyone`[x](https://evil.test)<script>",
    "SQL": "a'; DROP TABLE runs; --",
    "a hundred thousand characters": "x" * 100_000,
    "the mark of stored text": "a\ue0000000b",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAL_KEY", KEY)
    monkeypatch.setattr(Retries, "_delay", lambda *_: 0.0)


def _url(place: LedgerPlace) -> str:
    return f"sqlite:///{place}" if isinstance(place, SqliteFile) else str(place)


def _harmless(project: Project, *arguments: str) -> int:
    status = project.run(*arguments)
    assert_harmless(project.out + project.err)
    return status


def _tell_the_run(project: Project) -> None:
    assert _harmless(project, "runs", "--format", "json") == 0
    for run in json.loads(project.out)["runs"]:
        for form in FORMATS:
            assert _harmless(project, "runs", run["run"], "--format", form) == 0


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_names_and_emails_go_through_an_apply_and_come_back_harmless(
    project: Project, place: LedgerPlace, text: str
) -> None:
    with serving(project, _url(place)) as api:
        api.emails = {LEAVER: text, MOVER: f"{text}@example.com"}
        api.connected[text] = {"google", "microsoft"}
        assert _harmless(project, "plan", "-o", "saved.plan") == 0
        assert _harmless(project, "show", "saved.plan", "--verbose") == 0
        assert _harmless(project, "apply", "saved.plan", "--report", "markdown=run.md") == 0
        assert_harmless((project.folder / "run.md").read_text())
        assert sorted(api.disconnected) == BOTH
        assert project.run("plan", "--format", "json") == 0
        _tell_the_run(project)


@pytest.mark.parametrize("name", ["Markdown", "SQL", "the mark of stored text"])
def test_a_hostile_id_that_a_manifest_may_hold_is_acted_on_as_it_is(
    project: Project, place: LedgerPlace, name: str
) -> None:
    text = HOSTILE[name]
    _declare(project, text)
    with serving(project, _url(place)) as api:
        api.connected[text] = {"google"}
        assert _harmless(project, "apply", "--auto-approve", "--verbose") == 0
        assert api.disconnected == [(text, "google")]
        _tell_the_run(project)


@pytest.mark.parametrize(
    "name", ["terminal escapes", "changes of direction", "line breaks", "a null character"]
)
def test_an_id_that_could_steer_a_terminal_is_no_id_for_a_manifest(
    project: Project, sqlite: SqliteFile, name: str
) -> None:
    text = HOSTILE[name]
    _declare(project, text)
    with serving(project, _url(sqlite)) as api:
        api.connected[text] = {"google"}
        assert _harmless(project, "apply", "--auto-approve", "--verbose") == 65
        assert api.asked == []


def _declare(project: Project, user: str) -> None:
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\n"
        "users:\n"
        f"  - id: {json.dumps(user)}\n"
        "    platforms: []\n"
        f"    reason: {json.dumps(user)}\n"
        "  - id: settled@example.com\n"
        "    platforms: [google]\n",
    )


def test_half_a_surrogate_pair_makes_the_list_incomplete_and_nobody_is_touched(
    project: Project, place: LedgerPlace
) -> None:
    with serving(project, _url(place)) as api:
        api.connected["a\ud800b"] = {"google"}
        assert _harmless(project, "apply", "--auto-approve") == 6
        assert api.disconnected == []
        _tell_the_run(project)


@pytest.mark.parametrize(
    "detail", [text for text in HOSTILE.values() if len(text) < 1000] + ["y" * 100_000]
)
def test_hostile_refusals_are_recorded_and_told_harmlessly(
    project: Project, place: LedgerPlace, detail: str
) -> None:
    with serving(project, _url(place)) as api:
        api.spoilt["POST disconnect"] = lambda _: reply(400, {"detail": detail})
        assert _harmless(project, "apply", "--auto-approve", "--verbose") == 4
        assert len(project.out) < 20_000
        _tell_the_run(project)
        assert api.disconnected == []


# Other hosts.

ENDPOINTS: Final = ("GET users", "POST authenticate", "GET user", "POST disconnect")


def _elsewhere(status: int, url: str, path: str) -> Reply:
    return reply(status, {"detail": "moved"}, Location=f"{url}{path}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_redirect_is_followed_by_nothing(
    project: Project, sqlite: SqliteFile, endpoint: str, status: int
) -> None:
    with Scripted(reply(200, {"token": "t"})) as other, serving(project, _url(sqlite)) as api:
        api.spoilt[endpoint] = lambda request: _elsewhere(status, other.url, request.path)
        assert _harmless(project, "apply", "--auto-approve") not in (0, 1)
        assert other.requests == []
        assert api.disconnected == []


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_redirect_is_not_followed_while_a_dead_run_is_settled_and_resumed(
    project: Project, place: LedgerPlace, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApplySettings, "under_way", 2.0)  # and not a minute
    with Scripted(reply(200, {"token": "t"})) as other, serving(project, _url(place)) as api:
        run = _killed_while_it_calls(project, api)
        api.spoilt[endpoint] = lambda request: _elsewhere(307, other.url, request.path)
        assert _harmless(project, "resume", run) not in (0, 1)
        assert _harmless(project, "apply", "--auto-approve") not in (0, 1)
        assert other.requests == []
        assert api.disconnected == []


def _killed_while_it_calls(project: Project, api: LeakyApi) -> str:
    """A run that was killed with a call in doubt; its id."""

    def silent(_request: Request) -> Reply:
        return Reply((b"HTTP/1.1 200 X\r\n", b"\r\n"), drip=600.0)

    api.spoilt["POST disconnect"] = silent
    with started(project, "apply", "--auto-approve", "--parallelism", "1") as process:
        wait_until(lambda: any(asked.path.endswith("/disconnect/") for asked in api.asked))
        process.kill()
        process.wait()
    api.spoilt.clear()
    assert project.run("runs", "--format", "json") == 0
    return str(json.loads(project.out)["runs"][0]["run"])


def test_a_next_page_at_another_host_is_not_asked_for(project: Project, place: LedgerPlace) -> None:
    with Scripted(reply(200, [])) as other, serving(project, _url(place)) as api:
        page = {"results": [], "next": f"{other.url}/api/v1/calendar/users/?cursor=2"}
        api.spoilt["GET users"] = lambda _: reply(200, page)
        assert _harmless(project, "apply", "--auto-approve") == 6
        assert other.requests == []
        assert api.disconnected == []
