"""A list with a row that lacks what the API documents is incomplete, whatever the command."""

import json
from typing import Any, Final

import pytest

from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project

LEAVER: Final[dict[str, Any]] = {"id": "x1", "external_id": "leaver@example.com"}
STAYS: Final[dict[str, Any]] = {
    "id": "x2",
    "external_id": "settled@example.com",
    "connections": [{"platform": "google", "connected": True, "email": None, "id": "c-2"}],
}
UNREADABLE: Final = {
    "no connections": LEAVER,
    "null connections": {**LEAVER, "connections": None},
    "no external id": {"id": "x1", "connections": []},
    "an unknown state": {**LEAVER, "connections": [{"platform": "google", "connected": None}]},
}


def lists(project: Project, *rows: dict[str, Any]) -> None:
    """The API lists these rows from now on."""
    listing = Match(endpoint="list_users")
    body = json.dumps(rows)
    kind = FaultKind.STATUS
    project.fail(Fault(kind=kind, status=200, body=body, match=listing, times="forever"))


@pytest.fixture(params=list(UNREADABLE.values()), ids=list(UNREADABLE))
def unreadable(project: Project, request: pytest.FixtureRequest) -> Project:
    lists(project, request.param, STAYS)
    return project


def test_a_plan_is_incomplete_and_counts_nobody_unread_as_converged(unreadable: Project) -> None:
    assert unreadable.run("plan", "--detailed-exitcode", "--format", "json") == 6
    content = json.loads(unreadable.out)["content"]
    assert content["fleet"]["converged"] == 1
    assert "leaver@example.com" in {entry["user"] for entry in content["undetermined"]}
    assert "page 1, row 0" in content["problems"][0]


def test_an_apply_is_incomplete_and_sends_nothing(unreadable: Project) -> None:
    assert unreadable.run("apply", "--auto-approve") == 6
    assert unreadable.methods() == {"GET"}


def test_doctor_does_not_call_it_readable(unreadable: Project) -> None:
    assert unreadable.run("doctor") == 6
    assert "all readable" not in unreadable.out
    assert "the list of calendar users is incomplete: page 1, row 0" in unreadable.out


def test_an_import_is_refused_and_writes_nothing(unreadable: Project) -> None:
    assert unreadable.run("import", "-o", "imported.yaml") == 6
    assert not (unreadable.folder / "imported.yaml").exists()


def test_a_refused_disconnect_whose_read_back_lacks_connections_is_unknown(
    project: Project,
) -> None:
    project.configure("timeouts: {readBackSeconds: 0.2}")
    for user in project.sandbox.users():
        name = user.external_id
        body = json.dumps({"id": user.id, "external_id": name})
        read = Match(endpoint="get_user", external_id=name)
        call = Match(endpoint="disconnect", external_id=name)
        kind = FaultKind.STATUS
        project.fail(
            Fault(kind=kind, status=500, match=call),
            Fault(kind=kind, status=200, body=body, match=read, skip=1, times="forever"),
        )
    assert project.run("apply", "--auto-approve", "--format", "json") == 4
    results = json.loads(project.out)["results"]
    assert {(r["user"], r["outcome"], r["cause"]) for r in results} == {
        ("leaver@example.com", "unknown", "not_readable"),
        ("mover@example.com", "unknown", "not_readable"),
    }
    assert project.mutations() == sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])
