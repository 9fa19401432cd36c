"""No secret is in any byte that is written, however a command ends."""

import logging
import os
import signal
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from reconciler.applying import ApplySettings
from reconciler.cli.secret_output import SecretOutput
from reconciler.domain import LedgerPlace, PostgresqlDatabase, Secret, SqliteFile
from reconciler.recall import CalendarReader
from reconciler.recall.retries import Retries
from reconciler.reporting import (
    PlanReport,
    Report,
    RunHistoryReport,
    RunReport,
    RunsReport,
    ValidationReport,
    formats_of,
)
from tests.cli.project import Project, everything_written
from tests.cli.test_processes import on_a_terminal, started, wait_until
from tests.postgresql import unused_port
from tests.recall.scripted_server import Reply, Request, Scripted, reply
from tests.security.attacked import connected
from tests.security.leaky_api import (
    KEY,
    SECRETS,
    TOKEN,
    Spoil,
    dropped,
    echo,
    forms,
    malformed,
    not_json,
    serving,
)

PASSWORD: Final = "pg-recognisable-password-246813579"
URL_TOKEN: Final = "recognisable-url-token-9081726354"
HMAC_KEY: Final = "recognisable-hmac-key-6574839201-abcdef"
TARGETS: Final = (
    "    notify:\n"
    "      hook: {webhook: {url: {env: HOOK_URL}, hmacKey: {env: HOOK_KEY}}, privacy: full}\n"
    "      chat: {url: {env: CHAT_URL}, privacy: full}\n"
)
FORMATS: Final = ("text", "json", "jsonl", "markdown")
GIVES: Final[dict[str, tuple[type[Report], ...]]] = {
    "plan": (PlanReport,),
    "apply": (PlanReport, RunReport),
    "resume": (PlanReport, RunReport),
    "validate": (ValidationReport,),
}
"""The commands that write more formats than every command does."""
BOTH: Final = [("leaver@example.com", "google"), ("mover@example.com", "google")]

ANSWERS: Final[dict[str, Spoil]] = {
    "401": echo(401),
    "402": echo(402),
    "403": echo(403),
    "404": echo(404),
    "409": echo(409, Retry_After="0"),
    "422": echo(422),
    "429": echo(429, Retry_After="0"),
    "429 for an hour": echo(429, Retry_After="3600"),
    "500": echo(500, Retry_After="0"),
    "503": echo(503, Retry_After="0"),
    "redirect": echo(307, Location=f"https://elsewhere.invalid/?key={KEY}"),
    "dropped": dropped,
    "no HTTP": malformed,
    "no JSON": not_json,
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAL_KEY", KEY)
    monkeypatch.setattr(Retries, "_delay", lambda *_: 0.0)


def _url(place: LedgerPlace) -> str:
    return f"sqlite:///{place}" if isinstance(place, SqliteFile) else str(place)


class _Written:
    """All that commands wrote: what they printed, every file, and the whole ledger."""

    def __init__(self, project: Project, place: LedgerPlace) -> None:
        self._project = project
        self._place = place
        self._printed = b""

    def run(self, *arguments: str) -> int:
        status = self._project.run(*arguments)
        self._printed += (self._project.out + self._project.err).encode()
        return status

    def add(self, *printed: bytes) -> None:
        self._printed += b"".join(printed)

    def in_every_way(self, *arguments: str) -> list[int]:
        """Run a command with all that it can be made to write."""
        forms = formats_of(*GIVES.get(arguments[0], ()))
        reports = [f"--report={form}=report-{arguments[0]}.{form}" for form in forms]
        logs = ("--verbose", "--log-format", "json")
        return [self.run(*arguments, *reports, *logs), self.run(*arguments, "--verbose")]

    def tell_the_runs(self) -> None:
        for form in formats_of(RunsReport):
            self.run("runs", "--format", form)
        for run in self.runs():
            for form in formats_of(RunHistoryReport):
                self.run("runs", run, "--format", form)

    def runs(self) -> list[str]:
        if isinstance(self._place, SqliteFile):
            with closing(sqlite3.connect(self._place.path)) as file:
                return [
                    run
                    for (run,) in file.execute("SELECT run FROM runs ORDER BY number").fetchall()
                ]
        with connected(self._place) as server:
            return [
                run for (run,) in server.execute("SELECT run FROM runs ORDER BY number").fetchall()
            ]

    def all(self) -> bytes:
        # One file's end is no other's beginning. The sandbox is not spoken to here.
        folder = self._project.folder.parent
        return self._printed + everything_written(folder, but=("state", "seed.yaml")) + self._dump()

    def _dump(self) -> bytes:
        """Every table of the ledger, and its plans unpacked."""
        if isinstance(self._place, SqliteFile):
            with closing(sqlite3.connect(self._place.path)) as file:
                packed = file.execute("SELECT content FROM plans").fetchall()
            return b"".join(zlib.decompress(content) for (content,) in packed)
        dumped = []
        with connected(self._place) as server:
            tables = server.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            ).fetchall()
            for (table,) in tables:
                with server.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
                    dumped += [bytes(row) for row in copy]
            plans = server.execute("SELECT content FROM plans").fetchall()
        assert len(dumped) > 3
        return b"".join(dumped) + b"".join(zlib.decompress(bytes(c)) for (c,) in plans)


