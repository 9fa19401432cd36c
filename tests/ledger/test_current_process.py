"""Whether another process has ended: False is proof."""

import errno
import getpass
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from reconciler import process
from reconciler.ledger.opening import current_process, is_alive
from reconciler.process import is_running, start_of
from reconciler.runs import Who

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="told on Linux alone")


def process_of(pid: int) -> Who:
    return msgspec.structs.replace(current_process(), pid=pid)


def test_this_process_is_reported() -> None:
    assert current_process().pid == os.getpid()
    assert current_process().host
    assert current_process().user


@on_linux
def test_this_process_is_alive() -> None:
    assert is_alive(current_process()) is True


@on_linux
def test_a_running_process_is_alive_until_it_has_ended() -> None:
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    child = process_of(process.pid)
    assert is_alive(child) is True
    process.communicate()
    assert is_alive(child) is False


@on_linux
def test_a_process_that_nobody_waited_for_has_ended() -> None:
    process = subprocess.Popen(["true"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_alive(process_of(process.pid)) is False
    process.wait()
    process.stdout.close()


@on_linux
def test_another_process_of_this_machine_says_the_same_of_it() -> None:
    program = (
        "from reconciler.ledger.opening import current_process;print(current_process().machine)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == current_process().machine


@pytest.mark.parametrize(
    "elsewhere",
    [{"machine": "another boot pid:[1]"}, {"machine": None}, {"host": "elsewhere"}],
)
def test_of_a_process_elsewhere_nothing_is_known(elsewhere: dict[str, str | None]) -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    ended = process_of(process.pid)
    assert is_alive(msgspec.structs.replace(ended, **elsewhere)) is None


@on_linux
@pytest.mark.parametrize("pid", [0, -1, 2**70])
def test_what_is_no_process_is_not_judged(pid: int) -> None:
    assert is_alive(process_of(pid)) is None


@on_linux
def test_a_process_of_another_account_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(pid: int, signal: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", refused)
    assert is_alive(process_of(1)) is True


def test_where_the_machine_is_not_told_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    process.boot_id.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(process, "_BOOT", Path("/nowhere"))
        assert current_process().machine is None
        assert is_alive(current_process()) is None
    process.boot_id.cache_clear()


def test_an_account_without_a_name_is_reported_by_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert current_process().user == f"uid {os.getuid()}"


@on_linux
def test_a_process_that_got_the_id_of_one_that_ended_is_not_that_one() -> None:
    assert is_alive(current_process(), process.start_of(os.getpid())) is True
    assert is_alive(current_process(), "an earlier start") is False


@on_linux
def test_the_start_of_a_process_is_the_same_whoever_asks_and_gone_with_it() -> None:
    program = "import os; from reconciler.process import start_of; print(start_of(os.getppid()))"
    shown = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == process.start_of(os.getpid())
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert process.start_of(ended.pid) is None


@on_linux
def test_a_process_that_cannot_be_looked_at_just_now_still_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = start_of(os.getpid())

    def too_many(*_: object) -> str:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "read_text", too_many)
    assert is_running(os.getpid(), start) is True
