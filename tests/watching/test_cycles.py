"""Cycles: they look and never act, and survive whatever is wrong with what they look at."""

from pathlib import Path

import pytest

from reconciler.domain import Exit
from reconciler.recall import CalendarWriter
from reconciler.sandbox import Fault, FaultKind, Match
from reconciler.watching.snapshot import CycleResult
from tests.cli.project import Project, another_run
from tests.watching.watched import Watched

LIST = "/api/v1/calendar/users/"
OUTAGE = Fault(kind=FaultKind.STATUS, status=500, match=Match(endpoint="list_users"))


def test_cycles_send_nothing_but_list_calls_whatever_drifts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a watch made a writer")

    monkeypatch.setattr(CalendarWriter, "__init__", refuse)
    watched = Watched(project.folder)
    for _ in range(5):
        assert watched.cycle().result is CycleResult.OK
    project.populate(
        "{external_id: mover@example.com, connected: {google: m@example.com}}",
        "{external_id: settled@example.com, connected: {microsoft: s@example.com}}",
    )
    for _ in range(5):
        watched.cycle()
    assert {(entry.method, entry.path) for entry in project.requests()} == {("GET", LIST)}


def test_the_watching_room_names_nothing_that_acts() -> None:
    room = Path(__file__).parents[2] / "reconciler" / "watching"
    text = "".join(path.read_text() for path in room.glob("*.py"))
    assert not [word for word in ("Writer", ".writer", "acting_run", "carry_out") if word in text]


def test_a_cycle_plans_what_plan_would_plan(project: Project) -> None:
    report = Watched(project.folder).cycle().current
    assert report is not None
    assert {(action.user, action.key) for action in report.plan.content.actions} == {
        ("leaver@example.com", "disconnect google of leaver@example.com"),
        ("mover@example.com", "disconnect google of mover@example.com"),
    }


def test_an_outage_leaves_the_last_plan_with_its_age_and_no_current_one(project: Project) -> None:
    watched = Watched(project.folder)
    before = watched.cycle()
    project.fail(OUTAGE)
    after = watched.cycle()
    assert after.result is CycleResult.FAILED
    assert after.current is None
    assert (after.report, after.observed_at, after.good_at) == (
        before.report,
        before.observed_at,
        before.good_at,
    )
    assert after.failure is not None
    assert after.failure.status == Exit.UNREACHABLE
    project.sandbox.clear_faults()
    assert watched.cycle().healthy


def test_broken_manifests_leave_the_last_good_ones_in_force(project: Project) -> None:
    watched = Watched(project.folder)
    before = watched.cycle()
    good = (project.folder / "manifests/people.yaml").read_text()
    project.write("manifests/people.yaml", "apiVersion: reconciler/v1\nusers: [{id: 7}]\n")
    project.populate("{external_id: mover@example.com, connected: {google: m@example.com}}")
    broken = watched.cycle()
    assert broken.result is CycleResult.STALE
    assert not broken.healthy
    assert [str(p.location) for p in broken.manifests.problems] == ["manifests/people.yaml:2:14"]
    assert broken.manifests.good_at == before.manifests.good_at
    assert broken.current is not None
    assert broken.current.plan.content.fleet.declared == 4
    assert broken.current.plan.content.fleet.observed == 1
    project.write("manifests/people.yaml", good)
    assert watched.cycle().manifests.problems == ()


def test_manifests_that_were_never_good_make_no_plan(project: Project) -> None:
    project.write("manifests/people.yaml", "users: 7\n")
    snapshot = Watched(project.folder).cycle()
    assert snapshot.report is None
    assert snapshot.failure is not None
    assert snapshot.failure.status == Exit.INVALID


def test_a_broken_configuration_leaves_the_last_good_one_in_force(project: Project) -> None:
    watched = Watched(project.folder)
    watched.cycle()
    good = (project.folder / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", "apiVersion: reconciler/v1\nworkspaces: {}\n")
    broken = watched.cycle()
    assert broken.result is CycleResult.STALE
    assert broken.configuration.problems
    assert not broken.healthy
    project.write("reconciler.yaml", good)
    assert watched.cycle().healthy


def test_a_changed_configuration_counts_from_the_next_cycle(project: Project) -> None:
    watched = Watched(project.folder)
    watched.cycle()
    project.configure("limits: {maxDisconnects: 0}")
    report = watched.cycle().current
    assert report is not None
    assert report.status == Exit.REFUSED


def test_a_list_that_is_not_whole_is_a_plan_and_no_good_observation(project: Project) -> None:
    watched = Watched(project.folder)
    before = watched.cycle()
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    after = watched.cycle()
    assert after.result is CycleResult.INCOMPLETE
    assert after.current is not None
    assert after.good_at == before.good_at


def test_a_throttled_list_says_how_long_to_wait(project: Project) -> None:
    watched = Watched(project.folder)
    project.fail(
        Fault(
            kind=FaultKind.STATUS,
            status=429,
            headers={"Retry-After": "3600"},
            match=Match(endpoint="list_users"),
        )
    )
    assert watched.cycle().retry_after == 3600
    assert watched.values()['reconciler_api_calls_total{operation="list_users",status="429"}'] == 1


def test_a_defect_ends_a_cycle_and_not_the_watch(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(project.folder)
    with monkeypatch.context() as patched:
        patched.setattr("reconciler.watching.cycles.preview", lambda *_: 1 / 0)
        failed = watched.cycle()
    assert failed.failure is not None
    assert failed.failure.status == Exit.DEFECT
    assert watched.cycle().healthy


def test_a_run_that_holds_the_lock_is_seen_and_not_disturbed(project: Project) -> None:
    watched = Watched(project.folder)
    with another_run(project) as run:
        holder = watched.cycle().ledger.holder
    assert holder is not None
    assert holder.run == run


def test_a_ledger_that_cannot_be_read_is_known_to_be_so(project: Project) -> None:
    ledger = project.folder / ".reconciler/ledger.db"
    ledger.parent.mkdir(exist_ok=True)
    ledger.write_bytes(b"no database at all, whatever it is called")
    watched = Watched(project.folder)
    assert watched.cycle().healthy
    values = watched.values()
    assert values['reconciler_ledger_state{state="unreadable"}'] == 1
    assert "reconciler_dead_runs" not in values
