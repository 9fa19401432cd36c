"""``--select`` and ``--exclude``: who a plan and a run are about."""

import json

import pytest

from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project


@pytest.fixture
def fleet(project: Project) -> Project:
    """A leaver by a row, a leaver with two platforms by an entry, and a mover."""
    project.populate(
        "{external_id: mover@example.com, connected: {google: m@example.com, microsoft: m@x.com}}",
        "{external_id: leaver@example.com, connected: {google: l@example.com}}",
        "{external_id: both@example.com, connected: {google: b@example.com, microsoft: b@x.com}}",
        "{external_id: settled@example.com, connected: {google: s@example.com}}",
    )
    project.write("manifests/left.csv", "mail\nleaver@example.com\n")
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\n"
        "sources:\n"
        "  - {name: hr, file: left.csv, id: mail, platforms: [], reason: left}\n"
        "users:\n"
        "  - {id: mover@example.com, platforms: [microsoft], reason: moves (IT-1)}\n"
        "  - {id: both@example.com, platforms: [], reason: left (HR-2)}\n"
        "  - {id: settled@example.com, platforms: [google]}\n",
    )
    return project


def actions(project: Project, *options: str) -> list[str]:
    assert project.run("plan", "-f", "json", *options) == 0
    return [
        f"{action['user'].removesuffix('@example.com')} {action['platform']}"
        for action in json.loads(project.out)["content"]["actions"]
    ]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ((), ["both google", "both microsoft", "leaver google", "mover google"]),
        (("--exclude", "both@example.com"), ["leaver google", "mover google"]),
        (("--exclude", "@not.txt"), ["both google", "both microsoft"]),
        (("--select", "source:hr"), ["leaver google"]),
        (("--select", "reason:left*"), ["both google", "both microsoft", "leaver google"]),
        (("--select", "platform:microsoft"), ["both microsoft"]),
        (("--select", "reason:left*", "--exclude", "platform:google"), ["both microsoft"]),
    ],
    ids=" ".join,
)
def test_options_say_what_a_plan_is_about(
    fleet: Project, options: tuple[str, ...], left: list[str]
) -> None:
    fleet.write("not.txt", "# stay\nsource:hr\nmover@example.com\n")
    assert actions(fleet, *options) == left


def test_a_run_does_not_touch_who_is_excluded(fleet: Project) -> None:
    excluded = ("--exclude", "both@example.com")
    assert fleet.run("apply", "--auto-approve", *excluded) == 0
    assert fleet.mutations() == [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE]


def test_a_run_of_one_platform_leaves_the_other_one_of_the_same_user(fleet: Project) -> None:
    assert fleet.run("apply", "--auto-approve", "--select", "platform:microsoft") == 0
    assert [(user, platform) for _, _, user, platform in fleet.mutations()] == [
        ("both@example.com", "microsoft")
    ]


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve"), ("pending",)])
@pytest.mark.parametrize("option", ["--select", "--exclude"])
@pytest.mark.parametrize(
    "selector", ["bth@example.com", "reason:retired", "source:h", "rule:r", "platform:zoom"]
)
def test_a_selector_that_matches_nobody_is_bad_usage_and_nothing_is_done(
    fleet: Project, command: tuple[str, ...], option: str, selector: str
) -> None:
    assert fleet.run(*command, option, selector) == 64
    assert ("cannot exclude" in fleet.err) is (option == "--exclude")
    assert fleet.methods() == {"GET"}


def test_a_file_of_exclusions_that_names_nobody_is_bad_usage(fleet: Project) -> None:
    fleet.write("not.txt", "\n# nobody\n")
    assert fleet.run("apply", "--auto-approve", "--exclude", "@not.txt") == 64
    assert "--exclude @not.txt: the file names nobody" in fleet.err
    assert fleet.requests() == ()


def test_a_saved_plan_carries_its_exclusion(fleet: Project) -> None:
    fleet.run("plan", "--exclude", "both@example.com", "-o", "fleet.plan")
    assert "Excluded: both@example.com; 2 actions left out" in fleet.out
    fleet.run("plan", "--against", "fleet.plan", "-f", "json")
    document = json.loads(fleet.out)
    assert document["content"]["exclusion"] == ["both@example.com"]
    assert (document["changes"]["kept"], document["changes"]["added"]) == (2, [])
    assert fleet.run("apply", "fleet.plan") == 0
    assert fleet.mutations() == [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE]


