"""What a job makes of what it is given, of what is there already, and of what its report says."""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reconciler.pipelines.comments import PostedComment, comment, earlier, mark
from reconciler.pipelines.job import Job, JobCommand, JobFacts, JobResult, _facts, job_of, run_job
from tests.pipelines.conftest import TwoFleets

SIGNAL_THE_JOB = """\
import os, psutil, signal
os.kill(psutil.Process(os.getppid()).ppid(), signal.SIGTERM)
signal.pause()
"""


@pytest.fixture
def here(fleets: TwoFleets, monkeypatch: pytest.MonkeyPatch) -> TwoFleets:
    monkeypatch.chdir(fleets.folder)
    return fleets


def report(kind: str, status: int = 0, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "status": status, **more}


def plan(disconnect: int, pending: int, complete: str = "passed", **more: Any) -> dict[str, Any]:
    counts = {"disconnect": disconnect, "update_preferences": 0, "not_found": 0, "pending": pending}
    guards = [{"guard": "complete-observation", "judgement": complete}]
    return report("plan", summary=counts, guards=guards, digest="sha256:1", **more)


def several(*reports: dict[str, Any]) -> dict[str, Any]:
    return report("workspaces", workspaces=[{"report": each} for each in reports])


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        (plan(1, 0), JobFacts(True, False, False, "sha256:1")),
        (plan(0, 1), JobFacts(False, True, False, "sha256:1")),
        (plan(0, 0, status=7), JobFacts(False, True, False, "sha256:1")),
        (plan(0, 0, "refused", status=6), JobFacts(None, None, True, "sha256:1")),
        (report("run", 4, plan={"digest": "sha256:2"}), JobFacts(refused=False, digest="sha256:2")),
        (report("error", 69), JobFacts()),
        (report("error", 3), JobFacts(refused=True)),
        (report("validation", 0), JobFacts()),
        (several(plan(0, 0), plan(1, 0)), JobFacts(True, False, False)),
        (several(plan(0, 0), plan(0, 1)), JobFacts(False, True, False)),
        (several(plan(0, 0), report("error", 69)), JobFacts()),
        (several(plan(1, 0), report("error", 69)), JobFacts(True)),
        (several(), JobFacts()),
    ],
)
def test_what_a_report_does_not_say_is_neither_yes_nor_no(
    said: dict[str, Any], facts: JobFacts
) -> None:
    assert _facts(said) == facts


def test_a_report_of_another_job_is_not_taken_for_this_one(here: TwoFleets) -> None:
    folder = here.folder / "reports"
    folder.mkdir()
    environ = {"PATH": "/usr/bin:/bin"}
    assert run_job(job_of("plan", "east", "", "", ""), folder, environ).facts.changes is True
    wrong = run_job(job_of("plan", "east", "", "", "--no-such-option"), folder, environ)
    assert wrong == JobResult(64, True, JobFacts())
    assert [path.name for path in folder.iterdir()] == ["result.json"]


def test_a_signal_goes_to_the_command_and_the_job_is_still_reported(here: TwoFleets) -> None:
    key = {"command": [sys.executable, "-c", SIGNAL_THE_JOB]}
    here.write(
        "signalled.yaml",
        json.dumps(
            {
                "apiVersion": "reconciler/v1",
                "workspaces": {
                    "east": {
                        "region": "us-west-2",
                        "apiKey": key,
                        "manifests": ["manifests/east.yaml"],
                    }
                },
            }
        ),
    )
    folder = here.folder / "reports"
    folder.mkdir()
    job = job_of("plan", "east", "signalled.yaml", "", "")
    result = run_job(job, folder, {"PATH": "/usr/bin:/bin"})
    assert (result.status, result.failed) == (143, True)
    assert "interrupted" in (folder / "report.md").read_text("utf-8")


@pytest.mark.parametrize(
    "other",
    [
        Job(JobCommand.PLAN, "west"),
        Job(JobCommand.APPLY, "east"),
        Job(JobCommand.PLAN, "east", "other.yaml"),
        Job(JobCommand.PLAN, "", "east"),
        Job(JobCommand.PLAN, "east", args=("--all-workspaces",)),
        Job(JobCommand.PLAN, "east", args=("-w", "west")),
        Job(JobCommand.PLAN, "east", args=("-wwest",)),
        Job(JobCommand.PLAN, "east", args=("--shard=0/2",)),
        Job(JobCommand.PLAN, "east", args=("--select", "anna")),
        Job(JobCommand.PLAN, "east", args=("--exclude=anna",)),
        Job(JobCommand.PLAN, "east", shard="0/2"),
    ],
)
def test_another_job_has_another_mark(other: Job) -> None:
    job = Job(JobCommand.PLAN, "east")
    there = [PostedComment("1", f"{mark(other)}\ntext", ours=True)]
    assert earlier(job, there) is None
    assert earlier(msgspec.structs.replace(job, plan="x.plan", args=("--quiet",)), there) is None
    mine = PostedComment("2", f"{mark(job)}\ntext", ours=True)
    assert earlier(job, [*there, mine]) is mine


def test_a_comment_fits_where_it_is_written_whatever_its_job_is_called(tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("x" * 64_000, encoding="utf-8")
    job = Job(JobCommand.PLAN, "w" * 3_000)
    text = comment(job, JobResult(2, False), tmp_path, "somewhere")
    assert len(text) <= 65_536
    assert text.startswith(mark(job))


def test_the_marks_of_hostile_names_are_one_line_of_one_kind() -> None:
    marks = [mark(Job(JobCommand.PLAN, name)) for name in ("-->", "\n", "a" * 10_000)]
    assert len(set(marks)) == 3
    assert {len(each) for each in marks} == {len(mark(Job(JobCommand.PLAN, "east")))}
