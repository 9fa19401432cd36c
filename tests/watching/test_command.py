"""The command: its options, its file, its signals."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox import Fault, FaultKind, Match
from reconciler.watching.schedule import duration, pause
from tests.cli.project import Project
from tests.cli.test_processes import COMMAND, wait_until

OUTAGE = Fault(
    kind=FaultKind.STATUS, status=500, match=Match(endpoint="list_users"), times="forever"
)


@contextmanager
def watching(project: Project, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The command in a process of its own, and where it serves."""
    with subprocess.Popen(
        [*COMMAND, "watch", "--listen", "127.0.0.1:0", *arguments],
        cwd=project.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stderr
            line = process.stderr.readline().decode()
            found = re.search(r"(http://\S+)/metrics", line)
            assert found, line
            yield process, found[1]
        finally:
            process.kill()


def read(url: str) -> str:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
        text: str = answer.read().decode()
        return text


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_between_cycles_ends_the_watch_as_it_should(
    project: Project, signum: signal.Signals
) -> None:
    with watching(project) as (process, url):
        wait_until(lambda: "reconciler_users_declared" in read(f"{url}/metrics"))
        assert 'reconciler_users_declared{workspace="trial"} 4.0' in read(f"{url}/metrics")
        process.send_signal(signum)
        status, out, err = ended(process)
    assert (status, out) == (0, b"")
    assert b"Traceback" not in err


def test_a_signal_in_the_middle_of_a_cycle_ends_it_at_once(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.LATENCY, latency=600, match=Match(endpoint="list_users")))
    with watching(project) as (process, _):
        wait_until(lambda: bool(project.requests()))
        process.send_signal(signal.SIGTERM)
        status, _, err = ended(process)
    assert status == 0
    assert b"Traceback" not in err


def test_once_writes_the_metrics_whole_and_readable_by_others(project: Project) -> None:
    path = project.folder / "reconciler.prom"
    path.write_text("old\n")
    assert project.run("watch", "--once", "--metrics-file", str(path)) == 0
    text = path.read_text()
    assert 'reconciler_users_declared{workspace="trial"} 4.0' in text
    assert "_total" not in text
    assert "@" not in text
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in project.folder.iterdir() if each.name.startswith(".rec")] == []
    assert project.methods() == {"GET"}


def test_once_has_the_statuses_of_plan(project: Project) -> None:
    assert project.run("watch", "--once") == 0
    assert "Plan: 2 to disconnect" in project.out
    assert project.run("watch", "--once", "--detailed-exitcode") == 2
    project.configure("limits: {maxDisconnects: 0}")
    assert project.run("watch", "--once") == 3


def test_once_in_an_outage_fails_and_still_says_so_in_the_file(project: Project) -> None:
    project.fail(OUTAGE)
    assert project.run("watch", "--once", "--metrics-file", "out.prom") == 69
    text = (project.folder / "out.prom").read_text()
    assert 'reconciler_watch_up{workspace="trial"} 0.0' in text
    assert "reconciler_users_declared" not in text


def test_once_gives_the_report_of_plan_in_json(project: Project) -> None:
    assert project.run("watch", "--once", "--format", "json") == 0
    assert json.loads(project.out)["kind"] == "plan"


def test_a_metrics_file_that_cannot_be_written_is_refused_before_any_call(project: Project) -> None:
    assert project.run("watch", "--once", "--metrics-file", "/dev/full") == 64
    assert project.requests() == ()


def test_a_port_in_use_is_bad_usage_before_any_call(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert project.run("watch", "--listen", f"127.0.0.1:{port}") == 64
    assert "choose another address" in project.err
    assert project.requests() == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--interval", "soon"), "no duration"),
        (("--interval", "1s"), "one list every 2 s"),
        (("--listen", "9464"), "HOST:PORT"),
        (("--listen", "127.0.0.1:99999"), "HOST:PORT"),
        (("--format", "json"), "--once"),
        (("--report", "json=x.json"), "--once"),
        (("--detailed-exitcode",), "--once"),
    ],
)
def test_bad_usage_is_64_before_any_call(
    project: Project, arguments: tuple[str, ...], said: str
) -> None:
    assert project.run("watch", *arguments) == 64
    assert said in project.err + project.out
    assert project.requests() == ()


@pytest.mark.parametrize(
    ("token", "said"), [("S3cr3t!", "16 characters"), ("with blanks in the middle", "spaces")]
)
def test_a_token_that_cannot_be_used_is_refused_and_not_shown(
    project: Project, monkeypatch: pytest.MonkeyPatch, token: str, said: str
) -> None:
    monkeypatch.setenv("WATCH_TOKEN", token)
    project.configure("watch: {token: {env: WATCH_TOKEN}}")
    assert project.run("watch") == 65
    assert said in project.err
    assert token not in project.err


def test_without_the_extra_the_command_says_what_to_install(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "reconciler.watching.metrics", raising=False)
    assert project.run("watch", "--once") == 65
    assert "install the tool with its extra `metrics`" in project.err
    assert project.requests() == ()


def test_what_the_watch_reads_is_never_what_it_writes(project: Project) -> None:
    assert project.run("watch", "--once", "--metrics-file", "reconciler.yaml") == 64
    assert Path("reconciler.yaml").read_text().startswith("apiVersion")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("1.5h", 5400)])
def test_a_duration_is_a_number_and_its_unit(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "-5m", "1h30m", "5 m", "nan"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        duration(text)


@pytest.mark.parametrize(
    ("took", "retry_after", "chance", "expected"),
    [
        (10, 0, 0.0, 890),
        (10, 0, 0.5, 935),
        (900, 0, 0.0, 900),
        (1000, 0, 0.0, 800),  # a cycle was missed, and is left out
        (10, 3600, 0.0, 3600),
        (10, 5, 0.0, 890),
    ],
)
def test_cycles_keep_their_distance(
    took: float, retry_after: float, chance: float, expected: float
) -> None:
    assert pause(100.0, 100.0 + took, 900.0, retry_after, chance) == pytest.approx(expected)
