"""The command as a process: terminals, signals, pipes, start-up."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

import reconciler
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project

COMMAND = [sys.executable, "-c", "from reconciler.cli import main; main()"]


@contextmanager
def started(project: Project, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command, running; whatever becomes of the test, it does not outlive it."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=project.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.01)


def on_a_terminal(project: Project, answer: str, *arguments: str) -> tuple[int, str]:
    """Run on a pseudo terminal, type ``answer`` when asked; the status and all that was shown."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=project.folder, stdin=slave, stdout=slave, stderr=slave
    ) as process:
        os.close(slave)
        shown = b""
        answered = False
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the other side is closed
                break
            if not chunk:
                break
            shown += chunk
            if b"type" in shown and not answered:
                answered = True
                os.write(master, answer.encode() + b"\n")
    os.close(master)
    return process.returncode, shown.decode()


def test_on_a_terminal_the_number_of_disconnects_approves(project: Project) -> None:
    status, shown = on_a_terminal(project, "2", "apply")
    assert status == 0
    assert "type the number of disconnects" in shown
    assert project.mutations() == sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])


@pytest.mark.parametrize("answer", ["", "yes", "1", "3"])
def test_on_a_terminal_anything_else_changes_nothing(project: Project, answer: str) -> None:
    status, shown = on_a_terminal(project, answer, "apply")
    assert status == 130
    assert "nothing was changed" in shown
    assert project.mutations() == []


def test_a_terminal_gets_colour(project: Project) -> None:
    _, shown = on_a_terminal(project, "", "plan")
    assert "\x1b[31m" in shown


def test_a_terminal_without_colour_gets_none(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    _, shown = on_a_terminal(project, "", "plan", "--quiet")
    assert "\x1b[3" not in shown


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_lets_the_call_in_flight_finish_and_starts_no_other(
    project: Project, signum: signal.Signals, status: int
) -> None:
    project.fail(Fault(kind=FaultKind.LATENCY, latency=2.0, match=Match(endpoint="disconnect")))
    arguments = ("apply", "--auto-approve", "--parallelism", "1", "--report", "json=run.json")
    with started(project, *arguments) as process:
        wait_until(lambda: bool(project.mutations()))
        process.send_signal(signum)
        process.communicate()
        assert process.returncode == status
    document = json.loads((project.folder / "run.json").read_text())
    outcomes = {result["user"]: result["outcome"] for result in document["results"]}
    assert outcomes == {"leaver@example.com": "verified", "mover@example.com": "not_attempted"}
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]


def test_a_signal_before_the_run_acts_ends_the_command_at_once(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.LATENCY, latency=600, match=Match(endpoint="list_users")))
    with started(project, "apply", "--auto-approve") as process:
        wait_until(lambda: bool(project.requests()))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        assert process.returncode == 130
    assert b"nothing was changed" in err
    assert project.mutations() == []


def test_a_signal_that_comes_again_and_again_ends_the_process_and_says_how_to_go_on(
    project: Project,
) -> None:
    project.fail(Fault(kind=FaultKind.LATENCY, latency=25, match=Match(endpoint="disconnect")))
    with started(project, "apply", "--auto-approve", "--report", "json=run.json") as process:
        wait_until(lambda: bool(project.mutations()))

        def ended_by_another() -> bool:
            process.send_signal(signal.SIGTERM)
            return process.poll() is not None

        wait_until(ended_by_another)
        _, err = process.communicate()
        assert process.returncode == 143
    assert re.search(
        rb"^Aborted in the middle of run (\S+)\. .*: reconciler resume \1$", err, re.MULTILINE
    )
    left = {path.name for path in project.folder.iterdir()}
    assert left == {".reconciler", "manifests", "reconciler.yaml", "seed.yaml", "state"}


