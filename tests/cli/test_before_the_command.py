"""Options that stand before the command, help, and completion."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.app import run
from tests.cli.project import Project

COMMAND = [sys.executable, "-m", "reconciler"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--config", "other/reconciler.yaml", "validate"),
        ("--config=other/reconciler.yaml", "-w", "second", "validate"),
        ("--config", "nowhere.yaml", "validate", "--config", "other/reconciler.yaml"),
    ],
    ids=" ".join,
)
def test_options_may_stand_before_the_command_and_those_behind_it_win(
    project: Project, arguments: tuple[str, ...]
) -> None:
    text = (project.folder / "reconciler.yaml").read_text()
    project.write("other/reconciler.yaml", text.replace("trial", "second"))
    project.write("other/manifests/one.yaml", "apiVersion: reconciler/v1\nusers: [{id: a}]\n")
    assert project.run(*arguments) == 0
    assert "workspace second" in project.out
    assert "1 user in 1 file" in project.out


def test_the_format_and_flags_may_stand_before_the_command_too(project: Project) -> None:
    assert project.run("--format", "json", "--quiet", "plan") == 0
    assert json.loads(project.out)["kind"] == "plan"


def test_reports_before_and_behind_the_command_are_all_written(project: Project) -> None:
    assert project.run("--report", "json=a.json", "plan", "--report", "markdown=b.md") == 0
    assert (project.folder / "a.json").exists()
    assert (project.folder / "b.md").exists()


def test_options_before_a_command_of_the_sandbox_reach_it(project: Project) -> None:
    project.write("other.yaml", (project.folder / "reconciler.yaml").read_text())
    (project.folder / "reconciler.yaml").unlink()
    assert project.run("--config", "other.yaml", "sandbox", "show") == 0
    assert "mover@example.com" in project.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-w", "trial", "schema", "config"), "`schema` takes no --workspace"),
        (("--quiet", "sandbox", "reset"), "`sandbox` takes no --quiet"),
        (("--format", "json", "import"), "`import` takes no --format"),
    ],
    ids=lambda case: case[-1] if isinstance(case, tuple) else "",
)
def test_an_option_that_the_command_does_not_take_is_not_lost_in_silence(
    project: Project, arguments: tuple[str, ...], said: str
) -> None:
    assert project.run(*arguments) == 64
    assert said in project.out + project.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("apply", "--parallelism", "33"), "33 is too large: at most 32"),
        (("apply", "--max-failures", "-1"), "-1 is too small: at least 0"),
        (("apply", "--max-failures", "few"), "'few' is not a whole number"),
        (("apply", "--lock-timeout", "nan"), "nan is too small: at least 0"),
        (("apply", "--lock-timeout", "long"), "'long' is not a number"),
    ],
    ids=lambda case: case[-1] if isinstance(case, tuple) else "",
)
def test_a_number_that_an_option_does_not_take_is_refused(
    project: Project, arguments: tuple[str, ...], said: str
) -> None:
    assert project.run(*arguments) == 64
    assert f"Invalid value for '{arguments[1]}': {said}" in project.err


def test_a_wrong_format_is_reported_in_plain_words(project: Project) -> None:
    assert project.run("plan", "--format", "yaml") == 64
    assert "'yaml' is not one of 'text', 'json', 'jsonl', 'markdown'" in project.err
    assert "Value error" not in project.err


@pytest.mark.parametrize("group", [[], ["sandbox"]], ids=["commands", "sandbox"])
def test_no_summary_of_a_command_is_cut_on_80_columns(
    group: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run([*group, "--help"])
    listed = capsys.readouterr().out.split("Commands:")[1].split("\n\n")[0]
    assert re.findall(r".*(?:\.\.\.|…)$", listed, re.MULTILINE) == []
    assert all(line.endswith(".") for line in listed.strip().splitlines())


def test_the_list_of_commands_says_of_each_what_its_own_help_begins_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["--help"])
    listed = capsys.readouterr().out.split("Commands:")[1].split("\n\n")[0]
    summaries = dict(line.split(maxsplit=1) for line in listed.strip().splitlines())
    for name, summary in summaries.items():
        run([name, "--help"])
        assert capsys.readouterr().out.splitlines()[2].strip() == summary


@pytest.mark.parametrize("words", ["--help", "pl"], ids=["help", "completion"])
def test_help_and_completion_load_no_command(words: str) -> None:
    code = (
        f"import sys; sys.argv = ['reconciler', '{words}']\n"
        "from reconciler.cli import main\n"
        "try: main()\n"
        "finally: print([m for m in sys.modules if m in ('httpx', 'yaml', 'pydantic',"
        " 'sqlalchemy') or m.startswith(('reconciler.engine', 'reconciler.cli.commands.'))"
        " and not m.endswith('.before')], file=sys.stderr)"
    )
    completing = {"_RECONCILER_COMPLETE": "complete_bash", "COMP_WORDS": f"reconciler {words}"}
    environment = {**os.environ, **({} if words == "--help" else completing), "COMP_CWORD": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert "plan" in ended.stdout
    assert ended.stderr == "[]\n"


def test_the_package_can_be_run_by_its_name() -> None:
    ended = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("Usage: reconciler ")


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
@pytest.mark.parametrize("named", [["tcsh"], []], ids=["named", "in use"])
def test_completion_for_a_shell_that_is_not_known_names_those_that_are(
    project: Project, option: str, named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    monkeypatch.setenv("HOME", str(project.folder))
    assert project.run(option, *named) == 64
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish', 'pwsh'" in project.err
    assert not list(project.folder.glob(".*rc"))


def test_completion_is_installed_for_the_shell_that_is_named(project: Project) -> None:
    environment = {**os.environ, "HOME": str(project.folder), "SHELL": "/bin/tcsh"}
    subprocess.run(
        [*COMMAND, "--install-completion", "zsh"], env=environment, check=True, capture_output=True
    )
    assert (project.folder / ".zfunc/_reconciler").exists()


def test_completion_that_cannot_be_written_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/dev/null")
    assert project.run("--install-completion", "zsh") == 64
    assert "Invalid value for '--install-completion': /dev/null" in project.err


def completions(folder: Path, words: str) -> list[str]:
    """What the shell would offer for the last of ``words``."""
    ended = subprocess.run(
        COMMAND,
        cwd=folder,
        env={
            **os.environ,
            "_RECONCILER_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    return ended.stdout.split()


def test_completion_offers_what_may_be_allowed(project: Project) -> None:
    assert completions(project.folder, "reconciler apply --allow max-") == [
        "max-disconnects",
        "max-disconnect-percent",
        "max-disconnects-per-day",
    ]


def test_completion_offers_the_workspaces_of_the_configuration_in_force(project: Project) -> None:
    text = (project.folder / "reconciler.yaml").read_text()
    project.write("other.yaml", text.replace("trial", "second"))
    folder = project.folder
    assert completions(folder, "reconciler plan --workspace ") == ["trial"]
    assert completions(folder, "reconciler plan -w x") == []
    assert completions(folder, "reconciler plan --config other.yaml -w ") == ["second"]
    assert completions(folder, "reconciler --config other.yaml plan -w ") == ["second"]
    assert completions(folder, "reconciler -w ") == ["trial"]


@pytest.mark.parametrize("command", ["runs", "resume", "unlock"])
def test_completion_offers_the_ids_of_runs(project: Project, command: str) -> None:
    assert completions(project.folder, f"reconciler {command} ") == []
    assert not (project.folder / ".reconciler").exists()
    project.run("apply", "--auto-approve")
    project.run("runs", "--format", "json")
    (run_id,) = [listed["run"] for listed in json.loads(project.out)["runs"]]
    before = len(project.requests())
    assert completions(project.folder, f"reconciler {command} ") == [run_id]
    assert completions(project.folder, f"reconciler {command} {run_id[:6]}") == [run_id]
    assert completions(project.folder, f"reconciler {command} no") == []
    assert len(project.requests()) == before


@pytest.mark.parametrize(
    "text", ["workspaces: [", "", "apiVersion: reconciler/v1\nworkspaces: 3\n"]
)
def test_completion_offers_nothing_where_the_configuration_is_broken(
    project: Project, text: str
) -> None:
    project.write("reconciler.yaml", text)
    assert completions(project.folder, "reconciler plan --workspace ") == []
    assert completions(project.folder, "reconciler runs ") == []


def test_completion_asks_no_ledger_on_a_server(project: Project, unused_port: int) -> None:
    text = (project.folder / "reconciler.yaml").read_text()
    url = f"postgresql+psycopg://somebody@127.0.0.1:{unused_port}/ledger"
    project.write("reconciler.yaml", f"{text}ledger: {url}\n")
    assert completions(project.folder, "reconciler runs ") == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("apply", "--auto-approve", "-w", ""), "--workspace"),
        (("apply", "--auto-approve", "--workspace="), "--workspace"),
        (("--workspace", "", "apply", "--auto-approve"), "--workspace"),
        (("apply", "--auto-approve", "--config", ""), "--config"),
        (("apply", "--auto-approve", ""), "PLAN"),
        (("apply", "--auto-approve", "--report", ""), "--report"),
        (("apply", "--auto-approve", "--report", "json="), "--report 'json='"),
        (("apply", "--auto-approve", "--select", "mover@example.com", "--select", ""), "--select"),
        (("apply", "--auto-approve", "--select", "@"), "--select @"),
        (("apply", "--auto-approve", "--allow", ""), "--allow"),
        (("plan", "-o", ""), "--out"),
        (("plan", "--against", ""), "--against"),
        (("import", "-o", ""), "--out"),
        (("show", ""), "PLAN"),
        (("validate", "manifests", ""), "PATHS"),
        (("resume", ""), "RUN"),
        (("sandbox", "connect", "", "google"), "USER"),
    ],
    ids=" ".join,
)
def test_an_empty_word_is_bad_usage_that_names_the_option_and_nothing_is_done(
    project: Project, arguments: tuple[str, ...], named: str
) -> None:
    assert project.run(*arguments) == 64
    assert f"error: {named}" in project.err
    assert project.requests() == ()


def test_an_empty_workspace_in_the_environment_is_not_the_default_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_WORKSPACE", "")
    assert project.run("apply", "--auto-approve") == 64
    assert "RECONCILER_WORKSPACE is empty" in project.err
    assert project.requests() == ()
    assert project.run("apply", "--auto-approve", "-w", "trial") == 0


def test_an_empty_configuration_in_the_environment_counts_as_not_set(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_CONFIG", "")
    assert project.run("validate") == 0
