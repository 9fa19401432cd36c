"""Inputs: commands that write rows, run apart, bounded, and without an API key."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest

from reconciler.config import load_configuration
from reconciler.domain import Cancellation, Cancelled, InvalidInput, Secret, SystemClock
from reconciler.engine import inputs as module
from reconciler.engine.inputs import ConfiguredInputs
from reconciler.manifest.rows import InputData, RowFormat

KEY = "s3cret-api-key"
ENVIRON = {"PATH": os.environ["PATH"], "RECALL_API_KEY": KEY, "TOKEN": "t0ken-of-okta", "X": "1"}


class Leaping(SystemClock):
    """A clock that leaps by an hour as soon as ``when`` holds."""

    def __init__(self, when: Callable[[], bool]) -> None:
        self._when = when

    def monotonic(self) -> float:
        return time.monotonic() + (3600.0 if self._when() else 0.0)


class Inputs:
    """A configuration with one input ``directory``, which runs a Python program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def reader(
        self,
        program: str,
        settings: str = "",
        *,
        environ: Mapping[str, str] = ENVIRON,
        when: Callable[[], bool] = lambda: False,
        cancellation: Cancellation | None = None,
        keys: tuple[Secret, ...] = (),
    ) -> ConfiguredInputs:
        (self.folder / "program.py").write_text(program)
        return self.of([sys.executable, "program.py"], settings, environ, when, cancellation, keys)

    def of(
        self,
        command: list[str],
        settings: str = "",
        environ: Mapping[str, str] = ENVIRON,
        when: Callable[[], bool] = lambda: False,
        cancellation: Cancellation | None = None,
        keys: tuple[Secret, ...] = (),
    ) -> ConfiguredInputs:
        path = self.folder / "reconciler.yaml"
        path.write_text(
            "apiVersion: reconciler/v1\n"
            "inputs:\n"
            f"  directory: {{command: {command!r}, format: jsonl{settings}}}\n"
            "workspaces:\n"
            "  w: {region: us-west-2, apiKey: {env: RECALL_API_KEY}, manifests: [m/]}\n"
        )
        workspace = load_configuration(path).workspace("w")
        return ConfiguredInputs(
            workspace, environ, clock=Leaping(when), cancellation=cancellation, keys=keys
        )

    def error(self, program: str, settings: str = "", *, when: Callable[[], bool] = bool) -> str:
        return error_of(self.reader(program, settings, when=when))


def error_of(reader: ConfiguredInputs) -> str:
    with pytest.raises(InvalidInput) as caught:
        reader("directory")
    (diagnostic,) = caught.value.diagnostics
    assert str(diagnostic.location).endswith("reconciler.yaml:3:3")
    return f"{diagnostic.message} ({diagnostic.hint})"


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    return Inputs(tmp_path)


