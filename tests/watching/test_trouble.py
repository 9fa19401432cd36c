"""Trouble that lasts or passes: a locked ledger, a token that is changed, no room, slow lists."""

import contextlib
import re
import shutil
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from reconciler.cli.exits import Signalled
from reconciler.domain import Observation
from reconciler.engine import Session, observe
from reconciler.engine.output_file import OutputFile
from reconciler.reporting import LedgerAccess
from reconciler.sandbox import Fault, FaultKind, Match
from reconciler.watching.state import LONGEST_CYCLE, WatchState
from tests.cli.project import Project
from tests.cli.test_processes import wait_until
from tests.recall.fake_clock import FakeClock
from tests.watching.test_command import ended, read, watching
from tests.watching.watched import Watched


def test_a_ledger_that_is_made_while_the_watch_runs_is_found(project: Project) -> None:
    watched = Watched(project.folder)
    assert watched.cycle().ledger.state is LedgerAccess.NONE
    assert watched.values()['reconciler_ledger_state{state="none"}'] == 1
    assert project.run("apply", "--auto-approve") == 0
    assert watched.cycle().ledger.state is LedgerAccess.READ
    assert watched.values()["reconciler_users_converged"] == 3


def test_a_ledger_that_another_process_locks_makes_no_zeros(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    watched = Watched(project.folder)
    ledger = project.folder / ".reconciler/ledger.db"
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        snapshot = watched.cycle()
    values = watched.values()
    assert snapshot.ledger.state is LedgerAccess.UNREADABLE
    assert "reconciler_dead_runs" not in values
    assert "reconciler_lock_held" not in values
    assert watched.cycle().ledger.state is LedgerAccess.READ


def status_of(url: str, token: str) -> int:
    """What a request for the plan with ``token`` is answered."""
    header = {"authorization": f"Bearer {token}"}
    return httpx.get(f"{url}/plan.json", headers=header, trust_env=False).status_code


def test_a_token_that_is_changed_counts_from_the_next_cycle(project: Project) -> None:
    project.write("token", "first-token-of-the-watch\n")
    project.configure("watch: {token: {file: token}}")
    with watching(project, "--interval", "2s") as (process, url):
        wait_until(lambda: status_of(url, "first-token-of-the-watch") == 200)
        assert status_of(url, "other-token-of-the-watch") == 401
        project.write("token", "other-token-of-the-watch\n")
        wait_until(lambda: status_of(url, "other-token-of-the-watch") == 200)
        assert status_of(url, "first-token-of-the-watch") == 401
        process.terminate()
        status, _, err = ended(process)
    assert status == 0
    assert b"first-token" not in err


def test_a_metrics_file_is_replaced_and_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "out.prom"
    path.write_text("before\n")
    file = OutputFile(path, 0o644)
    file.write(b"after\n")
    assert path.read_text() == "after\n"
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_metrics_file_that_cannot_be_written_is_said_and_stops_no_watch(
    project: Project,
) -> None:
    folder = project.folder / "collected"
    folder.mkdir()
    arguments = ("--interval", "2s", "--metrics-file", str(folder / "out.prom"))
    with watching(project, *arguments) as (process, url):
        wait_until((folder / "out.prom").exists)
        shutil.rmtree(folder)
        counted = 'reconciler_watch_cycles_total{result="ok",workspace="trial"} 3.0'
        wait_until(lambda: counted in read(f"{url}/metrics"))
        process.terminate()
        status, _, err = ended(process)
    assert status == 0
    assert b"cannot write" in err


def fill(path: Path) -> None:
    """Take all the room that is left."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def cycles(metrics: str) -> float:
    found = re.search(r'reconciler_watch_cycles_total\{result="ok".*\} (.*)', metrics)
    assert found
    return float(found[1])


def test_a_full_disk_leaves_the_last_metrics_whole_and_stops_no_watch(
    project: Project, small_disk: Path
) -> None:
    path, filler = small_disk / "out.prom", small_disk / "filler"
    with watching(project, "--interval", "2s", "--metrics-file", str(path)) as (process, url):
        wait_until(path.exists)
        fill(filler)
        before, counted = path.read_text(), cycles(read(f"{url}/metrics"))
        wait_until(lambda: cycles(read(f"{url}/metrics")) >= counted + 2)
        assert path.read_text() == before
        filler.unlink()
        wait_until(lambda: path.read_text() != before)
        process.terminate()
        status, _, err = ended(process)
    assert status == 0
    assert b"No space left on device" in err


def test_a_list_slower_than_the_interval_leaves_out_the_cycles_that_it_missed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    lists: list[float] = []

    def slowly(session: Session) -> Observation:
        if len(lists) == 3:
            raise Signalled(signal.SIGTERM)
        lists.append(clock.time)
        found = observe(session)
        clock.time += 1000  # the interval is 900
        return found

    monkeypatch.setattr("reconciler.cli.context.SystemClock", lambda: clock)
    monkeypatch.setattr("reconciler.watching.cycles.observe", slowly)
    monkeypatch.setattr("random.random", lambda: 0.0)
    assert project.run("watch", "--listen", "127.0.0.1:0", "--interval", "15m") == 0
    assert [at - lists[0] for at in lists] == [0, 1800, 3600]
    assert len(project.requests()) == 3


def test_a_cycle_that_hangs_is_no_health() -> None:
    clock = FakeClock()
    state = WatchState(clock)
    state.begin()
    assert not state.hangs
    clock.wait(LONGEST_CYCLE + 1, threading.Event())
    assert state.hangs


def test_a_slow_list_delays_no_metrics(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.LATENCY, latency=600, match=Match(endpoint="list_users")))
    with watching(project) as (process, url):
        assert "reconciler_watch_interval_seconds" in read(f"{url}/metrics")
        assert read(f"{url}/healthz") == "ok\n"
        process.terminate()
        assert ended(process)[0] == 0


def test_what_the_watch_reads_of_the_ledger_it_never_writes(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    ledger = project.folder / ".reconciler/ledger.db"
    before = ledger.read_bytes()
    watched = Watched(project.folder)
    watched.cycle()
    watched.cycle()
    assert ledger.read_bytes() == before
