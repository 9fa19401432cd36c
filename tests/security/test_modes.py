"""What is written is its owner's alone, whatever the account's umask is."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import Project
from tests.cli.test_processes import started, wait_until
from tests.security.attacked import RIGHT


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_ledger_plan_and_reports_are_their_owners_alone(project: Project) -> None:
    assert project.run("plan", "-o", "saved.plan", "--report", "json=plan.json") == 0
    reports = ("--report", "json=run.json", "--report", "markdown=run.md", "--report", "text=t")
    assert project.run("apply", "saved.plan", *reports) == 0
    assert project.run("runs", "--report", "jsonl=runs.jsonl") == 0
    assert _mode(project.folder / ".reconciler") == 0o700
    assert _mode(project.folder / ".reconciler/ledger.db") == 0o600
    for name in ("saved.plan", "plan.json", "run.json", "run.md", "t", "runs.jsonl"):
        assert _mode(project.folder / name) == 0o600, name
    assert project.mutations() == RIGHT


@pytest.mark.usefixtures("umask")
def test_the_log_of_the_ledger_is_its_owners_alone_while_a_run_acts(project: Project) -> None:
    folder = project.folder / ".reconciler"
    fault = Fault(kind=FaultKind.LATENCY, latency=600, match=Match(endpoint="disconnect"))
    project.fail(fault)
    with started(project, "apply", "--auto-approve") as process:
        wait_until(lambda: bool(project.mutations()))
        modes = {path.name: _mode(path) for path in folder.iterdir()}
        process.kill()
        process.wait()
    names = {"ledger.db", "ledger.db-wal", "ledger.db-shm"}
    assert modes == dict.fromkeys(names, 0o600)
