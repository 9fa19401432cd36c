"""``reconciler explain``: everything about one user."""

import json

import pytest

from reconciler.sandbox import Fault, FaultKind
from tests.cli.project import Project


@pytest.fixture
def fleet(project: Project) -> Project:
    """A leaver by a row, a contractor by a rule, and somebody in a group."""
    project.populate(
        "{external_id: leaver@example.com, connected: {google: l@example.com}}",
        "{external_id: c-1, connected: {google: c1@contractor.example.com}}",
        "{external_id: '0042', connected: {google: mia@example.com}}",
        "{external_id: settled@example.com, connected: {google: s@example.com}}",
    )
    project.write("manifests/left.csv", "mail\nleaver@example.com\n")
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\n"
        "defaults: {platforms: [google]}\n"
        "groups:\n"
        "  movers: {platforms: [google, microsoft], reason: moves}\n"
        "sources:\n"
        "  - {name: hr, file: left.csv, id: mail, platforms: [], reason: left}\n"
        "rules:\n"
        "  - name: contractors\n"
        '    match: {email: "*@contractor.example.com"}\n'
        "    platforms: []\n"
        "    reason: SEC-12\n"
        "    mode: enforce\n"
        "users:\n"
        "  - {id: '0042', group: movers}\n"
        "  - {id: settled@example.com}\n",
    )
    return project


def layers(project: Project, user: str) -> list[tuple[str, str, str]]:
    assert project.run("explain", user, "-f", "json") == 0
    return [
        (layer["kind"], layer["place"].removeprefix("manifests/"), layer["state"])
        for layer in json.loads(project.out)["layers"]
    ]


def test_every_layer_is_shown_with_its_place(fleet: Project) -> None:
    assert layers(fleet, "0042") == [
        ("entry", "people.yaml:14:5", "counts"),
        ("group", "people.yaml:4:3", "counts"),
        ("defaults", "people.yaml:2:1", "counts"),
    ]
    assert layers(fleet, "leaver@example.com") == [
        ("row", "left.csv:2", "counts"),
        ("source", "people.yaml:6:5", "counts"),
        ("defaults", "people.yaml:2:1", "counts"),
    ]
    assert layers(fleet, "c-1") == [("rule", "people.yaml:8:5", "counts")]


def test_text_says_what_would_be_done_and_what_was(fleet: Project) -> None:
    assert fleet.run("explain", "leaver@example.com") == 0
    assert "  disconnect google: the manifest wants nothing connected" in fleet.out
    fleet.run("apply", "--auto-approve")
    assert fleet.run("explain", "leaver@example.com") == 0
    assert "  do nothing: the user is as declared" in fleet.out
    assert "verified: `reconciler runs " in fleet.out
    assert fleet.run("explain", "0042") == 0
    assert "  wait for microsoft (since 2" in fleet.out


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("mia@example.com", "it is an e-mail of '0042'"),
        ("Leaver@example.com", "did you mean 'leaver@example.com' (another case)?"),
        ("somebody", "Recall.ai does not list them"),
    ],
)
def test_somebody_unknown_is_bad_usage_with_who_may_be_meant(
    fleet: Project, user: str, said: str
) -> None:
    assert fleet.run("explain", user) == 64
    assert said in fleet.err


def test_an_incomplete_list_is_6_whether_the_user_is_known_or_not(fleet: Project) -> None:
    fleet.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert fleet.run("explain", "0042") == 6
    assert "an incomplete list" in fleet.out
    fleet.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert fleet.run("explain", "nobody") == 6
    assert fleet.out == ""


def test_a_hostile_id_is_shown_harmlessly(fleet: Project) -> None:
    fleet.populate('{external_id: "esc\\u001b[2J@example.com", connected: {google: a@b.c}}')
    assert fleet.run("explain", "esc\x1b[2J@example.com") == 0
    assert "\x1b" not in fleet.out
    assert fleet.run("explain", "esc\x1b[2K@example.com") == 64
    assert "\x1b" not in fleet.err


def test_a_ledger_that_cannot_be_read_hides_nothing_else(fleet: Project) -> None:
    fleet.write(".reconciler/ledger.db", "nonsense")
    assert fleet.run("explain", "0042") == 0
    assert "cannot be read" in fleet.out
    assert "wait for microsoft" in fleet.out


def test_explaining_sends_nothing_but_get(fleet: Project) -> None:
    fleet.run("explain", "0042")
    assert fleet.methods() == {"GET"}
