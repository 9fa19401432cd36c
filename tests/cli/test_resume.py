"""``reconciler resume``: what was never begun is done, by the old plan; everything else is not."""

import json
from contextlib import suppress
from typing import Any

import pytest

from reconciler.domain import Platform
from reconciler.ledger.open_run import OpenRun
from reconciler.runs import JournalFailed
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project

BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])


def _stopped_after_the_leaver(project: Project, *plan: str) -> str:
    """A run that stops at the leaver's failure, before the mover; its id."""
    project.fail(
        Fault(
            kind=FaultKind.STATUS,
            status=400,
            match=Match(endpoint="disconnect", external_id="leaver@*"),
        )
    )
    options = plan or ("--auto-approve",)
    arguments = ("--max-failures", "0", "--parallelism", "1", "--format", "json")
    assert project.run("apply", *options, *arguments) == 4
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]
    return str(json.loads(project.out)["run"])


def _results(project: Project) -> dict[str, str]:
    document: Any = json.loads(project.out)
    return {result["user"]: result["outcome"] for result in document["results"]}


def _only_run(project: Project) -> dict[str, Any]:
    """The one run that the ledger holds."""
    project.run("runs", "--format", "json")
    (run,) = json.loads(project.out)["runs"]
    return dict(run)


def _the_disk_fills_up_at(
    project: Project, monkeypatch: pytest.MonkeyPatch, method: str, forget: str, value: object
) -> None:
    """An apply whose ledger takes down ``method``'s record and says that it could not, so that the
    run does not know it in ``forget``."""
    real = getattr(OpenRun, method)

    def unconfirmed(run: OpenRun, *said: Any) -> None:
        real(run, *said)
        setattr(run, forget, value)
        raise JournalFailed("the disk is full")

    with monkeypatch.context() as failing:
        failing.setattr(OpenRun, method, unconfirmed)
        assert project.run("apply", "--auto-approve") == 75


def test_what_was_never_begun_is_done_and_the_rest_is_carried_over(project: Project) -> None:
    run = _stopped_after_the_leaver(project)
    assert project.run("resume", run, "--format", "json") == 4
    assert _results(project) == {"leaver@example.com": "failed", "mover@example.com": "verified"}
    assert json.loads(project.out)["resumes"] == run
    assert project.mutations() == BOTH


def test_a_saved_plan_can_be_resumed_although_it_was_used(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    run = _stopped_after_the_leaver(project, "plan.json")
    assert project.run("apply", "plan.json") == 5
    assert project.run("resume", run[:8]) == 4
    assert project.mutations() == BOTH


def test_a_run_is_resumed_once_and_then_its_successor(project: Project) -> None:
    run = _stopped_after_the_leaver(project)
    project.run("resume", run, "--format", "json")
    successor = json.loads(project.out)["run"]
    assert project.run("resume", run) == 5
    assert successor in project.err
    assert project.run("resume", successor) == 4
    assert project.mutations() == BOTH


class _Died(BaseException):
    """What a kill is to a command in the tests' own process."""


def test_a_resumption_that_died_before_it_carried_over_forgets_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _stopped_after_the_leaver(project)

    def die(*_: object) -> None:
        raise _Died

    with monkeypatch.context() as dying:
        dying.setattr(OpenRun, "outcome", die)
        dying.setattr(OpenRun, "run_closed", die)
        with suppress(_Died):
            project.run("resume", run)
    assert project.run("runs", "--format", "json") == 0
    successor = json.loads(project.out)["runs"][0]["run"]
    assert successor != run
    project.run("resume", successor, "--format", "json")
    assert _results(project)["leaver@example.com"] == "failed"
    assert project.mutations().count(LEAVER_LOSES_GOOGLE) == 1


def test_a_run_is_not_continued_once_the_manifests_mean_something_else(project: Project) -> None:
    run = _stopped_after_the_leaver(project)
    path = project.folder / "manifests/people.yaml"
    path.write_text(path.read_text().replace("platforms: [microsoft]", "platforms: [google]", 1))
    assert project.run("resume", run) == 5
    assert "plan again" in project.err
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]