class PidFile:
    """The file ``pid``, to which a program writes its process id."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "pid"

    def written(self) -> bool:
        """Whether the id is there."""
        return self._path.exists() and self._path.read_text().endswith("\n")

    def ended(self) -> bool:
        """Whether the process is gone, or only waits for its parent to notice."""
        try:
            process = psutil.Process(int(self._path.read_text()))
            return bool(process.status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    def end(self) -> None:
        """Kill the process."""
        os.kill(int(self._path.read_text()), signal.SIGKILL)


@pytest.fixture
def pid(tmp_path: Path) -> PidFile:
    return PidFile(tmp_path)


def test_the_output_comes_with_what_the_configuration_says_of_it(inputs: Inputs) -> None:
    found = inputs.reader("print('[]')", ", maxRows: 7")("directory")
    assert found == InputData(b"[]\n", RowFormat.JSONL, None, 7)


def test_an_input_is_read_once_and_so_is_its_failure(inputs: Inputs) -> None:
    count = (
        "open('runs', 'a').write('x'); print('{}'); raise SystemExit(len(open('runs').read()) > 1)"
    )
    reader = inputs.reader(count)
    assert reader("directory") is reader("directory")
    again = inputs.reader(count)
    assert error_of(again) == error_of(again)
    assert (inputs.folder / "runs").read_text() == "xx"


def test_an_input_that_is_not_configured_is_not_run(inputs: Inputs) -> None:
    with pytest.raises(KeyError):
        inputs.reader("print(1)")("other")


def test_the_command_runs_in_the_configurations_folder_without_a_shell_or_standard_input(
    inputs: Inputs,
) -> None:
    program = "import os, sys; print(os.getcwd(), sys.argv[1], repr(sys.stdin.read()))"
    (inputs.folder / "program.py").write_text(program)
    reader = inputs.of([sys.executable, "program.py", "$(id) > x; *"])
    assert reader("directory").data.decode() == f"{inputs.folder} $(id) > x; * ''\n"


def test_the_command_gets_named_variables_only_and_never_the_api_key(inputs: Inputs) -> None:
    environ = {**ENVIRON, "LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/h", "OTHER": "o"}
    program = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}), os.environ['TOKEN'])"
    reader = inputs.reader(program, ", env: [TOKEN]", environ=environ)
    assert reader("directory").data.decode() == (
        "['HOME', 'LANG', 'PATH', 'TOKEN', 'TZ'] t0ken-of-okta\n"
    )


def test_a_variable_that_is_not_set_is_an_error_before_anything_runs(inputs: Inputs) -> None:
    error = inputs.error("open('ran', 'w')", ", env: [GONE]")
    assert "the environment variable GONE of the command" in error
    assert "is not set (export GONE=…)" in error
    assert not (inputs.folder / "ran").exists()


@pytest.mark.parametrize("keys", [(), (Secret("from-a-file"),)])
def test_an_api_key_in_another_variable_is_refused_before_anything_runs(
    inputs: Inputs, keys: tuple[Secret, ...]
) -> None:
    value = keys[0].reveal() if keys else KEY
    environ = {**ENVIRON, "TOKEN": f"Token {value}"}
    reader = inputs.reader("open('ran', 'w')", ", env: [TOKEN]", environ=environ, keys=keys)
    error = error_of(reader)
    assert "the environment variable TOKEN of the command" in error
    assert "holds an API key (no input gets an API key: use another variable)" in error
    assert value not in error
    assert not (inputs.folder / "ran").exists()


@pytest.mark.parametrize("key", [None, "", "\n"])
def test_without_a_key_in_the_environment_there_is_nothing_to_look_for(
    inputs: Inputs, key: str | None
) -> None:
    environ = {name: value for name, value in ENVIRON.items() if name != "RECALL_API_KEY"}
    environ |= {} if key is None else {"RECALL_API_KEY": key}
    assert inputs.reader("print('{}')", environ=environ)("directory").data == b"{}\n"


def test_a_command_that_fails_is_an_error_with_the_last_line_that_it_said(inputs: Inputs) -> None:
    error = inputs.error(
        "import sys; print('{}'); sys.stderr.write('a\\n\\x1b[31mno way\\n\\n'); exit(3)"
    )
    assert error.endswith(
        "of the input `directory` ended with status 3: [31mno way (run it by hand to see why)"
    )


def test_a_command_that_fails_without_a_word_is_an_error(inputs: Inputs) -> None:
    assert "ended with status 1 (run it by hand" in inputs.error("print('{}'); exit(1)")


def test_a_command_that_a_signal_ends_is_an_error(inputs: Inputs) -> None:
    program = "import os; print('{}', flush=True); os.kill(os.getpid(), 9)"
    assert "was ended by signal 9 (run it by hand" in inputs.error(program)


def test_what_a_command_says_shows_no_secret_of_its_environment(inputs: Inputs) -> None:
    program = "import os, sys; sys.exit('no: ' + os.environ['TOKEN'] + ' ' + os.environ['X'])"
    assert "status 1: no: (redacted) 1 (" in error_of(inputs.reader(program, ", env: [TOKEN, X]"))
    assert KEY not in inputs.error(f"exit('no: {KEY}')")


def test_a_secret_of_several_lines_is_not_shown_by_its_last(inputs: Inputs) -> None:
    environ = {**ENVIRON, "TOKEN": "-----BEGIN-----\nAAAABBBBCCCC\nDDDDEEEEFFFF"}
    program = "import os, sys; sys.exit(os.environ['TOKEN'])"
    error = error_of(inputs.reader(program, ", env: [TOKEN]", environ=environ))
    assert "DDDD" not in error
    assert "(redacted)" in error


def test_what_a_command_says_is_bounded(inputs: Inputs) -> None:
    flood = "import sys; print('{}'); sys.stderr.write('x' * 3_000_000 + '\\nlast words'); exit(1)"
    assert "ended with status 1: last words (" in inputs.error(flood)
    one_line = "import sys; sys.stderr.write('x' * 3_000_000); exit(1)"
    assert "ended with status 1 (" in inputs.error(one_line)


def test_a_command_that_writes_nothing_is_an_error(inputs: Inputs) -> None:
    assert "wrote nothing (that never means nobody: run it by hand" in inputs.error("")


def test_a_command_that_is_not_there_is_an_error(inputs: Inputs) -> None:
    error = error_of(inputs.of(["no-such-program-anywhere"]))
    assert error == (
        "the command `no-such-program-anywhere` of the input `directory` cannot be run:"
        " No such file or directory (check that the program is installed, and that it may be run)"
    )


def test_a_command_that_may_not_be_run_is_an_error(inputs: Inputs) -> None:
    (inputs.folder / "export").write_text("#!/bin/sh\n")
    assert "cannot be run: Permission denied (" in error_of(inputs.of(["./export"]))


def test_a_command_that_floods_is_ended_and_an_error(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_EXPORT_BYTES", 1 << 20)
    error = inputs.error("while True: print('x' * 10_000)")
    assert "wrote more than 1 MiB and was ended (have it write fewer columns or rows)" in error


HANGS = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
{before}
open('pid', 'w').write(f'{{os.getpid()}}\\n')
time.sleep(600)
"""


