"""The GitHub Action: its steps run as its runner would, on two workspaces that differ."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import FaultKind
from tests.pipelines.action_runner import ACTION, ActionRun, ActionRunner
from tests.pipelines.conftest import (
    CONFIGURATION,
    MANIFESTS,
    WEST_CONVERGED,
    WEST_WITHOUT_DORA,
    TwoFleets,
)
from tests.pipelines.hosts import PAGE, Hosts, Written

DISCONNECT = "/api/v1/calendar/user/disconnect/"
READ = ("comments", "acme", "fleet", "7")
LIST = ("issues", "acme", "fleet", "")


def use(action: ActionRunner, command: str, workspace: str, **inputs: str) -> ActionRun:
    return action.run(command=command, workspace=workspace, install="false", **inputs)


def test_a_plan_gives_its_status_and_what_it_says_as_outputs(action: ActionRunner) -> None:
    east = use(action, "plan", "east", plan="east.plan")
    west = use(action, "plan", "west")
    assert (east.failed, west.failed) == (False, False)
    wanted = ("status", "changes", "pending", "refused", "plan")
    assert [east.outputs[name] for name in wanted] == ["2", "true", "false", "false", "east.plan"]
    assert [west.outputs[name] for name in wanted] == ["7", "false", "true", "false", ""]
    assert east.outputs["digest"].startswith("sha256:")
    assert east.outputs["digest"] != west.outputs["digest"]
    assert json.loads(Path(east.outputs["json"]).read_bytes())["kind"] == "plan"
    assert json.loads(Path(east.outputs["sarif"]).read_bytes())["version"] == "2.1.0"
    assert '<testsuite name="east"' in Path(east.outputs["junit"]).read_text("utf-8")
    assert Path(east.outputs["markdown"]).read_text("utf-8") == east.summary
    assert "bob@example.com" in east.summary


def test_each_workspace_annotates_the_lines_of_its_own_manifest(action: ActionRunner) -> None:
    for workspace, other in (("east", "west"), ("west", "east")):
        lines = use(action, "plan", workspace).log.splitlines()
        after = lines[lines.index(f"::{lines[0].removeprefix('::stop-commands::')}::") + 1 :]
        shown = [line for line in after if line]
        assert all(line.startswith(("::warning ", "::notice ")) for line in shown)
        assert any(f"file=manifests/{workspace}.yaml,line=" in line for line in shown)
        assert not any(f"manifests/{other}.yaml" in line for line in shown)


def test_two_workspaces_have_two_comments_and_each_is_updated_in_place(
    action: ActionRunner, hosts: Hosts, fleets: TwoFleets
) -> None:
    for workspace in ("east", "west"):
        use(action, "plan", workspace, comment="true")
    first = [each.body for each in hosts.comments]
    fleets.write("manifests/west.yaml", WEST_WITHOUT_DORA)
    for workspace in ("east", "west"):
        use(action, "plan", workspace, comment="true")
    assert hosts.calls == [
        READ,
        ("add to comments", "comments-1"),
        READ,
        ("add to comments", "comments-2"),
        READ,
        ("update", "comments-1"),
        READ,
        ("update", "comments-2"),
    ]
    east, west = [each.body for each in hosts.comments]
    assert "### Plan for `east`" in first[0]
    assert "### Plan for `west`" in first[1]
    assert "**Plan: 2 to disconnect" in east
    assert "**Plan: 1 to disconnect" in west
    assert "to disconnect" not in first[1]
    where = "https://git.example.com/acme/fleet/actions/runs/123"
    assert east.endswith(f"`plan of east`, [run 123]({where}) of c0ffee\n")
    assert hosts.tokens == {"Bearer ghs-recognisable-token"}


def test_a_comment_of_somebody_else_with_the_same_mark_is_left_alone(
    action: ActionRunner, hosts: Hosts
) -> None:
    use(action, "plan", "east", comment="true")
    forged = hosts.comments[0].body.splitlines()[0] + "\nNothing to see here."
    hosts.comments[0].ours = False
    hosts.comments[0].body = forged
    use(action, "plan", "east", comment="true")
    assert hosts.comments[0].body == forged
    assert [call[0] for call in hosts.changes()] == ["add to comments", "add to comments"]


def test_a_mark_that_a_report_quotes_makes_no_comment_ours(
    action: ActionRunner, hosts: Hosts
) -> None:
    use(action, "plan", "east", comment="true")
    mark = hosts.comments.pop().body.splitlines()[0]
    hosts.comments.append(Written("comments-9", f"Another report, of an id `{mark}`"))
    use(action, "plan", "east", comment="true")
    assert hosts.changes()[-1][0] == "add to comments"


def test_a_comment_behind_many_others_is_found(action: ActionRunner, hosts: Hosts) -> None:
    hosts.comments += [Written(f"talk-{number}", "talk") for number in range(2 * PAGE)]
    use(action, "plan", "east", comment="true")
    use(action, "plan", "east", comment="true")
    assert hosts.changes() == [("add to comments", "comments-201"), ("update", "comments-201")]


def test_a_refused_plan_fails_the_job_and_is_shown(
    action: ActionRunner, hosts: Hosts, fleets: TwoFleets
) -> None:
    use(action, "plan", "west", comment="true")
    fleets.write("manifests/west.yaml", WEST_WITHOUT_DORA)
    fleets.configure("limits: {maxDisconnects: 0}")
    run = use(action, "plan", "west", comment="true")
    assert run.failed
    assert [run.outputs[name] for name in ("status", "refused", "changes")] == ["3", "true", "true"]
    assert hosts.changes() == [("add to comments", "comments-1"), ("update", "comments-1")]
    assert "max-disconnects" in hosts.comments[0].body


def test_an_incomplete_list_says_neither_that_something_changes_nor_that_nothing_does(
    action: ActionRunner, fleets: TwoFleets
) -> None:
    fleets.fail_list("west", kind=FaultKind.MALFORMED_ROW)
    run = use(action, "plan", "west")
    assert run.failed
    assert [run.outputs[n] for n in ("status", "changes", "pending")] == ["6", "", ""]


def test_a_command_without_a_report_replaces_the_plan_of_before(
    action: ActionRunner, hosts: Hosts
) -> None:
    use(action, "plan", "east", comment="true")
    run = use(action, "plan", "east", comment="true", args="--no-such-option")
    assert run.failed
    assert run.outputs["status"] == "64"
    assert hosts.changes() == [("add to comments", "comments-1"), ("update", "comments-1")]
    assert "ended with status 64 before it could write a report" in hosts.comments[0].body


def test_a_saved_plan_is_applied_and_nothing_else(action: ActionRunner, fleets: TwoFleets) -> None:
    planned = use(action, "plan", "east", plan="-odd east.plan")
    applied = use(action, "apply", "east", plan="-odd east.plan")
    assert not applied.failed
    assert applied.outputs["status"] == "0"
    assert applied.outputs["digest"] == planned.outputs["digest"]
    assert fleets.mutations("east") == [
        (DISCONNECT, "alice@example.com", '{"platform":"google"}'),
        (DISCONNECT, "bob@example.com", '{"platform":"google"}'),
    ]
    assert fleets.mutations("west") == []
    assert "2 verified" in applied.summary


def test_apply_without_a_plan_and_without_an_approval_does_nothing(
    action: ActionRunner, fleets: TwoFleets
) -> None:
    run = use(action, "apply", "east")
    assert run.outputs["status"] == "64"
    assert run.failed
    assert fleets.mutations("east") == []


def test_a_plan_fails_on_what_its_arguments_say(action: ActionRunner) -> None:
    assert use(action, "plan", "east", args="--fail-on changes").failed
    assert use(action, "plan", "west", args="--fail-on=pending").failed
    assert not use(action, "plan", "west", args="--fail-on changes").failed


def test_validate_shows_an_error_at_its_line(
    action: ActionRunner, hosts: Hosts, fleets: TwoFleets
) -> None:
    fleets.write("manifests/west.yaml", MANIFESTS["west"].replace("platforms: [google]", "x: y"))
    assert not use(action, "validate", "east", comment="true").failed
    run = use(action, "validate", "west", comment="true")
    assert run.failed
    assert [run.outputs[n] for n in ("status", "changes", "refused")] == ["65", "", ""]
    assert "manifests/west.yaml:3:" in hosts.comments[1].body
    assert len(hosts.comments) == 2


def test_drift_has_one_issue_until_there_is_none(
    action: ActionRunner, hosts: Hosts, fleets: TwoFleets
) -> None:
    found = use(action, "drift", "east", issue="true")
    again = use(action, "drift", "east", issue="true")
    waits = use(action, "drift", "west", issue="true")
    fleets.write("manifests/east.yaml", MANIFESTS["east"].replace("[microsoft]", "[google]"))
    fleets.write("manifests/west.yaml", WEST_CONVERGED)
    gone = use(action, "drift", "west", issue="true")
    nothing = use(action, "drift", "west", issue="true")
    assert [run.failed for run in (found, again, waits, gone)] == [True, True, False, False]
    assert nothing.outputs["status"] == "0"
    assert hosts.changes() == [
        ("add to issues", "issues-1"),
        ("update", "issues-1"),
        ("add to issues", "issues-2"),
        ("update", "issues-2"),
        ("close", "issues-2"),
    ]
    assert [each.title for each in hosts.issues] == [
        "Calendars: drift of east",
        "Calendars: drift of west",
    ]
    assert "bob@example.com" in hosts.issues[0].body


def test_drift_that_is_let_pass_closes_no_issue(action: ActionRunner, hosts: Hosts) -> None:
    use(action, "drift", "east", issue="true")
    run = use(action, "drift", "east", issue="true", args="--success-on changes")
    assert (run.failed, run.outputs["changes"]) == (False, "true")
    assert hosts.changes() == [("add to issues", "issues-1")]


def test_an_outage_says_nothing_of_drift_and_leaves_the_issue_as_it_is(
    action: ActionRunner, hosts: Hosts, fleets: TwoFleets
) -> None:
    use(action, "drift", "west", issue="true")
    fleets.fail_list("west", kind=FaultKind.STATUS, status=400)
    run = use(action, "drift", "west", issue="true")
    assert run.failed
    assert run.outputs["status"] == "69"
    assert hosts.changes() == [("add to issues", "issues-1")]


def test_a_run_of_no_pull_request_writes_no_comment(action: ActionRunner, hosts: Hosts) -> None:
    action.event = {"ref": "refs/heads/main"}
    run = use(action, "plan", "east", comment="true")
    assert not run.failed
    assert "::notice::No comment was written" in run.log
    assert hosts.calls == []


@pytest.mark.parametrize("repository", [{"full_name": "stranger/fleet"}, None])
def test_a_pull_request_of_a_fork_is_checked_and_gets_no_comment(
    action: ActionRunner, hosts: Hosts, repository: dict[str, str] | None
) -> None:
    action.event["pull_request"]["head"]["repo"] = repository
    run = use(action, "validate", "east", comment="true")
    assert not run.failed
    assert "gives a fork no token" in run.log
    assert hosts.calls == []


def test_a_comment_that_is_refused_fails_the_job_and_says_what_it_needs(
    action: ActionRunner, hosts: Hosts
) -> None:
    hosts.fails_with = 403
    run = use(action, "plan", "east", comment="true")
    assert run.failed
    assert run.outputs["status"] == "2"
    assert "answered with 403" in run.log
    assert "pull-requests: write" in run.log
    assert "ghs-recognisable-token" not in run.log


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({"command": "destroy"}, "choose one of validate, plan, apply, drift"),
        ({"command": "plan", "workspace": "east\nstatus=0"}, "has a character that no name has"),
        ({"command": "plan", "plan": "-"}, "name a file"),
        ({"command": "drift", "plan": "x.plan"}, "has no plan file"),
        ({"command": "plan", "args": "'open"}, "No closing quotation"),
        ({"command": "plan", "issue": "true"}, "only `drift` opens an issue"),
        ({"command": "plan", "comment": "yes"}, "write true or false"),
    ],
)
def test_a_job_that_cannot_be_meant_is_refused_before_anything_is_done(
    action: ActionRunner, hosts: Hosts, inputs: dict[str, str], complaint: str
) -> None:
    run = action.run(install="false", **inputs)
    assert run.steps == [("run", 64)]
    assert complaint in run.log
    assert set(run.outputs.values()) == {""}
    assert hosts.calls == []


@pytest.mark.parametrize("name", ["workspace", "config", "plan", "args"])
def test_no_shell_reads_an_input(action: ActionRunner, fleets: TwoFleets, name: str) -> None:
    hostile = '"; touch pwned; $(touch pwned) `touch pwned` ${{ github.token }} #'
    action.run(command="plan", install="false", comment="true", **{name: hostile})
    assert not (fleets.folder / "pwned").exists()


def test_what_is_an_option_to_others_is_a_name_here(
    action: ActionRunner, fleets: TwoFleets
) -> None:
    run = use(action, "apply", "--auto-approve")
    assert run.failed
    assert "--auto-approve" in run.log
    assert fleets.mutations("east") == fleets.mutations("west") == []


def test_what_a_command_prints_is_no_word_to_the_runner(
    action: ActionRunner, fleets: TwoFleets
) -> None:
    fleets.write("manifests/::set-output name=status::0.yaml", "nonsense: true\n")
    fleets.write("reconciler.yaml", CONFIGURATION.replace("manifests/east.yaml", "manifests/"))
    run = use(action, "validate", "east")
    lines = run.log.splitlines()
    stop = next(line for line in lines if line.startswith("::stop-commands::"))
    begin, end = lines.index(stop), lines.index(f"::{stop.removeprefix('::stop-commands::')}::")
    said = [number for number, line in enumerate(lines) if "::set-output" in line]
    assert said
    assert all(begin < number < end for number in said)


def test_no_input_is_written_into_a_script() -> None:
    steps: list[dict[str, Any]] = ACTION["runs"]["steps"]
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


def test_python_is_set_up_only_where_it_is_asked_for(action: ActionRunner) -> None:
    assert use(action, "validate", "east").used == []
    run = use(action, "validate", "east", python_version="3.12")
    assert [name.partition("@")[0] for name in run.used] == ["actions/setup-python"]


def test_neither_the_key_nor_the_token_is_written_anywhere(
    action: ActionRunner, hosts: Hosts, fleets: TwoFleets
) -> None:
    with fleets.served("east") as key:
        action.environ = {"RECALL_API_KEY": key}
        planned = use(action, "plan", "east", comment="true", plan="east.plan")
        applied = use(action, "apply", "east", comment="true", plan="east.plan")
        action.environ = {"RECALL_API_KEY": "wrong-" + key}
        refused = use(action, "drift", "east", issue="true")
    runs = (planned, applied, refused)
    assert [run.outputs["status"] for run in runs] == ["2", "0", "77"]
    assert len(fleets.mutations("east")) == 2
    there = [path for path in fleets.folder.rglob("*") if path.is_file()]
    ours = [path for path in there if path.name != "east.yaml" and "state" not in path.parts]
    written = [run.log.encode() for run in runs] + [path.read_bytes() for path in ours]
    written += [each.body.encode() for each in [*hosts.comments, *hosts.issues]]
    assert len(written) > 15
    for secret in (key, "ghs-recognisable-token"):
        assert [text for text in written if secret.encode() in text] == []
