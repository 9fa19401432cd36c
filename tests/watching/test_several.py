"""A watch of several workspaces: cycles side by side, one server, and a token for each."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from reconciler.cli.context import CommandContext
from reconciler.cli.watch_several import WatchOfSeveral
from reconciler.cli.watched import WatchOptions
from reconciler.cli.workspace_choice import Several
from reconciler.domain import COMMAND_LINE
from reconciler.engine.exits import FAILING
from reconciler.watching.metrics import CONTENT_TYPE
from reconciler.watching.rota import Rota
from reconciler.watching.server import WatchServer, listen
from tests.cli.project import Project
from tests.cli.test_processes import wait_until
from tests.cli.test_several import Companies
from tests.recall.fake_clock import FakeClock
from tests.watching.test_command import ended, read, watching

TOKENS = {name: f"the-token-of-{name}-and-no-other" for name in Companies.NAMES}


@pytest.fixture
def companies(project: Project) -> Companies:
    return Companies(project)


def bearer(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {TOKENS[name]}"}


def with_tokens(companies: Companies, *names: str) -> None:
    for name in names:
        companies.project.write(f"{name}/token", f"{TOKENS[name]}\n")
    companies.configure(**{name: f"watch: {{token: {{file: {name}/token}}}}" for name in names})


def watch_of(*patterns: str) -> WatchOfSeveral:
    asked = Several(patterns, not patterns, None, 4)
    options = WatchOptions(COMMAND_LINE, "15m", None, FAILING, once=False)
    return WatchOfSeveral(CommandContext(quiet=True), asked, options)


def cycle(watch: WatchOfSeveral) -> None:
    for name in tuple(watch._watched):
        watch._cycle(name)


@contextmanager
def served(watch: WatchOfSeveral, host: str = "127.0.0.1") -> Iterator[httpx.Client]:
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    metrics = watch._metrics
    with (
        WatchServer(listener, host, watch._board, lambda: (metrics.text(), CONTENT_TYPE)),
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


def test_the_list_has_every_workspace_with_its_numbers_and_its_page(companies: Companies) -> None:
    watch = watch_of()
    cycle(watch)
    with served(watch) as client:
        page = client.get("/").text
        for name in Companies.NAMES:
            assert f'href="w/{name}/"' in page
            assert f"leaver@{name}" in client.get(f"/w/{name}/").text
            assert client.get(f"/w/{name}/plan.json").json()["summary"]["disconnect"] == 1
    assert page.count("up to date. Plan: 1 to disconnect") == 3
    assert "leaver@" not in page
    assert companies.methods() == {"GET"}


def test_each_page_asks_for_the_token_of_its_own_workspace(companies: Companies) -> None:
    with_tokens(companies, "acme", "globex")
    watch = watch_of("acme", "globex")
    cycle(watch)
    with served(watch) as client:
        for path in ("/w/acme/", "/w/acme/plan.json"):
            assert client.get(path, headers=bearer("acme")).status_code == 200
            for headers in ({}, bearer("globex")):
                refused = client.get(path, headers=headers)
                assert refused.status_code == 401
                assert "leaver" not in refused.text


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_list_names_only_workspaces_whose_token_was_given(
    companies: Companies, host: str
) -> None:
    with_tokens(companies, "acme", "globex")
    watch = watch_of("acme", "globex")
    cycle(watch)
    with served(watch, host) as client:
        page = client.get("/", headers=bearer("acme"))
        assert client.get("/").status_code == 401
    assert page.status_code == 200
    assert "w/acme/" in page.text
    assert "globex" not in page.text
    assert "1 more workspace is shown to those who give another token." in page.text


def test_elsewhere_a_workspace_without_a_token_is_in_no_list(companies: Companies) -> None:
    with_tokens(companies, "acme")
    watch = watch_of("acme", "globex")
    cycle(watch)
    with served(watch, "0.0.0.0") as client:
        page = client.get("/", headers=bearer("acme")).text
        assert client.get("/w/globex/", headers=bearer("acme")).status_code == 403
    assert "globex" not in page


def test_a_workspace_that_is_not_watched_has_no_page(companies: Companies) -> None:
    watch = watch_of("acme", "globex")
    cycle(watch)
    with served(watch) as client:
        assert client.get("/w/initech/").status_code == 404
        assert client.get("/plan.json").status_code == 404


def test_what_is_not_ready_is_named(companies: Companies) -> None:
    watch = watch_of()
    watch._cycle("acme")
    companies.project.write("globex/people.yaml", "users: [{id: secret@globex}]\n")
    watch._cycle("globex")
    with served(watch) as client:
        answer = client.get("/readyz")
        assert client.get("/healthz").text == "ok\n"
    assert answer.status_code == 503
    assert "acme" not in answer.text
    assert "globex: the last cycle made no plan" in answer.text
    assert "initech: the first cycle has not ended" in answer.text
    assert "@" not in answer.text


def test_metrics_have_one_family_with_all_workspaces(companies: Companies) -> None:
    watch = watch_of()
    cycle(watch)
    text = watch._metrics.text().decode()
    for name in Companies.NAMES:
        assert f'reconciler_users_declared{{workspace="{name}"}} 2.0' in text
        assert f'reconciler_watch_cycles_total{{result="ok",workspace="{name}"}} 1.0' in text
    types = [line for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types))
    assert text.count("reconciler_build_info{") == 1


def test_a_removed_workspace_takes_its_metrics_along_and_a_new_one_appears(
    companies: Companies,
) -> None:
    initech = companies.extra.pop("initech")
    companies.configure()
    watch = watch_of()
    cycle(watch)
    del companies.extra["globex"]
    companies.configure(initech=initech)
    watch._read_again()
    cycle(watch)
    text = watch._metrics.text().decode()
    assert "globex" not in text
    assert 'reconciler_users_declared{workspace="initech"} 2.0' in text
    assert 'reconciler_watch_cycles_total{result="ok",workspace="acme"} 2.0' in text
    with served(watch) as client:
        assert client.get("/w/globex/").status_code == 404
        assert client.get("/w/initech/").status_code == 200


def test_a_configuration_that_breaks_leaves_all_workspaces_as_they_were(
    companies: Companies,
) -> None:
    watch = watch_of()
    cycle(watch)
    companies.project.write("reconciler.yaml", "apiVersion: reconciler/v1\nworkspaces: {}\n")
    watch._read_again()
    cycle(watch)
    text = watch._metrics.text().decode()
    for name in Companies.NAMES:
        labels = f'{{part="configuration",workspace="{name}"}}'
        assert f"reconciler_config_last_reload_successful{labels} 0.0" in text
        assert f'reconciler_users_declared{{workspace="{name}"}} 2.0' in text


def test_a_new_workspace_whose_token_cannot_be_read_is_shown_to_nobody(
    companies: Companies,
) -> None:
    del companies.extra["globex"]
    companies.configure()
    watch = watch_of()
    companies.configure(globex="watch: {token: {file: globex/token}}")
    watch._read_again()
    cycle(watch)
    with served(watch) as client:
        assert client.get("/w/globex/").status_code == 401
        assert client.get("/w/acme/").status_code == 200
        companies.project.write("globex/token", TOKENS["globex"])
        cycle(watch)
        assert client.get("/w/globex/", headers=bearer("globex")).status_code == 200


def test_once_writes_one_file_and_has_the_worst_status(companies: Companies) -> None:
    companies.configure(globex="limits: {maxDisconnects: 0}")
    arguments = ("--all-workspaces", "--metrics-file", "all.prom", "--format", "json")
    assert companies.run("watch", "--once", *arguments) == 3
    assert companies.statuses() == {"acme": 0, "globex": 3, "initech": 0}
    text = (companies.project.folder / "all.prom").read_text()
    for name in Companies.NAMES:
        assert f'reconciler_watch_up{{workspace="{name}"}} 1.0' in text
    assert "_total" not in text
    assert companies.methods() == {"GET"}


def test_once_says_in_the_file_which_workspaces_were_refused(companies: Companies) -> None:
    project = companies.project
    project.write("globex/people.yaml", (project.folder / "acme/people.yaml").read_text())
    seed = project.folder / "acme/seed/seed.yaml"
    project.write("globex/seed/seed.yaml", seed.read_text())
    both = (project.folder / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", both.replace("state/globex.db", "state/acme.db"))
    assert companies.run("watch", "--once", "--all-workspaces", "--metrics-file", "a.prom") == 65
    text = (project.folder / "a.prom").read_text()
    assert 'reconciler_watch_up{workspace="acme"} 0.0' in text
    assert 'reconciler_watch_up{workspace="initech"} 1.0' in text


def test_an_empty_shard_is_said_and_fine(companies: Companies) -> None:
    shard = ("--all-workspaces", "--shard", "3/4", "--metrics-file", "none.prom")
    assert companies.run("watch", "--once", *shard) == 0
    assert (companies.project.folder / "none.prom").read_text() == ""


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_watch_of_all(companies: Companies, signum: signal.Signals) -> None:
    with watching(companies.project, "--all-workspaces") as (process, url):
        for name in Companies.NAMES:
            line = f'reconciler_users_declared{{workspace="{name}"}} 2.0'
            wait_until(lambda line=line: line in read(f"{url}/metrics"))  # type: ignore[misc]
        process.send_signal(signum)
        status, out, err = ended(process)
    assert (status, out) == (0, b"")
    assert b"Traceback" not in err


def test_an_interval_that_one_workspace_does_not_allow_is_bad_usage(companies: Companies) -> None:
    companies.configure(globex="rateLimits: {list: 1}")
    assert companies.run("watch", "--all-workspaces", "--interval", "30s") == 64
    assert "too short" in companies.project.err


def rota(
    at_once: int, clock: FakeClock, cycle: Callable[[str], float]
) -> tuple[Rota, list[Callable[[], None]]]:
    """A rota whose cycles a test ends itself."""
    begun: list[Callable[[], None]] = []
    return Rota(at_once, clock, cycle, begun.append), begun


def test_no_more_cycles_than_asked_for_are_under_way() -> None:
    made: list[str] = []

    def cycle(name: str) -> float:
        made.append(name)
        return 900.0

    watch, begun = rota(2, FakeClock(), cycle)
    watch.keep(["a", "b", "c"])
    watch.start_due()
    watch.start_due()
    assert len(begun) == 2
    begun.pop(0)()
    watch.start_due()
    assert len(begun) == 2
    for work in begun:
        work()
    assert made == ["a", "b", "c"]


def test_a_workspace_never_overlaps_itself_and_delays_no_other() -> None:
    clock = FakeClock()
    watch, begun = rota(4, clock, lambda _: 900.0)
    watch.keep(["slow", "quick"])
    watch.start_due()
    slow, quick = begun
    quick()
    clock.time += 5000  # far longer than the interval, and slow still lists
    watch.start_due()
    assert len(begun) == 3
    begun[2]()
    slow()
    watch.start_due()
    assert len(begun) == 3


def test_each_workspace_has_its_own_distance() -> None:
    clock = FakeClock()
    made: list[tuple[str, float]] = []

    def cycle(name: str) -> float:
        made.append((name, clock.time - 1000))
        return {"often": 60.0, "seldom": 100.0}[name]

    watch = Rota(4, clock, cycle, lambda work: work())
    watch.keep(["often", "seldom"])
    while clock.time < 1200:
        watch.start_due()
        watch._ended.clear()
        watch.wait(1000)
    assert made == [
        ("often", 0),
        ("seldom", 0),
        ("often", 60),
        ("seldom", 100),
        ("often", 120),
        ("often", 180),
    ]


def test_a_cycle_with_a_defect_stops_no_other() -> None:
    clock = FakeClock()
    watch, begun = rota(1, clock, lambda name: 1 / 0 if name == "a" else 900.0)
    watch.keep(["a", "b"])
    watch.start_due()
    with pytest.raises(ZeroDivisionError):
        begun[0]()
    watch.start_due()
    assert len(begun) == 2