def assert_without(written: bytes, *secrets: str) -> None:
    assert len(written) > 2_000
    for secret in secrets:
        for form in forms(secret):
            assert form not in written, f"{secret} as {form!r}"


@pytest.fixture
def written(project: Project, place: LedgerPlace) -> _Written:
    return _Written(project, place)


def _secrets() -> tuple[str, ...]:
    return (*SECRETS, *([os.environ["PGPASSWORD"]] if "PGPASSWORD" in os.environ else []))


def test_a_run_that_goes_well_writes_no_secret(
    project: Project, place: LedgerPlace, written: _Written
) -> None:
    with serving(project, _url(place)) as api:
        assert written.in_every_way("plan", "-o", "saved.plan") == [0, 0]
        assert written.run("show", "saved.plan", "--verbose") == 0
        assert written.in_every_way("apply", "saved.plan") == [0, 5]
        assert written.run("doctor") == 0
        assert written.run("import", "-o", "imported.yaml") == 0
        assert sorted(api.disconnected) == BOTH
        (run,) = (run for run in written.runs()[:1])
        written.in_every_way("resume", run)
        written.tell_the_runs()
        assert written.run("watch", "--once", "--metrics-file", "watch.prom", "--verbose") == 0
    assert_without(written.all(), *_secrets())


