"""Standard input and output: in the place of a file, full, and not there at all."""

import io
import json
import subprocess

import pytest

from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project
from tests.cli.test_processes import COMMAND, shell

BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize(
    "arguments",
    [
        "--version",
        "--help",
        "plan --help",
        "schema report",
        "show fleet.plan",
        "validate",
        "plan --detailed-exitcode",
        "plan -o -",
        "plan --report json=-",
        "import",
        "runs",
        "sandbox show",
        "--show-completion bash",
    ],
)
def test_what_a_full_disk_does_not_take_is_said_and_never_fine(
    project: Project, arguments: str
) -> None:
    project.run("plan", "-o", "fleet.plan")
    assert shell(project, ">/dev/full 2>err.txt", *arguments.split()) == 64
    said = (project.folder / "err.txt").read_text()
    assert "No space left on device" in said
    assert "Traceback" not in said


def test_a_plan_that_cannot_be_shown_is_not_applied(project: Project) -> None:
    assert shell(project, ">/dev/full 2>err.txt", "apply", "--auto-approve") == 64
    assert "could not be shown (No space left on device)" in (
        (project.folder / "err.txt").read_text()
    )
    assert project.mutations() == []


def test_a_run_of_a_saved_plan_whose_result_the_disk_refuses_is_4(project: Project) -> None:
    project.run("plan", "-o", "fleet.plan")
    assert shell(project, ">/dev/full 2>err.txt", "apply", "fleet.plan") == 4
    assert "the result could not be written" in (project.folder / "err.txt").read_text()
    assert project.mutations() == BOTH


@pytest.mark.parametrize("arguments", ["--version", "--help", "schema report", "plan"])
@pytest.mark.parametrize("redirection", ["| true; exit ${PIPESTATUS[0]}", ">&-"])
def test_a_reader_who_is_not_there_changes_no_status(
    project: Project, arguments: str, redirection: str
) -> None:
    assert shell(project, f"2>err.txt {redirection}", *arguments.split()) == 0
    assert "Traceback" not in (project.folder / "err.txt").read_text()


def test_errors_that_the_disk_refuses_change_no_status(project: Project) -> None:
    project.run("apply", "--auto-approve")
    assert shell(project, "2>/dev/full", "plan", "--verbose") == 0
    assert shell(project, "2>/dev/full", "plan", "--workspace", "trail") == 65


def test_a_plan_goes_to_standard_output_and_is_applied_from_standard_input(
    project: Project,
) -> None:
    made = subprocess.run(
        [*COMMAND, "plan", "-o", "-"], cwd=project.folder, capture_output=True, check=True
    )
    assert b"2 to disconnect" in made.stderr
    assert b"Next:" not in made.stderr
    assert b"Saved to" not in made.stderr
    applied = subprocess.run(
        [*COMMAND, "apply", "-"],
        cwd=project.folder,
        input=made.stdout,
        capture_output=True,
        check=True,
    )
    assert b"2 verified" in applied.stdout
    assert project.mutations() == BOTH
    assert not (project.folder / "-").exists()


def test_a_plan_on_standard_input_is_shown(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("plan", "-o", "fleet.plan")
    feed(monkeypatch, (project.folder / "fleet.plan").read_bytes())
    assert project.run("show", "-") == 0
    assert "2 to disconnect" in project.out


def test_a_report_goes_to_standard_output_and_the_text_beside_it(project: Project) -> None:
    assert project.run("apply", "--auto-approve", "--report", "json=-") == 0
    assert json.loads(project.out)["status"] == 0
    assert "2 verified" in project.err
    assert project.mutations() == BOTH


def test_an_import_to_a_dash_goes_to_standard_output(project: Project) -> None:
    assert project.run("import", "-o", "-") == 0
    assert "mover@example.com" in project.out
    assert not (project.folder / "-").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "-o", "-", "--report", "json=-"), "two outputs go to standard output"),
        (("plan", "-o", "-", "--format", "json"), "two outputs go to standard output"),
        (
            ("apply", "--auto-approve", "--report", "json=-", "--report", "markdown=-"),
            "two outputs go to standard output",
        ),
        (("validate", "-"), "a manifest is not read from standard input"),
        (("plan", "--config", "-"), "the configuration cannot come from standard input"),
        (("sandbox", "seed", "-"), "a seed is not read from standard input"),
        (("plan", "--select", "@-", "--select", "@-"), "standard input is named twice"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_dash_that_makes_no_sense_is_refused_in_words(
    project: Project, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    feed(monkeypatch, b"mover@example.com\n")
    assert project.run(*arguments) == 64
    assert said in project.err + project.out
    assert project.mutations() == []
    assert not (project.folder / "-").exists()


def test_the_environment_names_no_configuration_on_standard_input(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_CONFIG", "-")
    assert project.run("plan") == 64
    assert "the configuration cannot come from standard input" in project.err


def test_without_standard_input_a_dash_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert project.run("show", "-") == 64
    assert "there is no standard input" in project.err


SELECTORS = "# movers\r\n\r\nmover@example.com\r\n"


@pytest.mark.parametrize("data", [SELECTORS.encode(), SELECTORS.encode("utf-8-sig")])
@pytest.mark.parametrize("name", ["people.txt", "-"])
def test_selectors_may_begin_with_a_byte_order_mark_and_end_in_any_line_end(
    project: Project, monkeypatch: pytest.MonkeyPatch, data: bytes, name: str
) -> None:
    (project.folder / "people.txt").write_bytes(data)
    feed(monkeypatch, data)
    assert project.run("apply", "--auto-approve", "--select", f"@{name}") == 0
    assert project.mutations() == [MOVER_LOSES_GOOGLE]


def test_selectors_in_utf_16_are_refused_with_what_to_do(project: Project) -> None:
    (project.folder / "people.txt").write_bytes(SELECTORS.encode("utf-16"))
    assert project.run("plan", "--select", "@people.txt") == 64
    assert "--select @people.txt: not UTF-8" in project.err
    assert "the file is UTF-16: save it as UTF-8" in project.err


def test_no_output_replaces_the_selectors(project: Project) -> None:
    (project.folder / "people.txt").write_text("mover@example.com\n")
    assert project.run("plan", "--select", "@people.txt", "-o", "people.txt") == 64
    assert (project.folder / "people.txt").read_text() == "mover@example.com\n"


def test_a_key_file_and_a_seed_may_begin_with_a_byte_order_mark(project: Project) -> None:
    seed = project.folder / "seed.yaml"
    seed.write_bytes(b"\xef\xbb\xbf" + seed.read_bytes())
    assert project.run("sandbox", "reset") == 0
    key = project.sandbox.api_key.reveal()
    (project.folder / "key.txt").write_bytes(b"\xef\xbb\xbf" + key.encode() + b"\r\n")
    project.configure("apiKey: {file: key.txt}")
    assert project.run("plan") == 0