@pytest.mark.parametrize(
    "before", ["print('{}', flush=True)", "os.close(1)", "os.close(1); os.close(2)"]
)
def test_a_command_that_hangs_is_ended_at_its_timeout(
    inputs: Inputs, pid: PidFile, before: str
) -> None:
    error = inputs.error(HANGS.format(before=before), ", timeoutSeconds: 5", when=pid.written)
    assert error.endswith(
        "took longer than 5 s and was ended (run it by hand, or raise `timeoutSeconds`)"
    )
    assert pid.ended()


def test_what_a_command_started_ends_with_it(inputs: Inputs, pid: PidFile) -> None:
    program = "import os, time\nif os.fork():\n    time.sleep(600)\n" + HANGS.format(before="")
    assert "took longer than" in inputs.error(program, when=pid.written)
    while not pid.ended():  # it is killed, and gone in a moment
        time.sleep(0.01)


def test_output_that_is_held_open_after_the_commands_end_is_an_error(
    inputs: Inputs, pid: PidFile
) -> None:
    program = (
        "import os, time\nopen('pid', 'w').write(f'{os.getpid()}\\n')\n"
        "print('{}', flush=True)\nif not os.fork():\n    time.sleep(600)\n"
    )
    error = inputs.error(program, when=lambda: pid.written() and pid.ended())
    assert "it had ended, but something that it started held its output open" in error


def test_standard_error_that_is_held_open_is_not_waited_for(inputs: Inputs, pid: PidFile) -> None:
    program = (
        "import os, time\nprint('{}', flush=True)\nif not os.fork():\n"
        "    os.close(1); open('pid', 'w').write(f'{os.getpid()}\\n'); time.sleep(600)\n"
        "while not os.path.exists('pid') or not open('pid').read(): time.sleep(0.01)\n"
    )
    assert inputs.reader(program)("directory").data == b"{}\n"
    assert not pid.ended()
    pid.end()


def test_a_cancellation_ends_the_command(inputs: Inputs, pid: PidFile) -> None:
    cancellation = Cancellation()

    def cancel() -> bool:
        if pid.written():
            cancellation.request(signal.SIGINT)
        return False

    with pytest.raises(Cancelled):
        inputs.reader(HANGS.format(before=""), when=cancel, cancellation=cancellation)("directory")
    assert pid.ended()


class _Signalled(BaseException):
    """As the command line raises at a signal before it acts."""


def test_a_signal_ends_the_command(inputs: Inputs, pid: PidFile) -> None:
    def interrupt() -> bool:
        if pid.written():
            raise _Signalled
        return False

    with pytest.raises(_Signalled):
        inputs.reader(HANGS.format(before=""), when=interrupt)("directory")
    assert pid.ended()
