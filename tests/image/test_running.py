"""Commands as the first process of a container that may do nothing but what it has to."""

import time
from collections.abc import Callable

import pytest

from reconciler.domain import PostgresqlDatabase
from reconciler.sandbox import Fault, FaultKind, Match
from tests.image.conftest import Fleet
from tests.image.containers import Engine
from tests.small_fleet import KEY

LEAVER = ("leaver@example.com", '{"platform":"google"}')
MOVER = ("mover@example.com", '{"platform":"google"}')
ACT = ("apply", "--auto-approve", "--format", "json", "--parallelism", "1")

NAMELESS = ("--user", "1234567:0")
"""An account that no file of the image names, as some clusters choose them."""

WITHOUT_HOME = """
import os, sys
for name in ("HOME", "USER", "LOGNAME", "TMPDIR", "TERM", "HOSTNAME"):
    os.environ.pop(name, None)
os.execv("/opt/reconciler/bin/reconciler", ["reconciler", *sys.argv[1:]])
"""


ANSWERS = """
import sys, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:9464" + sys.argv[1]).read().decode())
"""

LEAVES_ONE = """
import os, time
with open("/ledger/calls", "a") as calls:
    calls.write("x")
if not os.fork():
    os.close(1), os.close(2)
    time.sleep(0.2)
    os._exit(0)
print("mail")
print("new@example.com")
"""
CALLS = "print(len(open('/ledger/calls').read()))"
NOT_WAITED_FOR = """
import pathlib
stats = [path.read_text() for path in pathlib.Path("/proc").glob("[0-9]*/stat")]
states = [stat.rpartition(")")[2].split()[0] for stat in stats]
print(states.count("Z"))
"""


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_demo_needs_a_folder_for_temporary_files_and_nothing_else(engine: Engine) -> None:
    ended = engine.run("demo", options=("--tmpfs", "/tmp:mode=1777"))
    assert ended.status == 0, ended.err
    assert "7 verified; 7 mutating calls sent" in ended.out


def test_without_such_a_folder_the_demo_says_so(engine: Engine) -> None:
    ended = engine.run("demo")
    assert ended.status == 64
    assert "TMPDIR" in ended.err


@pytest.mark.parametrize("account", [(), NAMELESS])
def test_a_run_needs_its_ledger_and_nothing_else(
    engine: Engine, fleet: Fleet, account: tuple[str, ...]
) -> None:
    ended = engine.run(*ACT, options=(*fleet.mounts, *account), net="host")
    assert ended.status == 0, ended.err
    assert {each["outcome"] for each in ended.document["results"]} == {"verified"}
    assert fleet.disconnects() == [LEAVER, MOVER]


def test_a_run_that_is_recorded_in_postgresql_needs_no_folder_at_all(
    engine: Engine, fleet: Fleet, postgresql: PostgresqlDatabase
) -> None:
    fleet.record_in(postgresql.url)
    options = (*fleet.files, "--env", "PGPASSWORD")
    ended = engine.run(*ACT, options=options, net="host")
    assert ended.status == 0, ended.err
    assert fleet.disconnects() == [LEAVER, MOVER]
    runs = engine.run("runs", "--format", "json", options=options, net="host")
    assert [run["state"] for run in runs.document["runs"]] == ["completed"]


def test_a_run_needs_no_home_and_no_name(engine: Engine, fleet: Fleet) -> None:
    options = (*fleet.mounts, *NAMELESS, "--entrypoint", "python")
    ended = engine.run("-c", WITHOUT_HOME, *ACT, options=options, net="host")
    assert ended.status == 0, ended.err
    assert fleet.disconnects() == [LEAVER, MOVER]


def test_a_run_writes_to_its_ledger_alone_where_it_could_write_elsewhere(
    engine: Engine, fleet: Fleet
) -> None:
    options = fleet.mounts
    with engine.started("--version", options=options, locked_up=False, net="host") as idle:
        idle.ended()
        before = idle.changed()
    with engine.started(*ACT, options=options, locked_up=False, net="host") as container:
        assert container.ended().status == 0
        assert container.changed() == before
    assert fleet.disconnects() == [LEAVER, MOVER]