@pytest.mark.parametrize("endpoint", ["GET users", "POST authenticate", "GET user"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_run_that_cannot_read_writes_no_secret_though_the_api_tells_them_all(
    project: Project, sqlite: SqliteFile, endpoint: str, answer: Spoil
) -> None:
    written = _Written(project, sqlite)
    with serving(project, _url(sqlite)) as api:
        api.spoilt[endpoint] = answer
        assert not {0, 1} & set(written.in_every_way("apply", "--auto-approve"))
        written.run("plan", "--verbose")
        written.run("watch", "--once", "--metrics-file", "watch.prom", "--verbose")
        written.run("doctor")
        written.tell_the_runs()
        assert api.disconnected == []
    assert_without(written.all(), *SECRETS)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_run_whose_calls_fail_writes_no_secret_though_the_api_tells_them_all(
    project: Project, place: LedgerPlace, written: _Written, answer: Spoil
) -> None:
    with serving(project, _url(place)) as api:
        assert written.run("plan", "-o", "saved.plan") == 0
        api.spoilt["POST disconnect"] = answer
        assert written.in_every_way("apply", "saved.plan") == [4, 5]
        written.tell_the_runs()
        api.spoilt.clear()
        assert written.run("resume", written.runs()[0], "--verbose") in (0, 4)
        assert set(api.disconnected) <= set(BOTH)
    assert_without(written.all(), *_secrets())


def test_a_run_that_is_refused_writes_no_secret(
    project: Project, place: LedgerPlace, written: _Written
) -> None:
    with serving(project, _url(place), "    limits: {maxDisconnects: 0}\n") as api:
        assert written.in_every_way("apply", "--auto-approve") == [3, 3]
        written.tell_the_runs()
        assert api.disconnected == []
    assert_without(written.all(), *_secrets())


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_a_run_that_is_killed_and_resumed_writes_no_secret(
    project: Project,
    place: LedgerPlace,
    written: _Written,
    signum: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As if the calls had been sent long ago: no command has to wait for them.
    monkeypatch.setattr(ApplySettings, "under_way", -60.0)
    with serving(project, _url(place)) as api:
        api.spoilt["POST disconnect"] = _slowly
        arguments = ("apply", "--auto-approve", "--verbose", "--log-format", "json")
        with started(project, *arguments) as process:
            wait_until(lambda: any(r.path.endswith("/disconnect/") for r in api.asked))
            process.send_signal(signum)
            written.add(*process.communicate(timeout=60))
        api.spoilt.clear()
        written.tell_the_runs()
        (run,) = written.runs()
        written.in_every_way("resume", run)
        written.in_every_way("apply", "--auto-approve")
        written.tell_the_runs()
        assert sorted(set(api.disconnected)) == BOTH
    assert_without(written.all(), *_secrets())


def _slowly(_request: Request) -> Reply:
    """An answer that takes its time, so that a signal comes before its end."""
    return Reply((b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n", b"{}"), drip=1.0)


@pytest.mark.parametrize("options", [("--log-format", "text"), ("--log-format", "json")])
def test_a_defect_and_its_traceback_tell_no_secret(
    project: Project, sqlite: SqliteFile, monkeypatch: pytest.MonkeyPatch, options: tuple[str, str]
) -> None:
    def defective(self: CalendarReader, token: object, *_: object) -> None:
        raise RuntimeError(f"{token!r} {token} {vars(self)}")

    written = _Written(project, sqlite)
    with serving(project, _url(sqlite)):
        monkeypatch.setattr(CalendarReader, "get_user", defective)
        assert written.run("apply", "--auto-approve", "--verbose", *options) == 1
        assert "Traceback" in project.err
        monkeypatch.setattr(CalendarReader, "list_users", defective)
        assert written.run("plan", "--verbose", *options) == 1
        assert "Traceback" in project.err
        written.tell_the_runs()
    assert_without(written.all(), *SECRETS)


# Connect links. Whoever has one has a token of the user.

OAUTH_OF_THE_WORKSPACE: Final = "    oauth: {microsoft: {clientId: of-microsoft}}\n"
ASKED: Final = ("connect-link", "waiting@example.com", "microsoft")


def _link_in(file: Path) -> str:
    """The link that was written to ``file``, which is deleted."""
    url = file.read_text().removesuffix("\n")
    assert TOKEN in url
    file.unlink()
    return url


def test_a_connect_link_is_in_the_file_that_was_asked_for_and_nowhere_else(
    project: Project, place: LedgerPlace, written: _Written
) -> None:
    with serving(project, _url(place), OAUTH_OF_THE_WORKSPACE) as api:
        assert written.in_every_way(*ASKED, "-o", "link") == [0, 64]
        link = _link_in(project.folder / "link")
        assert written.in_every_way(*ASKED) == [64, 64]
        for form in FORMATS:
            assert written.run(*ASKED, "-o", form, "--format", form) == 0
            _link_in(project.folder / form)
            written.run("explain", "waiting@example.com", "--format", form)
            written.run("pending", "--format", form)
        assert written.in_every_way("apply", "--auto-approve") == [0, 0]
        written.tell_the_runs()
        assert sorted(api.disconnected) == BOTH
    assert_without(written.all(), *_secrets(), link, link.partition("?")[2])


@pytest.mark.parametrize("endpoint", ["GET users", "POST authenticate", "GET user"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_connect_link_that_fails_writes_no_secret_though_the_api_tells_them_all(
    project: Project, sqlite: SqliteFile, endpoint: str, answer: Spoil
) -> None:
    written = _Written(project, sqlite)
    with serving(project, _url(sqlite), OAUTH_OF_THE_WORKSPACE) as api:
        assert written.run("apply", "--auto-approve") == 0
        api.spoilt[endpoint] = answer
        assert not {0, 1} & set(written.in_every_way(*ASKED, "-o", "link"))
        assert not (project.folder / "link").exists()
    assert_without(written.all(), *SECRETS)


def test_a_defect_behind_a_connect_link_tells_nothing_of_it(
    project: Project, sqlite: SqliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defective(self: SecretOutput, secret: Secret) -> None:
        raise RuntimeError(f"{secret!r} {secret} {vars(self)}")

    written = _Written(project, sqlite)
    with serving(project, _url(sqlite), OAUTH_OF_THE_WORKSPACE):
        assert written.run("apply", "--auto-approve") == 0
        monkeypatch.setattr(SecretOutput, "write", defective)
        for form in ("text", "json"):
            assert written.run(*ASKED, "-o", "link", "--verbose", "--log-format", form) == 1
            assert "Traceback" in project.err
    assert_without(written.all(), *SECRETS)


def test_a_terminal_shows_a_connect_link_once_and_does_not_make_it_its_title(
    project: Project, sqlite: SqliteFile
) -> None:
    with serving(project, _url(sqlite), OAUTH_OF_THE_WORKSPACE):
        status, shown = on_a_terminal(project, "", *ASKED)
    assert status == 0
    assert shown.count(TOKEN) == 1
    assert "\x1b]" not in shown
    written = everything_written(project.folder.parent, but=("state", "seed.yaml"))
    assert_without(written, TOKEN)


def test_no_list_of_processes_shows_a_connect_link(project: Project, sqlite: SqliteFile) -> None:
    with serving(project, _url(sqlite), OAUTH_OF_THE_WORKSPACE) as api:
        api.spoilt["GET user"] = _slowly  # the token is there, and the command still runs
        with started(project, *ASKED, "-o", "link") as process:
            wait_until(lambda: any(r.path.endswith("/user/") for r in api.asked))
            listed = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert ASKED[1].encode() in listed
            assert TOKEN.encode() not in listed + Path(f"/proc/{process.pid}/environ").read_bytes()


# The URLs and keys of notification targets.


@pytest.mark.parametrize("answer", [204, 400, 500])
def test_a_target_of_notifications_is_nowhere_but_in_its_request(
    project: Project,
    sqlite: SqliteFile,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    answer: int,
) -> None:
    monkeypatch.setattr("reconciler.notifying.webhook._FIRST_PAUSE", 0.0)
    written = _Written(project, sqlite)
    caplog.set_level(logging.DEBUG)
    with Scripted(reply(answer, {"seen": URL_TOKEN, "key": HMAC_KEY})) as target:
        monkeypatch.setenv("HOOK_URL", f"{target.url}/{URL_TOKEN}")
        monkeypatch.setenv("HOOK_KEY", HMAC_KEY)
        monkeypatch.setenv("CHAT_URL", f"json://{URL_TOKEN}@127.0.0.1:{target.port}/{URL_TOKEN}")
        with serving(project, _url(sqlite), TARGETS) as api:
            assert written.run("doctor") == 0
            assert written.in_every_way("apply", "--auto-approve") == [0, 0]
            written.tell_the_runs()
            assert sorted(api.disconnected) == BOTH
        assert any(URL_TOKEN in request.path for request in target.requests)
    written.add(caplog.text.encode())
    assert_without(written.all(), *SECRETS, URL_TOKEN, HMAC_KEY)


@pytest.mark.parametrize("scheme", ["nosuch", "slack", "mailto", "discord", "tgram"])
def test_a_url_that_apprise_cannot_use_is_nowhere(
    project: Project,
    sqlite: SqliteFile,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    scheme: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    written = _Written(project, sqlite)
    monkeypatch.setenv("HOOK_URL", f"https://x.example/{URL_TOKEN}")
    monkeypatch.setenv("HOOK_KEY", "short" + HMAC_KEY[:8])
    monkeypatch.setenv("CHAT_URL", f"{scheme}://{URL_TOKEN}")
    with serving(project, _url(sqlite), TARGETS) as api:
        assert written.in_every_way("apply", "--auto-approve") == [65, 65]
        assert written.run("doctor") == 65
        assert api.disconnected == []
    monkeypatch.setattr(_Written, "_dump", lambda _: b"")
    written.add(caplog.text.encode())
    assert_without(written.all(), *SECRETS, URL_TOKEN, HMAC_KEY[:8])


# The password of the server.


def test_a_password_that_the_server_refuses_is_nowhere(
    project: Project, postgresql: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    _everything_without_a_ledger(project, postgresql, monkeypatch)


def test_a_password_for_a_server_that_is_gone_is_nowhere(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = PostgresqlDatabase(f"postgresql+psycopg://reconciler@127.0.0.1:{unused_port()}/gone")
    _everything_without_a_ledger(project, place, monkeypatch)


def _everything_without_a_ledger(
    project: Project, place: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    # What was written is looked for in files alone: nobody gets into the ledger.
    written = _Written(project, SqliteFile(project.folder / "none.db"))
    with serving(project, _url(place)) as api:
        assert written.in_every_way("plan", "-o", "saved.plan") == [0, 0]
        assert written.in_every_way("apply", "--auto-approve") == [75, 75]
        assert written.run("apply", "saved.plan", "--verbose") == 75
        assert written.run("doctor") == 75
        assert written.run("runs") == 75
        assert written.run("unlock", "0123456789") == 75
        assert written.in_every_way("resume", "0123456789") == [75, 75]
        assert api.disconnected == []
    monkeypatch.setattr(_Written, "_dump", lambda _: b"")
    assert_without(written.all(), *SECRETS, PASSWORD)


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    for form in forms(KEY):
        with pytest.raises(AssertionError, match="recognisable"):
            assert_without(b"x" * 3_000 + form + b"x", KEY)
