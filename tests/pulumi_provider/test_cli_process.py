"""Which Pulumi command a process works for, and whether that still runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.pulumi_provider.cli_process import CliProcess, cli_of, space

ASKS = "from reconciler.pulumi_provider.cli_process import cli_of; print(cli_of().pid)"


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """An interpreter that is called like the command."""
    name = tmp_path / "pulumi"
    name.symlink_to(Path(sys.executable).resolve())
    return name


def started(command: Path, code: str) -> subprocess.Popen[str]:
    arguments = [str(command), "-c", code, sys.executable]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_it_is_found_above_whatever_stands_between(command: Path) -> None:
    code = (
        "import subprocess, sys\n"
        f'subprocess.run(["sh", "-c", f"{{sys.argv[1]}} -c \\"{ASKS}\\"; true"], check=True)'
    )
    with started(command, code) as process:
        out, _ = process.communicate(timeout=60)
    assert int(out) == process.pid


def test_without_one_there_is_none(command: Path) -> None:
    with started(command, "import sys; sys.stdin.read()") as process:
        assert cli_of(process.pid) is None  # itself, but under no other


def test_a_process_that_ended_runs_no_more(command: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.argv[1], '-c', 'import sys; sys.stdin.read()'],"
        " stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with started(command, code) as process:
        assert process.stdout
        assert process.stdin
        found = cli_of(int(process.stdout.readline()))
        assert found is not None
        assert found.pid == process.pid
        assert not found.gone()
        assert CliProcess(found.pid, "some other time", space()).gone()
        assert not CliProcess(found.pid, "some other time", "of another container").gone()
        process.stdin.close()
        process.wait(timeout=60)
        assert found.gone()