def test_sigterm_in_the_middle_of_a_run_ends_it_in_order(engine: Engine, fleet: Fleet) -> None:
    slow = Match(endpoint="disconnect", external_id=LEAVER[0])
    fleet.fail(Fault(kind=FaultKind.LATENCY, answer_delay=3.0, match=slow))
    with engine.started(*ACT, options=fleet.mounts, net="host") as container:
        wait_until(lambda: fleet.arrived("disconnect"))
        container.signal("TERM")
        ended = container.ended()
    assert ended.status == 143
    assert ended.document["status"] == 143
    outcomes = {each["user"]: each["outcome"] for each in ended.document["results"]}
    assert outcomes == {LEAVER[0]: "verified", MOVER[0]: "not_attempted"}
    assert fleet.disconnects() == [LEAVER]
    runs = engine.run("runs", "--format", "json", options=fleet.mounts, net="host")
    (run,) = runs.document["runs"]
    resumed = engine.run("resume", run["run"], options=fleet.mounts, net="host")
    assert resumed.status == 0, resumed.err
    assert fleet.disconnects() == [LEAVER, MOVER]


@pytest.mark.parametrize("command", [("plan",), ACT])
def test_sigterm_before_anything_was_sent_ends_a_command_at_once(
    engine: Engine, fleet: Fleet, command: tuple[str, ...]
) -> None:
    slow = Match(endpoint="list_users")
    fleet.fail(Fault(kind=FaultKind.LATENCY, answer_delay=25.0, match=slow))
    with engine.started(*command, options=fleet.mounts, net="host") as container:
        wait_until(lambda: fleet.arrived("list_users"))
        container.signal("TERM")
        assert container.ended().status == 143
    assert fleet.disconnects() == []


def test_a_key_that_is_a_file_is_nowhere_in_what_a_container_writes(
    engine: Engine, fleet: Fleet
) -> None:
    ended = engine.run(*ACT, "-vv", options=fleet.mounts, net="host")
    read = "import pathlib; print(*(p.read_bytes() for p in pathlib.Path('/ledger').iterdir()))"
    options = (*fleet.mounts, "--entrypoint", "python")
    ledger = engine.run("-c", read, options=options)
    assert ended.status == ledger.status == 0
    assert "leaver@example.com" in ledger.out
    assert KEY not in ended.out + ended.err + ledger.out
    assert fleet.disconnects() == [LEAVER, MOVER]


def test_a_watch_is_healthy_when_it_serves_and_ends_in_order(engine: Engine, fleet: Fleet) -> None:
    fleet.have_a_sandbox_of_its_own()
    with engine.started("watch", options=fleet.mounts) as container:

        def observed() -> bool:
            return container.execute("python", "-c", ANSWERS, "/readyz").status == 0

        wait_until(observed)
        assert container.execute("python", "/opt/image/healthcheck.py").status == 0
        metrics = container.execute("python", "-c", ANSWERS, "/metrics").out
        container.signal("TERM")
        ended = container.ended()
    assert "reconciler_" in metrics
    assert 'workspace="trial"' in metrics
    assert "leaver" not in metrics
    assert ended.status == 0, ended.err


def test_a_watch_that_does_not_serve_yet_is_not_healthy(engine: Engine, fleet: Fleet) -> None:
    options = (*fleet.mounts, "--entrypoint", "python")
    waits = "import time; time.sleep(600)"
    with engine.started("-c", waits, "watch", options=options) as container:
        assert container.execute("python", "/opt/image/healthcheck.py").status == 1


def test_any_other_command_is_healthy_while_it_runs(engine: Engine, fleet: Fleet) -> None:
    options = (*fleet.mounts, "--entrypoint", "python")
    waits = "import time; time.sleep(600)"
    with engine.started("-c", waits, "apply", options=options) as container:
        assert container.execute("python", "/opt/image/healthcheck.py").status == 0


def test_what_an_input_leaves_running_does_not_pile_up_in_a_watch(
    engine: Engine, fleet: Fleet
) -> None:
    fleet.have_a_sandbox_of_its_own()
    fleet.have_an_input(LEAVES_ONE)
    with engine.started("watch", "--interval", "2s", options=fleet.mounts) as container:

        def said(program: str) -> int:
            return int(container.execute("python", "-c", program).out or 0)

        wait_until(lambda: said(CALLS) >= 6)
        assert said(NOT_WAITED_FOR) <= 1
