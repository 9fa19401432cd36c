"""A watch notifies of drift once a change, whatever the ledger and the targets do."""

import os

import pytest

from reconciler.reporting import Delivery
from reconciler.sandbox import Fault, FaultKind
from tests.cli.project import Project, another_run
from tests.notifying.receiver import HMAC_KEY, Receiver, webhook
from tests.recall.scripted_server import reply
from tests.watching.watched import Watched

DRIFTED = ("drift", "Workspace trial differs from its manifests: 2 to disconnect, 1 held")


@pytest.fixture
def watched(project: Project, receiver: Receiver) -> Watched:
    project.configure(webhook())
    return _watched(project)


def _watched(project: Project) -> Watched:
    watched = Watched(project.folder)
    watched.cycles.environ = os.environ
    return watched


def _deliveries(watched: Watched) -> tuple[Delivery, ...]:
    report = watched.cycle().report
    assert report is not None
    return report.deliveries


def _with_a_ledger(project: Project) -> None:
    with another_run(project):
        pass


def test_drift_is_notified_once_a_change_and_its_end(
    project: Project, receiver: Receiver, watched: Watched
) -> None:
    _with_a_ledger(project)
    for _ in range(3):
        watched.cycle()
    assert receiver.titles() == [DRIFTED]
    project.populate(
        "{external_id: mover@example.com, connected: {google: m@x.example, microsoft: m@x.example}}"
    )
    for _ in range(3):
        watched.cycle()
    one = ("drift", "Workspace trial differs from its manifests: 1 to disconnect")
    assert receiver.titles()[1:] == [one]
    project.populate("{external_id: mover@example.com, connected: {microsoft: m@example.com}}")
    for _ in range(3):
        watched.cycle()
    assert receiver.titles()[2:] == [("drift", "Workspace trial matches its manifests again")]
    assert [body["over"] for body in receiver.received()] == [False, False, True]
    assert project.mutations() == []


def test_a_link_that_needs_a_run_is_not_left_out_without_a_word(
    project: Project, receiver: Receiver
) -> None:
    project.configure(webhook("link: 'https://ci.example/{run}'"))
    _watched(project).cycle()
    (body,) = receiver.received()
    assert body["link"] is None
    assert body["lines"][-1] == "There is no link: it needs a run, and no run is behind this."


def test_another_watch_knows_from_the_ledger_what_was_notified(
    project: Project, receiver: Receiver, watched: Watched
) -> None:
    _with_a_ledger(project)
    watched.cycle()
    _watched(project).cycle()
    assert receiver.titles() == [DRIFTED]


def test_before_the_first_run_a_watch_makes_the_ledger_and_the_next_one_knows(
    project: Project, receiver: Receiver, watched: Watched
) -> None:
    (first,) = _deliveries(watched)
    assert (first.state, first.cause) == ("delivered", None)
    assert _deliveries(_watched(project)) == ()
    assert receiver.titles() == [DRIFTED]
    assert project.mutations() == []


def test_without_a_ledger_that_is_required_the_watch_remembers_and_says_so(
    project: Project, receiver: Receiver
) -> None:
    project.configure(webhook() + "\nrequireLedger: true")
    watched = _watched(project)
    (first,) = _deliveries(watched)
    assert (first.state, first.cause) == ("delivered", "not_recorded")
    assert _deliveries(watched) == ()
    assert not (project.folder / ".reconciler").exists()
    project.configure(webhook())
    _with_a_ledger(project)
    assert _deliveries(watched) == ()
    _watched(project).cycle()
    assert receiver.titles() == [DRIFTED]


def test_a_delivery_that_failed_is_made_again_in_the_next_cycle_with_the_same_id(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_a_ledger(project)
    with Receiver(reply(400), reply(204)) as receiver:
        monkeypatch.setenv("HOOK_URL", receiver.hook)
        monkeypatch.setenv("HOOK_KEY", HMAC_KEY)
        project.configure(webhook())
        watched = _watched(project)
        states = [[made.state for made in _deliveries(watched)] for _ in range(3)]
        first, second = receiver.received()
    assert states == [["failed"], ["delivered"], []]
    assert first["id"] == second["id"]


def test_an_incomplete_list_ends_no_drift(
    project: Project, receiver: Receiver, watched: Watched
) -> None:
    _with_a_ledger(project)
    watched.cycle()
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    watched.cycle()
    watched.cycle()
    assert receiver.titles()[:2] == [
        DRIFTED,
        ("refused", "The plan of workspace trial is refused by 1 guard"),
    ]
    assert receiver.titles()[2:] == [
        ("refused", "No guard refuses the plan of workspace trial any more")
    ]


def test_a_target_that_cannot_be_used_leaves_the_last_ones_in_force_and_is_shown(
    project: Project, receiver: Receiver, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_a_ledger(project)
    watched.cycle()
    monkeypatch.delenv("HOOK_KEY")
    project.populate("{external_id: mover@example.com, connected: {microsoft: m@example.com}}")
    snapshot = watched.cycle()
    assert "HOOK_KEY" in str(snapshot.configuration.problems[0])
    assert len(receiver.titles()) == 2


def test_a_delivery_that_fails_is_counted_and_one_that_arrives_is_not(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_a_ledger(project)
    with Receiver(reply(400), reply(204)) as receiver:
        monkeypatch.setenv("HOOK_URL", receiver.hook)
        monkeypatch.setenv("HOOK_KEY", HMAC_KEY)
        project.configure(webhook("events: [drift]"))
        watched = _watched(project)
        failures = []
        for _ in range(3):
            watched.cycle()
            failures.append(watched.values())
    name = 'reconciler_notification_failures_total{event="drift"}'
    assert [values[name] for values in failures] == [1, 1, 1]
