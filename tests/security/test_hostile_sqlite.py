"""The file of an SQLite ledger in other hands: its types, its names, its neighbours."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from reconciler.domain import SqliteFile
from reconciler.ledger import open_ledger
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import Project
from tests.cli.test_processes import started, wait_until
from tests.security.attacked import RIGHT, Attacked

UNTYPED: Final = {
    "bytes for an id": "UPDATE runs SET run = x'00ff'",
    "bytes for a name": "UPDATE runs SET who = x'00ff'",
    "text that is no UTF-8": "UPDATE runs SET host = CAST(x'ff' AS TEXT)",
    "text for the lock's process": "UPDATE locks SET pid = 'x'",
    "text for a fence": "UPDATE locks SET fence = 'x'",
    "text for a heartbeat": "UPDATE locks SET heartbeat = 'x'",
    "text for a fleet": "UPDATE runs SET declared = 'x'",
    "text for a number of actions": "UPDATE runs SET actions = 'x'",
    "text for a process": "UPDATE runs SET pid = 'x'",
    "text for a plan": "UPDATE plans SET content = 'x'",
    "a number for a plan": "UPDATE plans SET content = 7",
    "text for a position": "UPDATE in_doubt SET position = 'x'",
    "bytes for an answer": "UPDATE in_doubt SET answer = x'ff'",
}
"""SQLite lets anything be in any column."""


@pytest.fixture
def attacked(project: Project, sqlite: SqliteFile) -> Attacked:
    return Attacked(project, sqlite)


@pytest.mark.parametrize("statement", UNTYPED.values(), ids=UNTYPED.keys())
def test_by_what_is_of_the_wrong_type_nobody_acts(attacked: Attacked, statement: str) -> None:
    attacked.alter(statement)
    assert attacked.command("plan") == 0
    assert attacked.command("apply", "--auto-approve") == 65
    for arguments in (("runs",), ("runs", attacked.run), ("doctor",), ("resume", attacked.run)):
        attacked.command(*arguments)
    assert attacked.calls() == []


@pytest.mark.parametrize(
    "program",
    [
        "CREATE TRIGGER gone AFTER INSERT ON in_doubt BEGIN DELETE FROM in_doubt; END",
        "CREATE VIEW endless AS WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT 1",
    ],
    ids=["trigger", "view"],
)
def test_a_ledger_that_computes_is_refused_unread(attacked: Attacked, program: str) -> None:
    attacked.alter(program)
    assert attacked.command("plan") == 0
    assert "skipped" in attacked.project.out
    for arguments in (("runs",), ("doctor",), ("apply", "--auto-approve")):
        assert attacked.command(*arguments) == 65
        assert "views or triggers" in attacked.project.out + attacked.project.err
    assert attacked.calls() == []


def test_the_log_of_another_database_makes_nobody_act_otherwise(
    attacked: Attacked, tmp_path: Path
) -> None:
    assert isinstance(attacked.place, SqliteFile)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE about (something TEXT)")
        log = other.with_name("other.db-wal").read_bytes()
    attacked.place.path.with_name(f"{attacked.place.path.name}-wal").write_bytes(log)
    attacked.command("plan")
    attacked.command("runs")
    assert attacked.command("apply", "--auto-approve") == 65
    attacked.command("doctor")
    assert attacked.calls() == []


# Names.


@pytest.mark.parametrize(
    "name", ["a b.db", "100%.db", "%2e%2e.db", "a#b.db", "-rf.db", "a;b&c.db", "ünï.db", "a'b.db"]
)
def test_an_awkward_name_is_the_name_of_the_file(
    project: Project, tmp_path: Path, name: str
) -> None:
    configuration = (project.folder / "reconciler.yaml").read_text()
    (tmp_path / "beside").mkdir()
    url = f"sqlite:///../beside/{name}"
    project.write("reconciler.yaml", f'{configuration}ledger: "{url}"\n')
    assert project.run("apply", "--auto-approve") == 0
    assert [path.name for path in (tmp_path / "beside").iterdir()] == [name]
    assert not (project.folder / ".reconciler").exists()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///ledger.db?mode=memory",
        "sqlite:///ledger.db?",
        "sqlite:///:memory:",
        "sqlite:///ledger.db\\n",
        "sqlite:///a\\u202eb.db",
        "sqlite:///\\x1b[2J.db",
        "sqlite:///..",
        "sqlite:///",
        "sqlite://host/ledger.db",
        "file:ledger.db",
    ],
)
def test_a_name_that_plays_tricks_is_refused_and_makes_nothing(project: Project, url: str) -> None:
    configuration = (project.folder / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", f'{configuration}ledger: "{url}"\n')
    before = sorted(project.folder.rglob("*"))
    for arguments in (("plan",), ("apply", "--auto-approve"), ("runs",), ("doctor",)):
        assert project.run(*arguments) == 65
        assert "reconciler.yaml:" in project.err
    assert sorted(project.folder.rglob("*")) == before
    assert project.requests() == ()


def test_a_link_to_another_programs_file_leaves_that_file_alone(
    project: Project, tmp_path: Path
) -> None:
    precious = tmp_path / "precious.db"
    with closing(sqlite3.connect(precious)) as connection:
        connection.execute("CREATE TABLE photographs (of TEXT)")
    precious.chmod(0o644)
    before = precious.read_bytes(), precious.stat().st_mode
    (project.folder / ".reconciler").mkdir()
    (project.folder / ".reconciler/ledger.db").symlink_to(precious)
    assert project.run("apply", "--auto-approve") == 65
    assert (precious.read_bytes(), precious.stat().st_mode) == before
    assert project.mutations() == []


def _with_a_ledger(project: Project) -> Path:
    """The folder of the project's ledger, which there is now."""
    folder = project.folder / ".reconciler"
    with open_ledger(SqliteFile(folder / "ledger.db"), create=True):
        pass
    return folder


