"""How the Jobs take each exit status, and how they share the workspaces."""

import shutil
from pathlib import Path

import pytest

from reconciler.config import load_configuration, shard_of
from reconciler.domain import Exit
from tests.kubernetes.documented import NEVER, documented
from tests.kubernetes.objects import (
    CONFIGURATION,
    IMAGE,
    KUSTOMIZE,
    Object,
    build,
    chart,
    job_of,
    of_kind,
    ours,
    outcome,
)

FAILS_DRIFT = {1, 2, 3, 5, 8, 64, 65, 77}
FAILS_APPLY = {1, 3, 4, 5, 64, 65, 77, 130, 143}
DOES_NOT_OCCUR = {"drift": {4}, "apply": {2, 7, 8}}
"""What `plan` and `apply` never end with."""


def wanted(status: Exit, fails: set[int]) -> str:
    if status is Exit.OK:
        return "done"
    return "failed" if status in fails else "again"


@pytest.mark.parametrize("status", Exit)
def test_drift_fails_an_index_for_what_another_try_would_not_change(
    objects: list[Object], status: Exit
) -> None:
    assert outcome(job_of(objects, "drift"), status) == wanted(status, FAILS_DRIFT)


@pytest.mark.parametrize("status", set(Exit) - {Exit.OK})
def test_a_disrupted_drift_check_says_nothing_about_its_workspace(
    objects: list[Object], status: Exit
) -> None:
    job = job_of(objects, "drift")
    assert outcome(job, status, disrupted=True) == "again, not counted"


@pytest.mark.parametrize("status", Exit)
def test_apply_is_tried_again_only_where_it_is_safe(objects: list[Object], status: Exit) -> None:
    assert outcome(job_of(objects, "apply"), status) == wanted(status, FAILS_APPLY)


@pytest.mark.parametrize("status", sorted(FAILS_APPLY))
def test_what_an_apply_has_said_counts_even_if_its_pod_was_disrupted(
    objects: list[Object], status: int
) -> None:
    assert outcome(job_of(objects, "apply"), status, disrupted=True) == "failed"


@pytest.mark.parametrize("status", [*sorted(set(Exit) - FAILS_APPLY - {Exit.OK}), 137])
def test_a_disrupted_apply_without_such_a_status_does_not_use_up_a_try(
    objects: list[Object], status: int
) -> None:
    assert outcome(job_of(objects, "apply"), status, disrupted=True) == "again, not counted"


@pytest.mark.parametrize("what", ["drift", "apply"])
@pytest.mark.parametrize("killed", [134, 137, 139])
def test_a_hard_crash_is_tried_again(objects: list[Object], what: str, killed: int) -> None:
    assert outcome(job_of(objects, what), killed) == "again"


@pytest.mark.parametrize("what", ["drift", "apply"])
def test_every_index_is_tried_for_itself_and_never_twice_at_once(
    objects: list[Object], what: str
) -> None:
    job = job_of(objects, what)
    assert job["completionMode"] == "Indexed"
    assert job["backoffLimitPerIndex"] >= 3
    assert job["podReplacementPolicy"] == "Failed"
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert "maxFailedIndexes" not in job  # one workspace that fails stops no other


def test_no_schedule_overlaps_itself(objects: list[Object]) -> None:
    policies = [each["spec"]["concurrencyPolicy"] for each in of_kind(objects, "CronJob")]
    assert policies == ["Forbid", "Forbid"]


def test_nothing_that_is_delivered_acts_by_itself(objects: list[Object]) -> None:
    """Something that re-creates objects, as a sync does, must not disconnect anybody."""
    acting = [each for each in of_kind(objects, "CronJob") if "apply" in str(each["spec"])]
    assert [each["spec"].get("suspend") for each in acting] == [True]
    assert {each["kind"] for each in objects} <= {
        "ConfigMap",
        "CronJob",
        "Deployment",
        "NetworkPolicy",
    }


def test_an_apply_has_time_to_read_back_and_to_report(objects: list[Object]) -> None:
    workspaces = load_configuration(CONFIGURATION).workspaces.values()
    longest = max(each.timeouts.read_back for each in workspaces)
    pod = job_of(objects, "apply")["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == longest + 60


def test_an_apply_waits_for_a_dead_run_to_lose_its_lock(objects: list[Object]) -> None:
    arguments = ours(job_of(objects, "apply")["template"]["spec"])["args"]
    assert arguments[arguments.index("--lock-timeout") + 1] == "300"


def shards(job: Object) -> list[str]:
    """What the pods of ``job`` take for their shards."""
    environ = {each["name"]: each["value"] for each in ours(job["template"]["spec"])["env"]}
    pods = [environ | {"JOB_COMPLETION_INDEX": str(each)} for each in range(job["completions"])]
    names = [f"workspace-{each}" for each in range(25)]
    return [name for pod in pods if (shard := shard_of(None, pod)) for name in shard.of(names)]


@pytest.mark.parametrize("what", ["drift", "apply"])
def test_every_workspace_has_exactly_one_pod(objects: list[Object], what: str) -> None:
    job = job_of(objects, what)
    assert job["completions"] == len(load_configuration(CONFIGURATION).workspaces)
    assert sorted(shards(job)) == sorted(f"workspace-{each}" for each in range(25))


@pytest.mark.parametrize("what", ["drift", "apply"])
def test_an_overlay_with_other_completions_has_as_many_shards(what: str, tmp_path: Path) -> None:
    copy = tmp_path / "kustomize"
    shutil.copytree(KUSTOMIZE, copy)
    path = copy / "overlays" / what / "kustomization.yaml"
    text = path.read_text("utf-8").replace("completions, value: 2", "completions, value: 12")
    path.write_text(text, "utf-8")
    job = job_of(build(path.parent), what)
    assert job["completions"] == 12
    assert len(shards(job)) == 25


def test_a_chart_with_other_workspaces_has_as_many_shards() -> None:
    job = job_of(chart(IMAGE, "workspaces=12"), "drift")
    assert job["completions"] == 12
    assert len(shards(job)) == 25


@pytest.mark.parametrize("status", Exit)
def test_the_page_has_the_outcome_of_every_status(status: Exit) -> None:
    for what, fails in (("drift", FAILS_DRIFT), ("apply", FAILS_APPLY)):
        occurs = status not in DOES_NOT_OCCUR[what]
        assert documented(what)[status] == (wanted(status, fails) if occurs else NEVER)
