"""What acting runs leave behind, and what that is good for: history, used plans, the lock."""

import json
import stat
import uuid
from typing import Any

import pytest

from reconciler.domain import Platform
from reconciler.engine import session
from reconciler.engine.commit import Commit, commit_of
from reconciler.sandbox import Fault, FaultKind
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project, another_run
from tests.repository import commit

BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])
LEDGER = ".reconciler/ledger.db"
SHRUNKEN = """\
apiVersion: reconciler/v1
users:
  - id: mover@example.com
    platforms: [microsoft]
  - id: leaver@example.com
    platforms: []
    reason: left (HR-1)
"""


def _document(project: Project) -> Any:
    return json.loads(project.out)


def _runs(project: Project) -> list[dict[str, Any]]:
    assert project.run("runs", "--format", "json") == 0
    runs: list[dict[str, Any]] = _document(project)["runs"]
    return runs


def _guard(project: Project, name: str) -> str:
    verdicts = {g["guard"]: g["judgement"] for g in _document(project)["guards"]}
    return str(verdicts[name])


def test_the_first_run_makes_a_ledger_and_says_where_it_looked(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    path = project.folder / LEDGER
    assert str(path) in project.out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert project.mutations() == BOTH


def test_a_plan_makes_no_ledger_and_says_that_nothing_needing_one_was_judged(
    project: Project,
) -> None:
    assert project.run("plan") == 0
    place = project.folder / LEDGER
    said = f"first run of this workspace, no ledger yet at {place}"
    assert f"3 guards need history and were skipped ({said}).\n" in project.out
    assert " skipped: " not in project.out
    assert not (project.folder / ".reconciler").exists()
    project.run("plan", "--format", "json")
    assert _guard(project, "observed-fleet-shrink") == "not_judged"


def test_a_look_changes_no_byte_of_the_ledger(project: Project) -> None:
    project.run("apply", "--auto-approve")
    path = project.folder / LEDGER
    before = path.read_bytes()
    project.run("plan", "-o", "plan.json")
    project.run("show", "plan.json")
    project.run("doctor")
    project.run("runs")
    assert path.read_bytes() == before


def test_where_a_ledger_is_required_none_is_made_unasked(project: Project) -> None:
    text = (project.folder / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", text + "requireLedger: true\n")
    assert project.run("apply", "--auto-approve") == 3
    assert "--allow new-ledger" in project.err
    assert LEDGER in project.err
    assert project.mutations() == []
    assert project.run("apply", "--auto-approve", "--allow", "new-ledger") == 0
    assert project.mutations() == BOTH
    assert project.run("apply", "--auto-approve") == 0


def test_every_acting_run_is_listed_and_its_story_told(project: Project) -> None:
    project.run("apply", "--auto-approve")
    project.configure("limits: {maxDisconnects: 0}")
    project.sandbox.connect("leaver@example.com", Platform.GOOGLE)
    assert project.run("apply", "--auto-approve") == 3
    refused, applied = _runs(project)
    assert (refused["state"], applied["state"]) == ("refused", "completed")
    assert applied["summary"]["verified"] == 2
    assert project.run("runs", applied["run"][:8], "--format", "json") == 0
    steps = {
        action["action"]["user"]: [step["kind"] for step in action["steps"]]
        for action in _document(project)["actions"]
    }
    expected = ["intent", "answer", "read_back", "outcome"]
    assert steps == {"leaver@example.com": expected, "mover@example.com": expected}


def test_a_run_that_nobody_approves_is_on_record_and_is_no_measure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.run_on_a_terminal(monkeypatch, "no", "apply", "-q") == 130
    (run,) = _runs(project)
    assert run["state"] == "declined"
    project.run("plan", "--format", "json")
    assert _guard(project, "desired-fleet-shrink") == "not_judged"
    assert project.mutations() == []


def test_an_unknown_run_is_bad_usage(project: Project) -> None:
    project.run("apply", "--auto-approve")
    assert project.run("runs", "ffffffff") == 64
    assert project.run("resume", "ffffffff") == 64
    assert project.mutations() == BOTH


def test_without_a_ledger_there_are_no_runs_yet(project: Project) -> None:
    assert project.run("runs") == 0
    place = project.folder / LEDGER
    assert project.out == f"No runs of workspace trial yet in the ledger at {place}.\n"
    assert not place.exists()
    assert project.run("runs", "--format", "json") == 0
    assert _document(project)["runs"] == []


def test_without_a_ledger_there_is_no_run_to_show(project: Project) -> None:
    assert project.run("runs", "0000") == 3
    assert LEDGER in project.err


# Used plans.


def test_a_plan_that_was_applied_is_refused_and_the_run_named(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    assert project.run("apply", "plan.json") == 0
    (run,) = _runs(project)
    project.sandbox.connect("leaver@example.com", Platform.GOOGLE)
    assert project.run("apply", "plan.json") == 5
    assert run["run"] in project.err
    assert project.mutations() == BOTH


def test_showing_a_plan_says_whether_it_was_used(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.run("show", "plan.json", "--format", "json")
    assert _document(project)["memory"]["used_by"] is None
    project.run("apply", "plan.json")
    (run,) = _runs(project)
    for look in (("show", "plan.json"), ("plan", "--against", "plan.json")):
        assert project.run(*look) == 0
        assert run["run"] in project.out
    assert project.mutations() == BOTH


def test_a_plan_can_be_shown_where_there_is_no_configuration(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    (project.folder / "reconciler.yaml").unlink()
    assert project.run("show", "plan.json") == 0
    assert project.run("show", "plan.json", "--config", "gone.yaml") == 65


def test_a_refusal_does_not_use_a_plan(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.configure("limits: {maxDisconnects: 1}")
    assert project.run("apply", "plan.json") == 3
    project.configure("limits: {maxDisconnects: 2}")
    assert project.run("apply", "plan.json") == 0
    assert project.mutations() == BOTH


def test_a_plan_of_another_commit_is_refused_where_the_commit_counts(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    assert project.run("apply", "plan.json", "--same-commit") == 5
    assert "names no git commit" in project.err
    assert project.mutations() == []


def test_a_plan_of_this_commit_is_applied_where_the_commit_counts(project: Project) -> None:
    commit(project.folder, "manifests")
    project.run("plan", "-o", "plan.json")
    assert project.run("apply", "plan.json", "--same-commit") == 0
    assert project.mutations() == BOTH


def test_manifests_that_are_not_as_committed_are_of_no_commit(project: Project) -> None:
    manifest = project.folder / "manifests/people.yaml"
    commit(project.folder, "manifests")
    manifest.write_text(f"# not committed\n{manifest.read_text()}")
    project.run("plan", "-o", "plan.json")
    assert project.run("apply", "plan.json", "--same-commit") == 5
    assert "uncommitted changes" in project.err
    commit(project.folder, "manifests")
    assert project.run("apply", "plan.json", "--same-commit") == 5
    assert project.mutations() == []


def test_what_git_hides_is_named_where_the_commit_counts(project: Project) -> None:
    (project.folder / ".gitignore").write_text("local*.yaml\n")
    commit(project.folder, "manifests", ".gitignore")
    project.run("plan", "-o", "plan.json")
    (project.folder / "manifests/local.yaml").write_text("apiVersion: reconciler/v1\nusers: []\n")
    assert project.run("apply", "plan.json", "--same-commit") == 5
    assert "have uncommitted changes: `manifests/local.yaml` is not in HEAD" in project.err
    assert project.mutations() == []


def test_git_is_asked_once_in_a_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(project.folder, "manifests")
    asked: list[object] = []

    def count(*arguments: object) -> Commit:
        asked.append(arguments)
        return commit_of(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "commit_of", count)
    project.run("plan", "-o", "plan.json")
    assert project.run("apply", "plan.json", "--same-commit") == 0
    assert project.mutations() == BOTH
    assert len(asked) == 2  # by the plan, and by the run


def test_the_commit_counts_only_for_a_saved_plan(project: Project) -> None:
    assert project.run("apply", "--auto-approve", "--same-commit") == 64
    assert project.mutations() == []


# What changed since a plan was made.


def test_a_plan_refused_for_its_manifests_shows_what_changed(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.write("manifests/people.yaml", SHRUNKEN.replace("[microsoft]", "[google, microsoft]"))
    assert project.run("apply", "plan.json", "--format", "json") == 5
    changes = _document(project)["changes"]
    assert changes["manifests"] is True
    assert [gone["action"]["user"] for gone in changes["gone"]] == ["mover@example.com"]
    assert project.mutations() == []


def test_a_plan_refused_by_a_guard_shows_what_changed(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.configure("limits: {maxDisconnects: 1}")
    assert project.run("apply", "plan.json", "--format", "json") == 3
    changes = _document(project)["changes"]
    assert changes["configuration"] is True
    assert [g["guard"] for g in changes["guards"]] == ["max-disconnects"]
    assert project.mutations() == []


def test_stale_actions_come_with_what_changed(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.sandbox.disconnect("leaver@example.com", Platform.GOOGLE)
    assert project.run("apply", "plan.json", "--format", "json") == 4
    gone = _document(project)["changes"]["gone"]
    assert [(g["action"]["user"], g["standing"]) for g in gone] == [("leaver@example.com", "done")]
    assert project.mutations() == [MOVER_LOSES_GOOGLE]


def test_a_plan_can_be_compared_without_being_applied(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.sandbox.connect("leaver@example.com", Platform.MICROSOFT)
    assert project.run("plan", "--against", "plan.json", "--format", "json") == 0
    changes = _document(project)["changes"]
    added = [(action["user"], action["platform"]) for action in changes["added"]]
    assert added == [("leaver@example.com", "microsoft")]
    assert changes["kept"] == 2
    assert project.methods() == {"GET"}


def test_a_comparison_takes_its_selection_from_the_plan(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    assert project.run("plan", "--against", "plan.json", "--select", "mover*") == 64


# Shrinkage.


def test_manifests_that_shrank_are_refused_until_it_is_allowed(project: Project) -> None:
    project.run("apply", "--auto-approve")
    project.sandbox.connect("leaver@example.com", Platform.GOOGLE)
    project.write("manifests/people.yaml", SHRUNKEN)
    assert project.run("plan", "--format", "json") == 3
    assert _guard(project, "desired-fleet-shrink") == "refused"
    assert project.run("apply", "--auto-approve") == 3
    assert project.mutations() == BOTH
    assert project.run("apply", "--auto-approve", "--allow", "observed-fleet-shrink") == 3
    assert project.run("apply", "--auto-approve", "--allow", "desired-fleet-shrink") == 0
    assert project.mutations() == sorted([*BOTH, LEAVER_LOSES_GOOGLE])
    assert project.run("apply", "--auto-approve") == 0


def test_a_fleet_that_was_refused_does_not_become_the_measure(project: Project) -> None:
    project.run("apply", "--auto-approve")
    project.write("manifests/people.yaml", SHRUNKEN)
    assert [project.run("apply", "--auto-approve") for _ in range(3)] == [3, 3, 3]


def test_a_list_that_shrank_is_refused(project: Project) -> None:
    project.run("apply", "--auto-approve")
    project.sandbox.connect("leaver@example.com", Platform.GOOGLE)
    project.fail(Fault(kind=FaultKind.TRUNCATED_LIST, keep=3, times="forever"))
    assert project.run("apply", "--auto-approve") == 3
    assert "--allow observed-fleet-shrink" in project.out
    assert project.mutations() == BOTH


def test_another_address_has_a_history_of_its_own(project: Project) -> None:
    project.run("apply", "--auto-approve")
    text = (project.folder / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", text.replace("state/sandbox.db", "state/another.db"))
    project.write("manifests/people.yaml", SHRUNKEN)
    assert project.run("plan", "--format", "json") == 0
    assert _guard(project, "desired-fleet-shrink") == "not_judged"


# The lock.


def test_a_second_run_is_told_who_holds_the_lock(project: Project) -> None:
    with another_run(project) as holder:
        assert project.run("apply", "--auto-approve") == 75
        assert project.run("apply", "--auto-approve", "--lock-timeout", "0.1") == 75
        assert holder in project.err
        assert "unlock" in project.err
        assert project.run("plan") == 0
    assert project.requests() != ()
    assert project.mutations() == []
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH


def test_a_lock_can_be_taken_away_by_the_id_of_its_run_alone(project: Project) -> None:
    with another_run(project) as holder:
        assert project.run("unlock", str(uuid.uuid4())) == 64
        assert project.run("unlock", holder) == 0
        assert holder in project.out
        assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH


# A ledger that will not do.


def test_with_a_ledger_that_cannot_be_used_nothing_is_done_but_looked(project: Project) -> None:
    project.write(LEDGER, "this is no database, and it is long enough to be taken for one" * 20)
    assert project.run("apply", "--auto-approve") == 65
    assert LEDGER in project.err
    assert project.mutations() == []
    assert project.run("plan") == 0
    assert "skipped" in project.out
    assert project.run("doctor") == 65


def test_doctor_says_how_the_ledger_is(project: Project) -> None:
    assert project.run("doctor") == 0
    assert "creates one" in project.out
    project.run("apply", "--auto-approve")
    assert project.run("doctor") == 0
    assert "can be read" in project.out


@pytest.mark.parametrize("arguments", [("runs",), ("unlock", "0" * 36)])
def test_a_command_about_runs_sends_nothing(project: Project, arguments: tuple[str, ...]) -> None:
    project.run("apply", "--auto-approve")
    before = len(project.requests())
    project.run(*arguments)
    assert len(project.requests()) == before
