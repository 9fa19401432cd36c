"""Sources and inputs at the command line: read once a run, and never nobody."""

import csv
import json
import sys
from io import StringIO

import pytest

from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project

MANIFEST = """\
apiVersion: reconciler/v1
sources:
  - name: leavers
    input: hr
    id: mail
    where: {status: [terminated]}
    platforms: []
    reason: "left ({ticket})"
users:
  - id: mover@example.com
    platforms: [microsoft]
"""
HR = """\
mail,status,ticket
settled@example.com,active,
leaver@example.com,terminated,HR-7
waiting@example.com,active,
"""
PROGRAM = """\
import pathlib, sys
pathlib.Path('runs').open('a').write('x')
sys.stdout.write(pathlib.Path('hr.csv').read_text())
"""


@pytest.fixture
def fed(project: Project) -> Project:
    """The leavers come from a command that counts how often it runs."""
    project.write("export.py", PROGRAM)
    project.write("hr.csv", HR)
    project.write("manifests/people.yaml", MANIFEST)
    text = (project.folder / "reconciler.yaml").read_text()
    command = json.dumps([sys.executable, "export.py"])
    project.write("reconciler.yaml", f"{text}inputs: {{hr: {{command: {command}, format: csv}}}}\n")
    return project


def runs_of_the_command(project: Project) -> int:
    return len((project.folder / "runs").read_text())


def test_an_apply_disconnects_what_a_row_and_an_entry_ask_for_and_nothing_else(
    fed: Project,
) -> None:
    assert fed.run("apply", "--auto-approve") == 0
    assert fed.mutations() == sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])
    assert runs_of_the_command(fed) == 1


def test_a_plan_shows_the_place_of_a_row(fed: Project) -> None:
    assert fed.run("plan", "-f", "json") == 0
    places = json.loads(fed.out)["envelope"]["sources"]
    assert places == {
        "leaver@example.com": "input hr:3",
        "mover@example.com": "manifests/people.yaml:10:5",
    }


def test_applying_a_saved_plan_reads_the_input_again(fed: Project) -> None:
    assert fed.run("plan", "-o", "PLAN") == 0
    assert fed.run("apply", "PLAN") == 0
    assert runs_of_the_command(fed) == 2


@pytest.mark.parametrize("command", [["plan"], ["apply", "--auto-approve"], ["doctor"]])
@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("print('mail,status,ticket')", "input hr: there are no records"),
        ("", "wrote nothing"),
        (PROGRAM + "sys.exit('the token has expired')", "status 1: the token has expired"),
        ("print('mail,status,ticket\\n\"a')", "input hr:2: a quoted value of this record never"),
        ("print('mail,ticket\\na,b')", "input hr:1: there is no column `status`"),
    ],
)
def test_an_input_that_fails_ends_every_command_and_nothing_is_changed(
    fed: Project, command: list[str], program: str, message: str
) -> None:
    fed.write("export.py", program)
    assert fed.run(*command) == 65
    assert message in fed.err + fed.out
    assert fed.mutations() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "-o", "manifests/hr.csv"),
        ("apply", "--auto-approve", "--report", "json=manifests/hr.csv"),
        ("import", "--missing", "-o", "manifests/hr.csv"),
        ("validate", "--report", "json=manifests/hr.csv"),
    ],
    ids=" ".join,
)
def test_no_output_replaces_the_file_of_a_source(
    project: Project, arguments: tuple[str, ...]
) -> None:
    table = project.write("manifests/hr.csv", "mail\nleaver@example.com\n")
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\n"
        "sources: [{name: hr, file: hr.csv, id: mail, platforms: [], reason: left}]\n",
    )
    assert project.run(*arguments) == 64
    assert table.read_text() == "mail\nleaver@example.com\n"
    assert project.mutations() == []


def test_validate_runs_no_input_and_says_what_it_leaves_out(fed: Project) -> None:
    assert fed.run("validate") == 0
    assert not (fed.folder / "runs").exists()
    assert "Valid: 1 user in 1 file" in fed.out
    assert "the input hr is not run here: its users are neither checked nor counted" in fed.err


def test_what_looks_like_a_formula_is_text_and_none_in_a_table(project: Project) -> None:
    formula = "=cmd|' /C calc'!A0"
    project.write("manifests/hr.csv", f"mail\n{formula}\n@sum\nsettled@example.com\n")
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\n"
        "sources: [{name: staff, file: hr.csv, id: mail, platforms: [google, microsoft]}]\n",
    )
    assert project.run("plan", "-f", "json") == 0
    assert {entry["user"] for entry in json.loads(project.out)["content"]["pending"]} == {
        formula,
        "@sum",
        "settled@example.com",
    }
    assert project.run("pending", "-f", "csv") == 0
    cells = [cell for line in csv.reader(StringIO(project.out)) for cell in line]
    assert any(formula in cell for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "@", "+", "-"))] == []
