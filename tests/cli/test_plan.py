"""``reconciler plan`` and ``show``."""

import json
import stat

import pytest

from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import LEAVER_LOSES_GOOGLE, Project


def test_a_plan_with_changes_is_fine(project: Project) -> None:
    assert project.run("plan") == 0
    assert "Plan: 2 to disconnect" in project.out


def test_a_plan_with_changes_is_2_where_details_are_asked_for(project: Project) -> None:
    assert project.run("plan", "--detailed-exitcode") == 2


def test_people_who_have_to_connect_are_7_where_details_are_asked_for(project: Project) -> None:
    assert project.run("plan", "--detailed-exitcode", "--select", "waiting@example.com") == 7


SETTLED = "{external_id: settled@example.com, connected: {google: settled@example.com}}"


@pytest.mark.parametrize("platform", ["Google", "google_calendar", "zoom"])
def test_a_leaver_with_an_unknown_platform_is_7_where_details_are_asked_for(
    project: Project, platform: str
) -> None:
    row = f"{{platform: {platform}, connected: true, email: x@example.com, id: '1'}}"
    leaver = f"{{external_id: leaver@example.com, connections: [{row}]}}"
    project.populate(SETTLED, leaver)
    leaver_alone = ("plan", "--detailed-exitcode", "--select", "leaver@example.com")
    assert project.run(*leaver_alone) == 7
    assert f"connected: {platform}; held because this version does not know" in project.out
    project.populate(leaver)
    assert project.run(*leaver_alone) == 3
    assert "1 connected platform, none of which this version knows" in project.out


@pytest.mark.parametrize(("policy", "status"), [("hold", 7), ("ignore", 2)])
def test_a_leaver_of_unknown_email_is_7_while_a_pattern_may_match_it(
    project: Project, policy: str, status: int
) -> None:
    row = "{platform: google, connected: true, email: null, id: '1'}"
    leaver = f"{{external_id: leaver@example.com, connections: [{row}]}}"
    project.populate(SETTLED, leaver)
    project.configure(f"protected: ['*@board.example.com']\n    protectedUnknownEmail: {policy}")
    selected = ("--select", "leaver@example.com")
    assert project.run("plan", "--detailed-exitcode", *selected) == status
    assert project.run("apply", "--auto-approve", *selected) == 0
    assert project.mutations() == ([LEAVER_LOSES_GOOGLE] if policy == "ignore" else [])


DETAILED = ("plan", "--detailed-exitcode")


def declare_settled_and_a_leaver(project: Project, leaver: str) -> None:
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\nusers:\n"
        "  - {id: settled@example.com, platforms: [google]}\n"
        f"  - {{id: {leaver}, platforms: [], reason: left}}\n",
    )


def test_a_misspelt_leaver_is_7_until_the_id_is_corrected(project: Project) -> None:
    project.populate(SETTLED, "{external_id: dup@example.com, connected: {google: d@x.com}}")
    declare_settled_and_a_leaver(project, "dupp@example.com")
    assert project.run(*DETAILED) == 7
    assert "No changes. 1 not found, 1 converged" in project.out
    assert "did you mean dup@example.com?" in project.out
    assert project.run("apply", "--auto-approve") == 0
    assert project.run(*DETAILED) == 7
    declare_settled_and_a_leaver(project, "dup@example.com")
    assert project.run(*DETAILED) == 2


def test_a_leaver_who_was_disconnected_and_is_gone_since_is_0(project: Project) -> None:
    project.run("apply", "--auto-approve")
    settled = "external_id: settled@example.com, connected: {google: settled@example.com}"
    mover = "external_id: mover@example.com, connected: {microsoft: mover@example.com}"
    waiting = "external_id: waiting@example.com, connected: {microsoft: waiting@example.com}"
    stranger = "external_id: stranger@example.com"
    project.populate(*(f"{{{row}}}" for row in (settled, mover, waiting, stranger)))
    assert project.run(*DETAILED) == 0
    assert "No changes. 4 converged" in project.out
    assert "leaver@example.com no longer exists at Recall.ai" in project.out


def test_two_who_differ_only_in_case_are_declared_where_both_are_listed(project: Project) -> None:
    other = "{external_id: Settled@example.com, connected: {google: other@example.com}}"
    project.populate(SETTLED, other)
    declare_settled_and_a_leaver(project, "Settled@example.com")
    assert project.run("validate") == 0
    assert "people.yaml:4:5: 'Settled@example.com' and 'settled@example.com' at" in project.err
    assert project.run("apply", "--auto-approve") == 0
    assert [(path[-11:], whom) for _, path, whom, _ in project.mutations()] == [
        ("disconnect/", "Settled@example.com")
    ]
    assert project.run("import") == 0
    assert "id: Settled@example.com" in project.out
    assert "id: settled@example.com" in project.out


def test_two_who_differ_only_in_case_are_invalid_where_one_is_not_listed(project: Project) -> None:
    project.populate(SETTLED)
    declare_settled_and_a_leaver(project, "Settled@example.com")
    assert project.run("plan") == 65
    assert "people.yaml:4:5: 'Settled@example.com' and 'settled@example.com' at" in project.err
    assert project.run("apply", "--auto-approve") == 65
    assert project.mutations() == []


def test_a_converged_selection_is_0_where_details_are_asked_for(project: Project) -> None:
    assert project.run("plan", "--detailed-exitcode", "--select", "settled@example.com") == 0
    assert "No changes." in project.out