def test_what_a_signal_stops_is_said_at_once_and_how_to_go_on_at_the_end(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.LATENCY, latency=2.0, match=Match(endpoint="disconnect")))
    arguments = ("apply", "--auto-approve", "--parallelism", "1", "-w", "trial", "--quiet")
    with started(project, *arguments) as process:
        wait_until(lambda: bool(project.mutations()))
        process.send_signal(signal.SIGINT)
        assert process.stderr
        said = process.stderr.readline()
        assert process.poll() is None
        out, _ = process.communicate()
    assert said == b"Stopping: waiting for 1 answer, up to 60 s. Press again to abort.\n"
    *_, before, last = out.decode().splitlines()
    assert before == "To continue with what was not attempted:"
    run = re.fullmatch(r"  reconciler resume (\S+) --workspace trial", last)
    assert run
    assert project.run("resume", run[1]) == 0
    assert project.mutations() == sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])


def test_a_signal_to_the_child_and_to_its_group_is_one_request(project: Project) -> None:
    """GNU timeout passes a signal on as it sends its own: to its child, then to the group."""
    project.fail(Fault(kind=FaultKind.LATENCY, latency=2.0, match=Match(endpoint="disconnect")))
    arguments = ("apply", "--auto-approve", "--parallelism", "1", "--report", "json=run.json")
    with subprocess.Popen(
        ["timeout", "3600", *COMMAND, *arguments],
        cwd=project.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        wait_until(lambda: bool(project.mutations()))
        process.send_signal(signal.SIGTERM)
        process.communicate()
        assert process.returncode == 143
    document = json.loads((project.folder / "run.json").read_text())
    outcomes = {result["user"]: result["outcome"] for result in document["results"]}
    assert outcomes == {"leaver@example.com": "verified", "mover@example.com": "not_attempted"}


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_is_ignored_from_the_start_ends_nothing(
    project: Project, signum: signal.Signals
) -> None:
    project.fail(Fault(kind=FaultKind.LATENCY, latency=0.5, match=Match(endpoint="disconnect")))
    with ExitStack() as stack:
        before = signal.signal(signum, signal.SIG_IGN)  # as `trap ''` in a shell does
        try:
            process = stack.enter_context(started(project, "apply", "--auto-approve"))
        finally:
            signal.signal(signum, before)

        def acts() -> bool:
            process.send_signal(signum)  # while it loads, too
            return bool(project.mutations())

        wait_until(acts)
        process.send_signal(signum)
        out, err = process.communicate()
        assert process.returncode == 0
    assert b"2 verified" in out
    assert b"Stopping" not in err
    assert project.mutations() == BOTH


def test_a_reader_who_goes_away_changes_no_status(project: Project) -> None:
    with started(project, "plan", "--detailed-exitcode") as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait() == 2
        assert process.stderr
        assert process.stderr.read() == b""


def test_the_version_is_printed_without_loading_the_rest(project: Project) -> None:
    code = (
        "import sys; sys.argv = ['reconciler', '--version'];"
        "from reconciler.cli import main; main();"
        "print([m for m in ('typer', 'httpx', 'msgspec', 'yaml') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert shown == f"calendar-reconciler {reconciler.__version__}\n[]\n"


def test_a_plan_loads_nothing_of_what_it_does_not_do(project: Project) -> None:
    """Pages, metrics, traces, notifications, links and several workspaces are extras to it."""
    extras = [
        "jinja2",
        "reconciler.reporting.html",
        "prometheus_client",
        "opentelemetry",
        "apprise",
        "reconciler.notifying",
        "reconciler.watching",
        "reconciler.engine.connect_link",
        "reconciler.cli.several",
    ]
    code = (
        "import sys; sys.argv = ['reconciler', 'plan', '--quiet', '--report', 'json=plan.json'];"
        f"import atexit; atexit.register(lambda: print([m for m in {extras} if m in sys.modules]));"
        "from reconciler.cli import main; main()"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert shown.endswith("\n[]\n")


def test_shells_can_complete(project: Project) -> None:
    environ = {**os.environ, "_RECONCILER_COMPLETE": "complete_bash", "COMP_WORDS": "reconciler pl"}
    done = subprocess.run(
        COMMAND, capture_output=True, text=True, env={**environ, "COMP_CWORD": "1"}, check=False
    )
    assert "plan" in done.stdout


def shell(project: Project, redirection: str, *arguments: str, **environ: str) -> int:
    """The status of the command under a shell's redirections."""
    quoted = shlex.join([*COMMAND, *arguments])
    return subprocess.run(
        ["bash", "-c", f"{quoted} {redirection}"],
        cwd=project.folder,
        env={**os.environ, **environ},
        capture_output=True,
        check=False,
    ).returncode


BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])


def test_a_run_whose_output_the_disk_refuses_is_4_and_says_so(project: Project) -> None:
    status = shell(project, ">/dev/full 2>err.txt", "apply", "--auto-approve", "--format", "json")
    assert status == 4
    assert "could not be written" in (project.folder / "err.txt").read_text()
    assert project.mutations() == BOTH


def test_a_plan_whose_output_the_disk_refuses_is_not_fine(project: Project) -> None:
    assert shell(project, ">/dev/full", "plan") == 64


def test_closed_streams_change_nothing(project: Project) -> None:
    assert shell(project, ">&- 2>&-", "apply", "--auto-approve", "--format", "json") == 0
    assert project.mutations() == BOTH


def test_without_standard_input_nobody_can_be_asked(project: Project) -> None:
    assert shell(project, "<&-", "apply") == 64
    assert project.mutations() == []


def test_a_terminal_of_another_alphabet_loses_no_outcome(project: Project) -> None:
    assert shell(project, "", "apply", "--auto-approve", PYTHONIOENCODING="ascii") == 0
    assert project.mutations() == BOTH


@pytest.mark.parametrize("after", [0.0, 0.1, 0.2, 0.3])
def test_a_signal_while_the_command_loads_is_never_a_success(
    project: Project, after: float
) -> None:
    project.fail(Fault(kind=FaultKind.LATENCY, latency=600, match=Match(endpoint="list_users")))
    program = "import sys; print('x', flush=True); from reconciler.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "apply", "--auto-approve"],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.04 + after / 10)
        process.send_signal(signal.SIGTERM)
        assert process.wait() in (143, -signal.SIGTERM)
    assert project.mutations() == []


def test_a_lost_terminal_stops_a_run_like_a_request_to_end(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.LATENCY, latency=2.0, match=Match(endpoint="disconnect")))
    arguments = ("apply", "--auto-approve", "--parallelism", "1", "--report", "json=run.json")
    with started(project, *arguments) as process:
        wait_until(lambda: bool(project.mutations()))
        process.send_signal(signal.SIGHUP)
        process.communicate()
        assert process.returncode == 143
    assert json.loads((project.folder / "run.json").read_text())["status"] == 143


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_an_input_is_read_ends_its_command_too(
    project: Project, signum: signal.Signals
) -> None:
    hangs = "import os, time; open('pid', 'w').write(f'{os.getpid()}\\n'); time.sleep(600)"
    command = json.dumps([sys.executable, "-c", hangs])
    text = (project.folder / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", f"{text}inputs: {{hr: {{command: {command}, format: csv}}}}\n")
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\n"
        "sources: [{name: leavers, input: hr, id: mail, platforms: [], reason: left}]\n",
    )
    pid = project.folder / "pid"
    with started(project, "apply", "--auto-approve") as process:
        wait_until(lambda: pid.exists() and pid.read_text().endswith("\n"))
        process.send_signal(signum)
        _, err = process.communicate()
    assert process.returncode == 128 + signum
    assert b"interrupted; nothing was changed" in err
    assert not psutil.pid_exists(int(pid.read_text()))
    assert project.mutations() == []
