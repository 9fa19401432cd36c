"""``reconciler pending``: who has to connect what, and since when."""

import csv
import json
from io import StringIO

import pytest

from reconciler.sandbox import Fault, FaultKind
from tests.cli.project import Project


@pytest.fixture
def waiting(project: Project) -> Project:
    """Somebody has to connect microsoft, somebody google, and an id is misspelt."""
    project.populate(
        "{external_id: settled@example.com, connected: {google: settled@example.com}}",
        "{external_id: '0042', connected: {google: mia@example.com}}",
    )
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\nusers:\n"
        "  - {id: settled@example.com, platforms: [google]}\n"
        "  - {id: '0042', platforms: [google, microsoft]}\n"
        "  - {id: new@example.com, platforms: [google]}\n"
        "  - {id: leaver@example.com, platforms: [], reason: left}\n",
    )
    return project


def pending(project: Project, *options: str) -> list[tuple[object, ...]]:
    assert project.run("pending", "-f", "json", *options) == 0
    return [
        (entry["user"], entry["platform"], entry["email"], entry["since"])
        for entry in json.loads(project.out)["pending"]
    ]


def test_who_has_to_connect_is_listed_with_an_email_and_since_when(waiting: Project) -> None:
    assert pending(waiting) == [
        ("0042", "microsoft", "mia@example.com", None),
        ("new@example.com", "google", None, None),
    ]
    assert waiting.run("apply", "--auto-approve") == 0
    waiting.run("runs", "-f", "json")
    first = json.loads(waiting.out)["runs"][0]["opened"]
    waiting.run("apply", "--auto-approve")
    assert pending(waiting) == [
        ("0042", "microsoft", "mia@example.com", first),
        ("new@example.com", "google", None, first),
    ]
    assert waiting.run("sandbox", "connect", "0042", "microsoft") == 0
    assert pending(waiting) == [("new@example.com", "google", None, first)]


def test_text_counts_people_and_says_where_there_is_no_ledger(waiting: Project) -> None:
    assert waiting.run("pending") == 0
    assert "no run shows since when" in waiting.out
    assert waiting.out.splitlines()[-1] == (
        "Pending: 2 people have to connect 2 platforms. 1 id was not found; `reconciler plan` shows"
        " them."
    )


def test_a_selection_narrows_who_is_listed(waiting: Project) -> None:
    assert [entry[0] for entry in pending(waiting, "--select", "new*")] == ["new@example.com"]
    assert waiting.run("pending", "--select", "nobody") == 64


def test_runs_of_a_stack_are_read_where_it_is_named(waiting: Project) -> None:
    waiting.run("apply", "--auto-approve")
    stack = pending(waiting, "--stack", "acme/fleet/prod")
    assert [entry[3] for entry in stack] == [None, None]
    assert waiting.run("pending", "--stack", "prod") == 64


def test_a_table_goes_to_standard_output_or_to_a_file(waiting: Project) -> None:
    assert waiting.run("pending", "-f", "csv", "--report", "csv=who.csv") == 0
    _, first, second = csv.reader(StringIO(waiting.out))
    assert first[:3] == ["0042", "mia@example.com", "microsoft"]
    assert second[:3] == ["new@example.com", "", "google"]
    assert (waiting.folder / "who.csv").read_text() == waiting.out


def test_an_incomplete_list_names_nobody(waiting: Project) -> None:
    waiting.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert waiting.run("pending", "-f", "csv", "--report", "csv=who.csv") == 6
    assert waiting.out == ""
    assert "error:" in waiting.err
    head, *_ = (waiting.folder / "who.csv").read_text().splitlines()
    assert head == "status,error,what_to_do"


def test_a_ledger_that_cannot_be_read_hides_nobody(waiting: Project) -> None:
    waiting.write(".reconciler/ledger.db", "nonsense")
    assert pending(waiting)[0][0] == "0042"
    assert json.loads(waiting.out)["memory"]["state"] == "unreadable"


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "-f", "csv"),
        ("--format", "csv", "rules"),
        ("rules", "--report", "csv=a.csv"),
        ("explain", "mover@example.com", "-f", "csv"),
    ],
    ids=" ".join,
)
def test_a_command_without_a_table_refuses_to_write_one_before_it_does_anything(
    project: Project, arguments: tuple[str, ...]
) -> None:
    assert project.run(*arguments) == 64
    assert "this command does not write csv: choose one of text, json" in project.err
    assert project.requests() == ()
    assert not (project.folder / "a.csv").exists()


def test_reading_who_is_pending_sends_nothing_but_get(waiting: Project) -> None:
    pending(waiting)
    assert waiting.methods() == {"GET"}