def test_the_output_says_which_workspace_it_spoke_to(project: Project) -> None:
    project.run("plan")
    assert "workspace trial" in project.out
    assert f"sandbox:{project.sandbox.id}" in project.out


def test_output_that_is_not_a_terminal_has_no_escapes_and_progress_is_silent(
    project: Project,
) -> None:
    project.run("plan")
    assert "\x1b" not in project.out
    assert project.err == ""


def test_a_saved_plan_is_for_its_owner_alone(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    assert stat.S_IMODE((project.folder / "plan.json").stat().st_mode) == 0o600


def test_the_content_of_a_plan_is_the_same_for_the_same_world(project: Project) -> None:
    project.run("plan", "-o", "first.json")
    project.run("plan", "-o", "second.json")
    first, second = (
        json.loads((project.folder / name).read_bytes()) for name in ("first.json", "second.json")
    )
    assert first["content"] == second["content"]


def test_a_refused_plan_is_3_and_still_written_with_its_verdict(project: Project) -> None:
    project.configure("limits: {maxDisconnects: 1}")
    assert project.run("plan", "-o", "plan.json") == 3
    assert "--allow max-disconnects" in project.out
    assert "reconciler.yaml:7:" in project.out
    guards = json.loads((project.folder / "plan.json").read_bytes())["content"]["guards"]
    assert [g["guard"] for g in guards if g["judgement"] == "refused"] == ["max-disconnects"]


def test_an_incomplete_observation_is_6_and_its_plan_can_be_read(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.MALFORMED_ROW))
    assert project.run("plan", "-o", "plan.json") == 6
    assert project.run("show", "plan.json") == 0
    assert "incomplete" in project.out


def test_a_list_that_is_cut_off_shows_nobody_as_converged(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.TRUNCATED_BODY, times="forever"))
    assert project.run("plan", "--format", "json") == 6
    assert json.loads(project.out)["content"]["fleet"]["converged"] == 0


def test_an_empty_list_is_refused(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.EMPTY_LIST))
    assert project.run("plan") == 3
    assert "--allow empty-observed" in project.out


def test_manifests_that_declare_nobody_are_refused(project: Project) -> None:
    project.write("manifests/people.yaml", "apiVersion: reconciler/v1\nusers: []\n")
    assert project.run("plan") == 3
    assert "--allow empty-desired" in project.out


def test_a_selector_that_selects_nobody_is_bad_usage(project: Project) -> None:
    assert project.run("plan", "--select", "mouver@example.com") == 64
    assert "mover@example.com" in project.err


@pytest.mark.parametrize(
    "selector", ["mover@example.com", "mov*", "@who.txt"], ids=["id", "pattern", "file"]
)
def test_a_selector_narrows_the_plan(project: Project, selector: str) -> None:
    project.write("who.txt", "# the movers\nmover@example.com\n")
    project.run("plan", "--select", selector, "--format", "json")
    content = json.loads(project.out)["content"]
    assert [action["user"] for action in content["actions"]] == ["mover@example.com"]
    assert content["deselected"] == 1


def test_a_selector_can_be_a_group(project: Project) -> None:
    project.write(
        "manifests/groups.yaml",
        "apiVersion: reconciler/v1\n"
        "groups: {gone: {platforms: [], reason: gone}}\n"
        "users: [{id: stranger@example.com, group: gone}]\n",
    )
    project.run("plan", "--select", "group:gone", "--format", "json")
    users = {action["user"] for action in json.loads(project.out)["content"]["actions"]}
    assert users == {"stranger@example.com"}


def test_a_file_of_selectors_that_names_nobody_is_bad_usage(project: Project) -> None:
    project.write("who.txt", "# nobody yet\n")
    assert project.run("plan", "--select", "@who.txt") == 64


def test_a_file_of_selectors_that_is_missing_is_bad_usage(project: Project) -> None:
    assert project.run("plan", "--select", "@missing.txt") == 64


def test_a_plan_file_that_cannot_be_written_is_said_before_anybody_is_asked(
    project: Project,
) -> None:
    assert project.run("plan", "-o", "no/such/folder/plan.json") == 64
    assert project.requests() == ()


def test_a_failed_plan_leaves_no_file_behind(project: Project) -> None:
    project.fail(Fault(kind=FaultKind.STATUS, status=401, match=Match(endpoint="list_users")))
    assert project.run("plan", "-o", "plan.json") == 77
    assert sorted(p.name for p in project.folder.iterdir()) == [
        "manifests",
        "reconciler.yaml",
        "seed.yaml",
        "state",
    ]


def test_an_altered_plan_file_cannot_be_shown(project: Project) -> None:
    project.run("plan", "-o", "plan.json")
    path = project.folder / "plan.json"
    path.write_bytes(path.read_bytes().replace(b"leaver@", b"winner@"))
    assert project.run("show", "plan.json") == 5
    assert "altered" in project.err


def test_a_plan_file_that_is_not_there_is_bad_usage(project: Project) -> None:
    assert project.run("show", "missing.json") == 64


def test_a_saved_plan_shows_what_was_planned(project: Project) -> None:
    project.run("plan", "-o", "plan.json", "--format", "json")
    planned = json.loads(project.out)
    project.run("show", "plan.json", "--format", "json")
    assert json.loads(project.out)["content"] == planned["content"]
