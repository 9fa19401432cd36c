"""JUnit XML: green means that the fleet is known to be as declared."""

import xml.etree.ElementTree as ET

import pytest

from reconciler.reporting import (
    Checkout,
    ErrorReport,
    Format,
    PlanReport,
    Report,
    formats_of,
    render,
)
from tests.reporting import samples
from tests.reporting.every_report import REPORTS
from tests.reporting.hostile import reports
from tests.reporting.samples import disconnect, plan_with

JUNIT = {
    name: report
    for name, report in REPORTS.items()
    if isinstance(report, ErrorReport) or Format.JUNIT in formats_of(type(report))
}
HERE = Checkout("/repo", "/repo")


def suites(report: Report) -> list[ET.Element]:
    root = ET.fromstring(render(report, Format.JUNIT, checkout=HERE))
    assert root.tag == "testsuites"
    return list(root)


def outcomes(report: Report) -> dict[str, str]:
    """``failure``, ``error``, ``skipped`` or ``passed``, by the name of the case."""
    return {
        case.attrib["name"]: case[0].tag if len(case) else "passed"
        for suite in suites(report)
        for case in suite.iter("testcase")
    }


@pytest.mark.parametrize("report", JUNIT.values(), ids=JUNIT.keys())
def test_every_suite_counts_its_cases_and_names_each_of_them_once(report: Report) -> None:
    for suite in suites(report):
        cases = list(suite.iter("testcase"))
        assert int(suite.attrib["tests"]) == len(cases)
        for attribute, tag in (
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            assert int(suite.attrib[attribute]) == len(list(suite.iter(tag)))
        names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
        assert len(set(names)) == len(names)


def test_what_a_run_would_do_fails_and_what_it_would_leave_is_skipped() -> None:
    content, found = samples.PLAN_REPORT.plan.content, outcomes(samples.PLAN_REPORT)
    states = list(found.values())
    assert states.count("failure") == len(content.actions)
    assert states.count("skipped") == len(content.blocked) + len(content.pending)
    assert found["max-disconnects: guard"] == "passed"


def test_a_refusal_fails_and_what_is_unknown_is_an_error() -> None:
    assert outcomes(samples.REFUSED_REPORT)["max-disconnects: guard"] == "failure"
    incomplete = outcomes(samples.INCOMPLETE_REPORT)
    assert {s for name, s in incomplete.items() if name.endswith("undetermined")} == {"error"}


def test_a_converged_fleet_is_green() -> None:
    assert set(outcomes(samples.CONVERGED_REPORT).values()) == {"passed"}


def test_the_outcomes_of_a_run_are_those_of_its_cases() -> None:
    found = outcomes(samples.RUN_REPORT)
    results = samples.RUN_REPORT.result.results
    named = {
        "verified": "passed",
        "already_absent": "passed",
        "skipped_stale": "failure",
        "failed": "failure",
        "unknown": "error",
        "not_attempted": "skipped",
    }
    states = list(found.values())
    for outcome, state in named.items():
        assert states.count(state) >= sum(1 for r in results if r.outcome == outcome)


def test_two_workspaces_are_two_suites() -> None:
    assert [suite.attrib["name"] for suite in suites(REPORTS["workspaces"])] == [
        "acme",
        "globex",
        "initech",
    ]


def test_a_case_is_in_the_file_that_declares_the_user() -> None:
    (case,) = (
        case
        for suite in suites(samples.VALIDATION_REPORT)
        for case in list(suite.iter("testcase"))[:1]
    )
    assert case.attrib["file"] == case.attrib["classname"]
    assert int(case.attrib["line"]) >= 1


@pytest.mark.parametrize("kind", ["plan", "run", "story", "validation", "error"])
@pytest.mark.parametrize(
    "text", ["a\x00\x0b\ufffe", "]]><x/>&'\"", "a\ud800b".replace("\ud800", "\x85"), "\u202e\r\n"]
)
def test_hostile_text_leaves_the_document_whole(kind: str, text: str) -> None:
    assert len(outcomes(reports(text)[kind])) >= 1


def test_two_users_with_one_name_to_the_eye_are_two_cases() -> None:
    plan = plan_with(disconnect("a\x1b"), disconnect("a␛"))
    names = [n for n in outcomes(PlanReport(plan, 0)) if n.startswith("a␛")]
    assert len(names) == 2