@pytest.mark.parametrize("output", ["ledger.db", "ledger.db-wal", "ledger.db-shm"])
def test_no_output_replaces_a_file_of_the_ledger(project: Project, output: str) -> None:
    _with_a_ledger(project)
    path = f".reconciler/{output}"
    assert project.run("plan", "-o", path) == 64
    assert project.run("apply", "--auto-approve", "--report", f"json={path}") == 64
    assert project.mutations() == []
    assert project.run("apply", "--auto-approve") == 0


# Files that go away while a run has them open.


def _delete(folder: Path) -> None:
    shutil.rmtree(folder)


def _delete_the_log(folder: Path) -> None:
    (folder / "ledger.db-wal").unlink()
    (folder / "ledger.db-shm").unlink()


def _replace(folder: Path) -> None:
    """By an older copy, in one step."""
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (folder / name).unlink()
    (folder / "backup.db").rename(folder / "ledger.db")


def _move(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))


@pytest.mark.parametrize("spoil", [_delete, _delete_the_log, _replace, _move])
def test_a_run_whose_ledger_is_taken_from_under_it_begins_nothing_more(
    project: Project, spoil: Callable[[Path], None]
) -> None:
    folder = _with_a_ledger(project)
    shutil.copy(folder / "ledger.db", folder / "backup.db")
    project.fail(
        Fault(
            kind=FaultKind.LATENCY,
            latency=1.0,
            match=Match(endpoint="disconnect", external_id="leaver@*"),
        )
    )
    with started(project, "apply", "--auto-approve", "--parallelism", "1") as first:
        wait_until(lambda: bool(project.mutations()))
        spoil(folder)
        out, err = first.communicate(timeout=60)
    assert first.returncode == 4
    assert b"moved, deleted or replaced" in out + err
    assert project.mutations() == RIGHT[:1]
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == RIGHT