CONTRACTORS = """\
rules:
  - name: contractors
    match: {email: "*@c.example.com"}
    platforms: []
    reason: SEC-12
    mode: enforce
"""
FIRST, SECOND = (
    ("POST", "/api/v1/calendar/user/disconnect/", "carl@example.com", platform)
    for platform in ("google", "microsoft")
)


def _stopped_between_two_calls(project: Project) -> str:
    """A run that stops when half of what a rule asks for is done; its id."""
    people = project.folder / "manifests/people.yaml"
    people.write_text(people.read_text() + CONTRACTORS)
    project.populate(
        "{external_id: carl@example.com, connected:"
        " {google: carl@c.example.com, microsoft: carl@example.com}}",
        "{external_id: leaver@example.com, connected: {google: leaver@example.com}}",
    )
    project.fail(
        Fault(
            kind=FaultKind.STATUS,
            status=400,
            match=Match(endpoint="disconnect", external_id="leaver@*"),
        )
    )
    arguments = ("--max-failures", "0", "--parallelism", "1", "--format", "json")
    assert project.run("apply", "--auto-approve", *arguments) == 4
    assert project.mutations() == [FIRST, LEAVER_LOSES_GOOGLE]
    return str(json.loads(project.out)["run"])


def test_what_the_run_disconnected_itself_does_not_end_the_rule_that_asked_for_it(
    project: Project,
) -> None:
    run = _stopped_between_two_calls(project)
    assert project.run("resume", run) == 4
    assert project.mutations() == [FIRST, SECOND, LEAVER_LOSES_GOOGLE]


def test_a_rule_that_matches_no_more_ends_what_was_left_of_it(project: Project) -> None:
    run = _stopped_between_two_calls(project)
    project.sandbox.connect("carl@example.com", Platform.GOOGLE, "carl@example.com")
    assert project.run("resume", run) == 4
    assert "a rule that asked for it no longer matches the user" in project.out
    assert project.mutations() == [FIRST, LEAVER_LOSES_GOOGLE]


def test_guards_judge_what_is_left_of_a_resumed_run(project: Project) -> None:
    run = _stopped_after_the_leaver(project)
    project.configure("limits: {maxDisconnects: 0}")
    assert project.run("resume", run) == 3
    assert project.run("resume", run, "--allow", "max-disconnects") == 4
    assert project.mutations() == BOTH


def test_a_refused_run_has_nothing_to_resume(project: Project) -> None:
    project.configure("limits: {maxDisconnects: 0}")
    project.run("apply", "--auto-approve")
    run = _only_run(project)
    assert project.run("resume", run["run"]) == 5
    assert "refused" in project.err
    assert project.mutations() == []


def test_a_refusal_that_the_ledger_failed_to_confirm_has_nothing_to_resume(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.configure("limits: {maxDisconnects: 0}")
    _the_disk_fills_up_at(project, monkeypatch, "refused", "_over", value=False)
    run = _only_run(project)
    assert run["state"] == "refused"
    project.configure("")
    assert project.run("resume", run["run"]) == 5
    assert project.mutations() == []


def test_a_run_that_was_stopped_before_it_acted_has_nothing_to_resume(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    _the_disk_fills_up_at(project, monkeypatch, "run_opened", "_began", value=None)
    run = _only_run(project)
    assert project.run("resume", run["run"]) == 5
    assert "was stopped before it acted: plan again" in project.err
    assert project.mutations() == []


def test_a_run_that_did_everything_can_be_resumed_and_does_nothing(project: Project) -> None:
    assert project.run("apply", "--auto-approve", "--format", "json") == 0
    run = json.loads(project.out)["run"]
    assert project.run("resume", run) == 0
    assert project.mutations() == BOTH
