"""``reconciler rules``, and what a rule does to a plan and a run."""

import json
from typing import Any

import pytest

from reconciler.domain import Platform
from reconciler.sandbox import Fault, FaultKind
from tests.cli.project import Project

DISCONNECT = "/api/v1/calendar/user/disconnect/"
RULES = """\
apiVersion: reconciler/v1
users:
  - {id: settled@example.com, platforms: [google]}
  - {id: kept@c.example.com, platforms: [google]}
rules:
  - name: contractors
    match: {email: "*@c.example.com"}
    except: [lead@c.example.com]
    platforms: []
    reason: SEC-12
    mode: MODE
  - name: nobody-twice
    match: {connected: [microsoft]}
    platforms: [microsoft]
    mode: report
"""


@pytest.fixture
def company(project: Project) -> Project:
    """Contractors, one of them a lead, and one with an entry; nothing is enforced."""
    project.populate(
        "{external_id: settled@example.com, connected: {google: settled@example.com}}",
        "{external_id: kept@c.example.com, connected: {google: kept@c.example.com}}",
        "{external_id: lead@c.example.com, connected: {google: lead@c.example.com}}",
        "{external_id: ann, connected: {google: ann@c.example.com, microsoft: ann@x.example.com}}",
        "{external_id: ben, connected: {google: ben@c.example.com}}",
    )
    project.write("manifests/people.yaml", RULES.replace("MODE", "report"))
    return project


def enforced(project: Project) -> Project:
    project.write("manifests/people.yaml", RULES.replace("MODE", "enforce"))
    return project


def test_each_rule_is_shown_with_what_gets_in_its_way(company: Project) -> None:
    assert company.run("rules", "-f", "json") == 0
    document: Any = json.loads(company.out)
    contractors, twice = document["rules"]
    assert contractors["first"] == ["ann", "ben", "kept@c.example.com"]
    assert {name: contractors[name] for name in ("matched", "concerned", "kept", "listed")} == {
        "matched": 3,
        "concerned": 2,
        "kept": 1,
        "listed": 5,
    }
    assert contractors["overlaps"] == [{"rule": "nobody-twice", "users": 1, "disagree": True}]
    assert twice["first"] == ["ann"]
    assert company.run("rules") == 0
    assert company.out.splitlines()[2:7] == [
        "contractors (report)  # manifests/people.yaml:6:5",
        "  asks for nothing connected; reason: SEC-12",
        "  matches 3 of 5 users: ann, ben, kept@c.example.com",
        "  2 not as it asks: ann, ben",
        "  kept away by an entry or a row: 1 user: kept@c.example.com",
    ]
    assert company.out.splitlines()[-1] == "Rules: 2 in force; 2 of them only report."
    assert company.methods() == {"GET"}


def test_half_a_list_shows_no_rule(company: Project) -> None:
    company.fail(Fault(kind=FaultKind.MALFORMED_ROW, times="forever"))
    assert company.run("rules") == 6
    assert "contractors" not in company.out


def test_a_rule_that_only_reports_changes_no_status_and_nothing(company: Project) -> None:
    assert company.run("plan", "--detailed-exitcode") == 0
    assert "contractors (report): matches 3 users, 2 not as it asks: ann, ben" in company.out
    assert "2 reported by rules" in company.out
    assert company.run("apply", "--auto-approve") == 0
    assert company.mutations() == []


def test_an_enforced_rule_is_a_change_and_spares_who_is_excepted_or_declared(
    company: Project,
) -> None:
    assert enforced(company).run("plan", "--detailed-exitcode") == 2
    assert company.run("apply", "--auto-approve", "--allow", "max-disconnect-percent") == 0
    assert company.mutations() == [
        ("POST", DISCONNECT, "ann", "google"),
        ("POST", DISCONNECT, "ann", "microsoft"),
        ("POST", DISCONNECT, "ben", "google"),
    ]


def test_a_rule_that_is_too_broad_is_refused_by_name(company: Project) -> None:
    enforced(company).configure("limits: {maxRuleMatches: 2, maxDisconnectPercent: ~}")
    assert company.run("apply", "--auto-approve") == 3
    assert "rule-breadth refused: contractors: the rule matches 3 of 5 users" in company.out
    assert "`maxRuleMatches`, reconciler.yaml:7:" in company.out.replace("\n", " ")
    assert company.mutations() == []
    assert company.run("apply", "--auto-approve", "--allow", "rule-breadth") == 0
    assert len(company.mutations()) == 3


def test_a_saved_plan_is_compared_with_who_the_rules_match_now(company: Project) -> None:
    assert enforced(company).run("plan", "-o", "saved.plan") == 0
    company.sandbox.disconnect("ben", Platform.GOOGLE)
    company.sandbox.connect("ben", Platform.GOOGLE, "ben@example.com")
    assert company.run("plan", "--against", "saved.plan", "-f", "json") == 0
    (gone,) = json.loads(company.out)["changes"]["gone"]
    assert (gone["action"]["user"], gone["standing"]) == ("ben", "rule_no_longer_matches")
    assert company.run("apply", "saved.plan", "--allow", "max-disconnect-percent") == 4
    assert [call[2] for call in company.mutations()] == ["ann", "ann"]


def test_a_saved_plan_is_judged_by_what_the_rules_match_now(company: Project) -> None:
    company.configure("limits: {maxRuleMatches: 3, maxDisconnectPercent: ~}")
    assert enforced(company).run("plan", "-o", "saved.plan") == 0
    company.sandbox.connect("settled@example.com", Platform.MICROSOFT, "new@c.example.com")
    assert company.run("apply", "saved.plan") == 3
    assert "the rule matches everybody (4 users)" in company.out
    assert company.mutations() == []
