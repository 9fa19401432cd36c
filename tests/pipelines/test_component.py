"""The GitLab component: which jobs a pipeline has, and what they do, in two workspaces."""

import pytest

from tests.pipelines.component_runner import (
    MERGE_REQUEST,
    PUSH,
    SCHEDULE,
    ComponentJob,
    ComponentRunner,
    component,
)
from tests.pipelines.conftest import MANIFESTS, WEST_CONVERGED, WEST_WITHOUT_DORA, TwoFleets
from tests.pipelines.hosts import PAGE, Hosts, Written

NOTES = "/api/v4/projects/1/merge_requests/7/notes"
FIRST = f"{NOTES}?per_page=100&sort=asc&order_by=created_at&page=1"
DISCONNECT = "/api/v1/calendar/user/disconnect/"


@pytest.fixture
def runner(fleets: TwoFleets, hosts: Hosts) -> ComponentRunner:
    return ComponentRunner(fleets.folder, hosts.url)


def run(
    runner: ComponentRunner, command: str, workspace: str, variables: dict[str, str]
) -> ComponentJob:
    jobs = runner.jobs(variables, workspace=workspace)
    return runner.run(jobs[f"calendars-{command}-{workspace}"], variables)


@pytest.mark.parametrize(
    ("variables", "commands"),
    [
        (MERGE_REQUEST, ["validate"]),
        (PUSH, ["plan", "apply"]),
        (PUSH | {"CI_COMMIT_BRANCH": "mine"}, []),
        (SCHEDULE, ["drift"]),
        ({"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "main"}, []),
    ],
)
def test_each_kind_of_pipeline_has_its_jobs_and_no_others(
    runner: ComponentRunner, variables: dict[str, str], commands: list[str]
) -> None:
    jobs = runner.jobs(variables, workspace="east")
    assert list(jobs) == [f"calendars-{command}-east" for command in commands]


def test_two_workspaces_share_no_job_and_no_lock() -> None:
    east, west = component(workspace="east"), component(workspace="west")
    assert east.keys().isdisjoint(west)
    groups = [
        each[f"calendars-apply-{name}"]["resource_group"]
        for name, each in (("east", east), ("west", west))
    ]
    assert len(set(groups)) == 2


def test_applying_waits_for_a_person_and_is_never_cancelled(runner: ComponentRunner) -> None:
    jobs = runner.jobs(PUSH, workspace="east", environment="calendars")
    apply = jobs["calendars-apply-east"]
    assert [rule["when"] for rule in apply["rules"]] == ["manual"]
    assert (apply["interruptible"], apply["environment"]) == (False, "calendars")
    assert apply["needs"] == ["calendars-plan-east"]


def test_what_was_planned_is_applied_and_nothing_else(
    runner: ComponentRunner, fleets: TwoFleets, hosts: Hosts
) -> None:
    assert run(runner, "plan", "east", PUSH).status == 0
    assert fleets.mutations("east") == []
    applied = run(runner, "apply", "east", PUSH)
    assert applied.status == 0
    assert fleets.mutations("east") == [
        (DISCONNECT, "alice@example.com", '{"platform":"google"}'),
        (DISCONNECT, "bob@example.com", '{"platform":"google"}'),
    ]
    assert fleets.mutations("west") == []
    assert (fleets.folder / "calendars-reports/report.md").is_file()
    assert hosts.calls == []


def test_two_workspaces_have_two_notes_and_each_is_updated_in_place(
    runner: ComponentRunner, hosts: Hosts, fleets: TwoFleets
) -> None:
    for workspace in ("east", "west"):
        assert run(runner, "validate", workspace, MERGE_REQUEST).status == 0
    fleets.write("manifests/west.yaml", MANIFESTS["west"].replace("platforms: [google]", "x: y"))
    assert run(runner, "validate", "west", MERGE_REQUEST).status == 65
    read = [("GET", "/api/v4/user"), ("GET", FIRST)]
    assert hosts.calls == [
        *read,
        ("POST", NOTES),
        *read,
        ("POST", NOTES),
        *read,
        ("PUT", f"{NOTES}/2"),
    ]
    east, west = [each.body for each in hosts.comments]
    assert "`validate of east`, [job 123](" in east
    assert "manifests/west.yaml:3:" in west
    assert hosts.tokens == {"glpat-recognisable-token"}


def test_a_note_of_somebody_else_with_the_same_mark_is_left_alone(
    runner: ComponentRunner, hosts: Hosts
) -> None:
    run(runner, "validate", "east", MERGE_REQUEST)
    forged = hosts.comments[0].body.splitlines()[0] + "\nAll is well."
    hosts.comments[0] = Written("1", forged, ours=False)
    run(runner, "validate", "east", MERGE_REQUEST)
    assert [hosts.comments[0].body, len(hosts.comments)] == [forged, 2]


def test_a_note_behind_many_others_is_found(runner: ComponentRunner, hosts: Hosts) -> None:
    hosts.comments += [Written(f"{number}", "talk") for number in range(1, 2 * PAGE + 1)]
    run(runner, "validate", "east", MERGE_REQUEST)
    run(runner, "validate", "east", MERGE_REQUEST)
    assert hosts.changes() == [("POST", NOTES), ("PUT", f"{NOTES}/201")]


def test_without_a_token_for_notes_there_is_none(runner: ComponentRunner, hosts: Hosts) -> None:
    variables = MERGE_REQUEST | {"GITLAB_NOTE_TOKEN": ""}
    assert run(runner, "validate", "east", variables).status == 0
    assert hosts.calls == []


def test_a_note_that_is_refused_fails_the_job_unless_it_failed_already(
    runner: ComponentRunner, hosts: Hosts, fleets: TwoFleets
) -> None:
    hosts.fails_with = 403
    refused = run(runner, "validate", "east", MERGE_REQUEST)
    fleets.write("manifests/west.yaml", "users: 1\n")
    invalid = run(runner, "validate", "west", MERGE_REQUEST)
    assert [refused.status, invalid.status] == [69, 65]
    assert "answered with 403" in refused.log
    assert "glpat-recognisable-token" not in refused.log


def test_drift_ends_with_the_status_of_the_plan(runner: ComponentRunner, fleets: TwoFleets) -> None:
    assert run(runner, "drift", "east", SCHEDULE).status == 2
    assert run(runner, "drift", "west", SCHEDULE).status == 7
    fleets.write("manifests/west.yaml", WEST_CONVERGED)
    assert run(runner, "drift", "west", SCHEDULE).status == 0
    jobs = runner.jobs(SCHEDULE, workspace="west")
    assert jobs["calendars-drift-west"]["allow_failure"] == {"exit_codes": [7]}


def test_a_plan_takes_the_arguments_of_its_input(
    runner: ComponentRunner, fleets: TwoFleets
) -> None:
    fleets.write("manifests/west.yaml", WEST_WITHOUT_DORA)
    given = {"workspace": "west", "plan_args": "--fail-on changes --select 'emil@*'"}
    jobs = runner.jobs(PUSH, **given)
    assert runner.run(jobs["calendars-plan-west"], PUSH).status == 0
    jobs = runner.jobs(PUSH, **given | {"plan_args": "--fail-on changes"})
    assert runner.run(jobs["calendars-plan-west"], PUSH).status == 2


def test_no_shell_reads_an_input(runner: ComponentRunner, fleets: TwoFleets) -> None:
    hostile = '"; touch pwned; $(touch pwned) `touch pwned` #'
    for name in ("workspace", "config", "plan_args"):
        jobs = runner.jobs(PUSH, **{"workspace": "east", name: hostile})
        assert runner.run(next(iter(jobs.values())), PUSH).status != 0
    assert not (fleets.folder / "pwned").exists()


def test_a_workspace_that_no_name_can_be_is_refused(runner: ComponentRunner) -> None:
    jobs = runner.jobs(PUSH, workspace="east\nwest")
    done = runner.run(next(iter(jobs.values())), PUSH)
    assert done.status == 64
    assert "has a character that no name has" in done.log