def test_a_saved_plan_whose_exclusion_names_nobody_any_more_is_refused(fleet: Project) -> None:
    rules = "rules:\n  - {name: leads, match: {id: lead*}, platforms: [google], mode: enforce}\n"
    fleet.write("manifests/rules.yaml", f"apiVersion: reconciler/v1\n{rules}")
    lead = "{external_id: lead@example.com, connected: {google: lead@example.com}}"
    others = (
        "{external_id: leaver@example.com, connected: {google: l@example.com}}",
        "{external_id: settled@example.com, connected: {google: s@example.com}}",
    )
    fleet.populate(lead, *others)
    assert fleet.run("plan", "--exclude", "rule:leads", "-o", "fleet.plan") == 0
    fleet.populate(*others)
    assert fleet.run("apply", "fleet.plan") == 5
    assert "no user is declared by the rule 'leads' now; plan again" in fleet.err
    assert fleet.mutations() == []


def test_a_resumed_run_does_not_touch_who_was_excluded(fleet: Project) -> None:
    refused = Match(endpoint="disconnect", external_id="leaver@*")
    fleet.fail(Fault(kind=FaultKind.STATUS, status=400, match=refused))
    stops = ("--max-failures", "0", "--parallelism", "1", "-f", "json")
    assert fleet.run("apply", "--auto-approve", "--exclude", "both@example.com", *stops) == 4
    assert fleet.mutations() == [LEAVER_LOSES_GOOGLE]
    fleet.run("resume", json.loads(fleet.out)["run"])
    assert fleet.mutations() == [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE]


@pytest.mark.parametrize("option", ["--select", "--exclude"])
def test_a_saved_plan_takes_no_other_selection(fleet: Project, option: str) -> None:
    fleet.run("plan", "-o", "fleet.plan")
    before = len(fleet.requests())
    assert fleet.run("apply", "fleet.plan", option, "both@example.com") == 64
    assert f"{option} cannot be combined with a saved plan" in fleet.err
    assert fleet.run("plan", "--against", "fleet.plan", option, "both@example.com") == 64
    assert f"{option} cannot be combined with --against" in fleet.err
    assert len(fleet.requests()) == before


def test_the_next_command_repeats_what_was_excluded(fleet: Project) -> None:
    fleet.run("plan", "--select", "reason:left*", "--exclude", "platform:google")
    assert "Next: reconciler apply --select 'reason:left*' --exclude platform:google" in fleet.out


def test_a_summary_counts_by_reason_group_source_and_rule(fleet: Project) -> None:
    fleet.write(
        "manifests/more.yaml",
        "apiVersion: reconciler/v1\n"
        "groups:\n"
        "  gone: {platforms: [], reason: gone}\n"
        "users: [{id: guest@example.com, group: gone}]\n"
        "rules:\n"
        "  - {name: interns, match: {id: intern*}, platforms: [], reason: SEC-1, mode: enforce}\n",
    )
    fleet.populate(
        "{external_id: leaver@example.com, connected: {google: l@example.com}}",
        "{external_id: guest@example.com, connected: {google: g@example.com}}",
        "{external_id: intern@example.com, connected: {google: i@example.com}}",
        "{external_id: settled@example.com, connected: {google: s@example.com}}",
    )
    assert fleet.run("plan", "--summary") == 0
    lines = fleet.out.splitlines()
    assert "By group" in lines
    assert "  1 gone (1 to disconnect): guest@example.com" in lines
    assert "  1 hr (1 to disconnect): leaver@example.com" in lines
    assert "  1 interns (1 to disconnect): intern@example.com" in lines
    assert len(lines) <= 40
    assert not any(line.startswith("  - disconnect") for line in lines)
    fleet.run("plan", "-o", "fleet.plan", "-f", "json")
    assert json.loads(fleet.out)["envelope"]["labels"] == {
        "guest@example.com": {"group": "gone"},
        "intern@example.com": {"rules": ["interns"]},
        "leaver@example.com": {"source": "hr"},
    }
    assert fleet.run("show", "fleet.plan", "-f", "markdown") == 0
    assert "- 1 `hr` (1 to disconnect): `leaver@example.com`" in fleet.out


def test_the_envelope_has_no_labels_where_nobody_has_any(project: Project) -> None:
    project.run("plan", "-f", "json")
    assert "labels" not in json.loads(project.out)["envelope"]
