"""Which Pulumi command a process works for, whether that still runs, and whether it previews."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
import pytest

from reconciler.pulumi_provider.cli_process import (
    CliProcess,
    cli_of,
    namespace,
    only_previews,
    skips_preview,
)

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
        process.wait()


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
        assert CliProcess(found.pid, "some other time", namespace()).gone()
        assert not CliProcess(found.pid, "some other time", "of another container").gone()
    assert found.gone()


def test_of_a_process_that_is_gone_there_is_no_command(tmp_path: Path) -> None:
    with below(tmp_path, "pulumi", HOST, "python") as processes:
        pid = processes[-1].pid
    assert cli_of(pid) is None


@pytest.mark.parametrize(
    "command",
    [
        "up -f",
        "up -yf",
        "up -fy",
        "up -f=1",
        "up -yf=true",
        "up -rf",
        "up --skip-preview",
        "up --yes --skip-preview",
        "up --skip-preview --message -f=false",
        "up --skip-preview -m -f=false",
        "up --stack -s --skip-preview",
        "up --skip-preview -- -f=false",
        "up --skip-preview=false --skip-preview",
        *(f"up --skip-preview={true}" for true in ("1", "t", "T", "TRUE", "true", "True")),
        "up -m fix -f",
        "up -mfix -f",
        "up -m update -f",
        "up -f -s up",
        "up --stack dev --skip-preview --color never",
        "up --not-known-yet --target urn --skip-preview --not-known-yet value",
        "up --skip-preview -z value",
        "up --yes --skip-preview --exec-kind auto.local --stack dev --non-interactive",
        "update -f",
        "-C infra up -f",
        "--cwd infra --color=never up --skip-preview",
        "refresh --run-program -f",
        "destroy --run-program -f",
        "dn --run-program -f",
        "watch",
        "-C infra watch",
    ],
)
def test_an_update_that_is_told_to_make_no_preview_makes_none(command: str) -> None:
    assert skips_preview(shlex.split(command), {})


@pytest.mark.parametrize(
    "command",
    [
        "up",
        "up -y",
        "up -",
        "up -y -mfix",
        "up -mf",
        "up -m -f",
        "up -ym -f",
        "up -m=f",
        "up -Cinfra",
        "up -sfleet",
        "up -tf",
        "up -p4f",
        "up -cf=true",
        "up -yf=false",
        "up -f=f",
        "up -f=yes",
        "up --message --skip-preview",
        "up --message -f",
        "up --message=--skip-preview",
        "up -- -f",
        "up -- --skip-preview",
        "up --skip-preview --skip-preview=false",
        "up -f -yf=0",
        *(f"up --skip-preview={false}" for false in ("0", "f", "F", "FALSE", "false", "False")),
        "up --skip-preview=",
        "up --skip-preview=yes",
        "up --skip-preview=tRUE",
        "up --skip-preview-not",
        "up --skip-config-validation --skip-plugin-pre-install",
        "up --not-known-yet --skip-preview",
        "up --skip-preview --not-known-yet -f=false",
        "up --not-known-yet -- -f",
        "up -zf",
        "up -f -zf=false",
        "up -z -f",
        "-ym up -f up",
        "--yes up -ym up -f",
        "update -mfix",
        "refresh --run-program -mfix",
        "preview -f",
        "preview -m up -f",
        "neo -f",
        "",
    ],
)
def test_an_update_previews_unless_it_is_certain_that_it_does_not(command: str) -> None:
    assert not skips_preview(shlex.split(command), {})


@pytest.mark.parametrize(
    ("command", "environment", "skips"),
    [
        ("up", {"PULUMI_OPTION_SKIP_PREVIEW": "true"}, True),
        ("up -y", {"PULUMI_OPTION_SKIP_PREVIEW": "True"}, True),
        ("up", {"PULUMI_OPTION_SKIP_PREVIEW": "1"}, True),
        ("up", {"PULUMI_OPTION_SKIP_PREVIEW": "t"}, False),
        ("up", {"PULUMI_OPTION_SKIP_PREVIEW": "0"}, False),
        ("up", {"PULUMI_OPTION_SKIP_PREVIEW": ""}, False),
        ("up -f=false", {"PULUMI_OPTION_SKIP_PREVIEW": "1"}, False),
        ("up -f", {"PULUMI_OPTION_SKIP_PREVIEW": "0"}, True),
        ("up", {"PULUMI_SKIP_PREVIEW": "true"}, False),
    ],
)
def test_the_environment_counts_as_the_command_counts_it(
    command: str, environment: Mapping[str, str], *, skips: bool
) -> None:
    assert skips_preview(shlex.split(command), environment) is skips


@pytest.mark.parametrize("command", ["preview", "pre", "-C infra preview", "preview -m up"])
def test_no_update_follows_a_command_that_is_a_preview(command: str) -> None:
    assert only_previews(shlex.split(command))


@pytest.mark.parametrize(
    "command", ["up", "up -s preview", "-C infra update", "-m preview up", "refresh", "neo", ""]
)
def test_an_update_may_follow_whatever_else_runs_the_program(command: str) -> None:
    assert not only_previews(shlex.split(command))


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with these arguments, up and running, which ends when its input does."""
    command = ["sh", "-c", "echo; read line; exit", *arguments]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()  # until then the arguments may be those of the fork
        yield process
        process.stdin.close()


def test_arguments_and_environment_are_those_of_the_running_command() -> None:
    # `sh -c SCRIPT up` has the command after an option and its value, as `pulumi -C FOLDER up`.
    with running("up", "-mfix") as plain, running("up", "-f") as skipping:
        assert not CliProcess(plain.pid, "then", namespace()).skips_preview()
        assert CliProcess(skipping.pid, "then", namespace()).skips_preview()
    with running("up", PULUMI_OPTION_SKIP_PREVIEW="1") as skipping, running("preview") as preview:
        assert CliProcess(skipping.pid, "then", namespace()).skips_preview()
        assert CliProcess(preview.pid, "then", namespace()).only_previews()


def test_nothing_is_certain_of_a_command_that_cannot_be_read() -> None:
    with running("up", "-f") as process:
        pass
    gone = CliProcess(process.pid, "then", namespace())
    assert not gone.skips_preview()
    assert not gone.only_previews()
