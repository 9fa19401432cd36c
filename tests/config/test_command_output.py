"""What commands leave behind in the first process of a container, which inherits it."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")

FIRST_PROCESS = '''
import ctypes, os, sys
from pathlib import Path
import psutil
from reconciler.config.command_output import command_output
from reconciler.domain import Deadline, SystemClock

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

SLEEPER = """
import os
if not os.fork():
    os.close(1); os.close(2)
    os.execvp("sleep", ["sleep", "600"])
"""
GONE_AT_ONCE = """
import os
if child := os.fork():
    os.waitpid(child, 0)
elif os.fork():
    os._exit(0)
"""

def run(program):
    command = [sys.executable, "-c", program]
    deadline = Deadline(SystemClock())
    return command_output(command, Path(), os.environ, most=1000, deadline=deadline, apart=True)

def children():
    return psutil.Process().children()
'''


def first_process(program: str) -> str:
    """What a first process of a container prints that runs ``program``."""
    return subprocess.run(
        [sys.executable, "-c", FIRST_PROCESS + program],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def test_what_a_command_left_running_is_waited_for_by_a_later_one() -> None:
    program = """
run(SLEEPER)
(sleeper,) = children()
sleeper.kill()
while sleeper.status() != psutil.STATUS_ZOMBIE:
    pass
run("")
print(children())
"""
    assert first_process(program) == "[]\n"


def test_what_ends_while_its_command_does_is_waited_for() -> None:
    program = """
for _ in range(3):
    run(GONE_AT_ONCE)
while any(child.status() != psutil.STATUS_ZOMBIE for child in children()):
    pass
run("")
print(children())
"""
    assert first_process(program) == "[]\n"


def test_what_still_runs_is_left_alone() -> None:
    program = """
run(SLEEPER)
run("")
(sleeper,) = children()
print(sleeper.status() != psutil.STATUS_ZOMBIE)
sleeper.kill()
"""
    assert first_process(program) == "True\n"


def test_the_status_of_a_later_command_is_its_own() -> None:
    program = """
run(SLEEPER)
print(run("raise SystemExit(7)").status)
children()[0].kill()
"""
    assert first_process(program) == "7\n"
