"""Which Pulumi command a process works for, and whether that still runs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
import pytest

from reconciler.pulumi_provider.cli_process import CliProcess, cli_of, space

_STARTS: Final = """
import json, os, socket, subprocess, sys
end, *others = json.loads(sys.argv[1])
if end == "listen":
    listener = socket.create_server(("127.0.0.1", 0))
    others[0].append(f"127.0.0.1:{listener.getsockname()[1]}")
    end, *others = others
if end == "":
    print(os.getpid(), flush=True)
    sys.stdin.read()
else:
    command = [end[0], "-c", sys.orig_argv[2], json.dumps(others), *end[1:]]
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    sys.stdin.read()
    child.stdin.close()
    child.wait()
"""
"""Starts what its argument lists, each below the one before it; the last one prints its number."""

HOST, SHIM = "pulumi-language-python", "pulumi-resource-pulumi-python"


@pytest.fixture(autouse=True)
def names(tmp_path: Path) -> None:
    """Interpreters that are called like what they stand for."""
    called = ("pulumi", ".pulumi-wrapped", "pulumi-3.260", "iac", "sudo", "make", "init", "python")
    for name in (*called, HOST, f".{HOST}-wrapped", SHIM, f"{HOST}-exec"):
        (tmp_path / name).symlink_to(Path(sys.executable).resolve())


@contextmanager
def below(folder: Path, *line: str, listening: bool = False) -> Iterator[list[psutil.Process]]:
    """Processes of the names in ``line``, each the parent of the next."""
    rest: list[object] = [*([str(folder / name)] for name in line[1:]), ""]
    if listening:
        rest = ["listen", *rest]
    command = [str(folder / line[0]), "-c", _STARTS, json.dumps(rest)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        last = psutil.Process(int(process.stdout.readline()))
        yield [*reversed(last.parents()[: len(line) - 1]), last]
        process.stdin.close()
        process.wait(timeout=60)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (["pulumi", HOST, "python"], 0),
        ([".pulumi-wrapped", HOST, "python"], 0),
        (["pulumi-3.260", HOST, "python"], 0),
        (["pulumi", f".{HOST}-wrapped", "python"], 0),
        (["pulumi", HOST, f".{HOST}-wrapped", "python"], 0),
        (["pulumi", HOST, "python", "python"], 0),
        (["pulumi", SHIM, "python"], 0),
        (["make", "pulumi", HOST, "python"], 1),
        (["sudo", ".pulumi-wrapped", SHIM, "python"], 1),
        (["pulumi", HOST, "python", "pulumi", HOST, "python"], 3),
    ],
    ids=str,
)
def test_the_command_is_the_parent_of_the_plugin(
    tmp_path: Path, line: list[str], command: int
) -> None:
    with below(tmp_path, *line) as processes:
        found = cli_of(processes[-1].pid)
        assert found is not None
        assert found.pid == processes[command].pid


@pytest.mark.parametrize("plugin", [HOST, SHIM])
def test_a_command_of_any_name_is_known_by_what_it_serves(tmp_path: Path, plugin: str) -> None:
    with below(tmp_path, "iac", plugin, "python", listening=True) as processes:
        found = cli_of(processes[-1].pid)
        assert found is not None
        assert found.pid == processes[0].pid


@pytest.mark.parametrize(
    "line",
    [
        ["init", HOST, "python"],
        ["pulumi", "python"],
        ["pulumi", f"{HOST}-exec"],
        ["make", "pulumi"],
    ],
    ids=str,
)
def test_without_a_plugin_and_its_command_there_is_none(tmp_path: Path, line: list[str]) -> None:
    with below(tmp_path, *line) as processes:
        assert cli_of(processes[-1].pid) is None


def test_a_provider_that_takes_the_place_of_its_plugin_is_known_by_its_module(
    tmp_path: Path,
) -> None:
    code = (
        "import subprocess, sys; subprocess.run([sys.argv[1], '-u', '-m', 'pulumi.dynamic',"
        " '127.0.0.1:1'], stdin=0, check=False)"
    )
    command = [str(tmp_path / "pulumi"), "-c", code, sys.executable]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.read(1)  # the port: it serves
        (provider,) = psutil.Process(process.pid).children()
        found = cli_of(provider.pid)
        provider.kill()
    assert found is not None
    assert found.pid == process.pid


def test_a_process_that_ended_runs_no_more(tmp_path: Path) -> None:
    with below(tmp_path, "pulumi", HOST, "python") as processes:
        found = cli_of(processes[-1].pid)
        assert found is not None
        assert not found.gone()
        assert CliProcess(found.pid, "some other time", space()).gone()
        assert not CliProcess(found.pid, "some other time", "of another container").gone()
    assert found.gone()


def test_of_a_process_that_is_gone_there_is_no_command(tmp_path: Path) -> None:
    with below(tmp_path, "pulumi", HOST, "python") as processes:
        pid = processes[-1].pid
    assert cli_of(pid) is None
