"""``apply PLAN --or-resume``: an engine gives the same command again, and all is done once."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import pytest

from reconciler.cli.exits import Signals
from reconciler.ledger.open_run import OpenRun
from reconciler.sandbox import Fault, FaultKind, Match, load_seed
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project, another_run
from tests.cli.test_several import LEAVERS, Companies, companies

__all__ = ["companies"]

BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])
AGAIN = ("apply", "plan.json", "--or-resume", "--parallelism", "1", "--format", "json")


class _Died(BaseException):
    """What a kill is to a command in the tests' own process."""


@contextmanager
def _dying_at(
    monkeypatch: pytest.MonkeyPatch, method: str, where: Callable[[OpenRun], bool] = lambda _: True
) -> Iterator[None]:
    """Whoever comes to the first such record dies before it is written."""
    real = getattr(OpenRun, method)

    def die(run: OpenRun, *record: Any) -> None:
        if where(run):
            raise _Died
        real(run, *record)

    with monkeypatch.context() as dying, suppress(_Died):
        dying.setattr(OpenRun, method, die)
        yield


def _outcomes(project: Project) -> dict[str, str]:
    return {one["user"]: one["outcome"] for one in json.loads(project.out)["results"]}


DONE = {"leaver@example.com": "verified", "mover@example.com": "verified"}


@pytest.mark.parametrize("method", ["run_opened", "answer", "outcome", "run_closed"])
def test_a_run_that_died_is_finished_by_the_same_command(
    project: Project, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    project.run("plan", "-o", "plan.json")
    with _dying_at(monkeypatch, method):
        project.run(*AGAIN)
    assert project.run(*AGAIN) == 0
    assert _outcomes(project) == DONE
    assert project.mutations() == BOTH


def test_a_finishing_run_that_died_too_is_finished(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("plan", "-o", "plan.json")
    for _ in range(2):
        with _dying_at(monkeypatch, "answer"):
            project.run(*AGAIN)
    assert project.run(*AGAIN) == 0
    assert _outcomes(project) == DONE
    assert project.mutations() == BOTH


def test_a_run_that_a_signal_stopped_is_finished(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("plan", "-o", "plan.json")
    answer, handle = OpenRun.answer, Signals.handle
    heard = threading.Event()

    def answered(run: OpenRun, record: Any) -> None:
        answer(run, record)
        os.kill(os.getpid(), signal.SIGTERM)
        heard.wait()

    def hear(signals: Signals, signum: int, frame: FrameType | None = None) -> None:
        handle(signals, signum, frame)
        heard.set()

    with monkeypatch.context() as stopping:
        stopping.setattr(OpenRun, "answer", answered)
        stopping.setattr(Signals, "handle", hear)
        assert project.run(*AGAIN) == 143
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]
    assert project.run(*AGAIN) == 0
    assert _outcomes(project) == DONE
    assert project.mutations() == BOTH


def test_what_is_all_done_is_no_failure_and_lists_nobody(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    assert project.run(*AGAIN) == 0
    first = json.loads(project.out)["run"]
    before = len(project.requests())
    for _ in range(2):
        assert project.run(*AGAIN) == 0
        report = json.loads(project.out)
        assert report["resumes"] == first
        assert [one["carried"] for one in report["results"]] == [True, True]
    assert len(project.requests()) == before
    assert project.mutations() == BOTH
    assert project.run("apply", "plan.json") == 5


def test_what_is_all_done_stays_so_when_the_manifests_have_moved_on(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.run(*AGAIN)
    path = project.folder / "manifests/people.yaml"
    path.write_text(path.read_text().replace("platforms: [google]", "platforms: []\n    reason: x"))
    assert project.run(*AGAIN) == 0
    assert project.mutations() == BOTH


def test_what_a_run_of_another_account_did_is_not_done_here(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.run(*AGAIN)
    seed = project.folder / "seed.yaml"
    seed.write_text(seed.read_text().replace("apiKey: sk-", "apiKey: sk-another-"))
    project.sandbox.seed(load_seed(seed))
    assert project.run(*AGAIN) == 5
    assert "another API key" in project.out
    assert project.mutations() == []  # of the new fleet, whose log is new


def test_a_run_that_ended_partly_is_not_gone_on_with_unasked(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    project.fail(
        Fault(
            kind=FaultKind.STATUS,
            status=400,
            match=Match(endpoint="disconnect", external_id="leaver@*"),
        )
    )
    assert project.run(*AGAIN, "--max-failures", "0") == 4
    run = json.loads(project.out)["run"]
    assert project.run(*AGAIN) == 5
    assert f"reconciler resume {run}" in project.out
    assert project.mutations() == [LEAVER_LOSES_GOOGLE]


def test_while_the_first_run_still_lives_the_second_is_to_try_later(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    with another_run(project):
        assert project.run(*AGAIN) == 75
    assert project.mutations() == []
    assert project.run(*AGAIN) == 0
    assert project.mutations() == BOTH


def test_it_needs_a_saved_plan(project: Project) -> None:
    assert project.run("apply", "--or-resume", "--auto-approve") == 64
    assert "--or-resume needs a saved plan" in project.err
    assert project.mutations() == []


def test_the_limit_of_the_command_counts_what_is_left(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("plan", "-o", "plan.json")
    with _dying_at(monkeypatch, "run_closed"):
        project.run(*AGAIN)
    path = project.folder / "reconciler.yaml"
    path.write_text(path.read_text() + "limits: {perCommand: {maxDisconnects: 0}}\n")
    assert project.run(*AGAIN) == 0
    assert project.mutations() == BOTH


@pytest.mark.parametrize("limit", ["", "limits: {perCommand: {maxDisconnects: 2}}\n"])
def test_of_several_workspaces_each_is_finished_done_or_begun(
    companies: Companies, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    companies.run("plan", "--all-workspaces", "-o", "plans")
    with _dying_at(monkeypatch, "answer", lambda run: run._claim.workspace == "globex"):
        companies.run("apply", "plans", "-w", "acme", "-w", "globex", "--or-resume")
    path = companies.project.folder / "reconciler.yaml"
    path.write_text(path.read_text() + limit)
    again = ("apply", "plans", "--all-workspaces", "--or-resume", "--format", "json")
    for _ in range(2):
        assert companies.run(*again) == 0
        assert companies.statuses() == dict.fromkeys(Companies.NAMES, 0)
    assert companies.disconnected() == LEAVERS
