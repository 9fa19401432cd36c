"""SARIF: every finding is on the line that a reviewer can edit, and stays the same finding."""

import gzip
import json
import random
from typing import Any

import pytest
from msgspec import structs

from reconciler.domain import UndeclaredPolicy
from reconciler.planning import GuardName
from reconciler.reporting import (
    Checkout,
    ErrorReport,
    Format,
    PlanReport,
    Report,
    formats_of,
    render,
    sarif,
)
from tests.reporting import samples
from tests.reporting.every_report import REPORTS
from tests.reporting.hostile import reports
from tests.reporting.samples import disconnect, envelope, plan_with
from tests.reporting.sarif_shape import check

SARIF = {
    name: report
    for name, report in REPORTS.items()
    if isinstance(report, ErrorReport) or Format.SARIF in formats_of(type(report))
}
HERE = Checkout("/repo", "/repo", configuration="reconciler.yaml")


def run_of(report: Report, checkout: Checkout | None = HERE) -> dict[str, Any]:
    (run,) = json.loads(render(report, Format.SARIF, checkout=checkout))["runs"]
    assert isinstance(run, dict)
    return run


def results(report: Report, checkout: Checkout | None = HERE) -> list[dict[str, Any]]:
    found = run_of(report, checkout)["results"]
    assert isinstance(found, list)
    return found


def levels(report: Report) -> dict[str, str]:
    return {result["ruleId"]: result["level"] for result in results(report)}


def place(result: dict[str, Any]) -> tuple[str, int, int | None]:
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    region = physical["region"]
    assert physical["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
    return physical["artifactLocation"]["uri"], region["startLine"], region.get("startColumn")


def at(source: str) -> PlanReport:
    plan = plan_with(disconnect("alice"), disconnect("bob"))
    return PlanReport(structs.replace(plan, envelope=envelope({"alice": source})), 0)


@pytest.mark.parametrize("report", SARIF.values(), ids=SARIF.keys())
def test_every_log_has_the_shape_of_the_schema(report: Report) -> None:
    log = json.loads(render(report, Format.SARIF, checkout=HERE))
    check(log)
    assert log["version"] == "2.1.0"


@pytest.mark.parametrize("report", SARIF.values(), ids=SARIF.keys())
def test_every_result_names_a_rule_with_help_and_has_one_place_and_its_own_fingerprint(
    report: Report,
) -> None:
    run = run_of(report)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["help"]["text"].endswith(".")
        place(result)
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_a_planned_disconnect_is_on_the_line_that_declares_the_user() -> None:
    alice, bob = results(at("manifests/team.yaml:12:3"))
    assert place(alice) == ("manifests/team.yaml", 12, 3)
    assert alice["ruleId"] == "disconnect-unwanted-platform"
    assert alice["message"]["text"].startswith("alice")
    assert bob["message"]["text"].startswith("bob")


@pytest.mark.parametrize(
    ("folder", "source", "expected"),
    [
        ("/repo/eu", "manifests/a.yaml:2:1", ("eu/manifests/a.yaml", 2, 1)),
        ("/repo/eu", "../shared/b.yaml:2:1", ("shared/b.yaml", 2, 1)),
        ("/repo/eu", "/repo/exports/hr 1.csv:17", ("exports/hr%201.csv", 17, None)),
    ],
)
def test_a_file_is_named_as_the_repository_has_it(
    folder: str, source: str, expected: tuple[str, int, int | None]
) -> None:
    assert place(results(at(source), Checkout("/repo", folder))[0]) == expected


@pytest.mark.parametrize("source", ["input directory:17", "../elsewhere/a.yaml:17:1"])
def test_what_no_file_of_the_repository_declares_is_at_the_configuration(source: str) -> None:
    checkout = Checkout("/repo", "/repo", configuration="/repo/conf/fleet.yaml")
    result = results(at(source), checkout)[0]
    assert place(result) == ("conf/fleet.yaml", 1, None)
    (name,) = result["locations"][0]["logicalLocations"]
    assert name["fullyQualifiedName"] == source


def test_the_weight_of_a_finding_follows_from_what_it_is() -> None:
    assert levels(samples.PLAN_REPORT) == {
        "disconnect-unwanted-platform": "warning",
        "disconnect-nothing-wanted": "warning",
        "disconnect-handover-immediate": "warning",
        "update-preferences": "note",
        "held-handover": "note",
        "held-protected": "note",
        "held-unknown-platform": "warning",
        "pending-not-connected": "note",
        "pending-unknown-to-recall": "note",
        "notice-protected-matches-nobody": "note",
        "notice-email-under-several-users": "note",
    }


def test_a_refusal_is_an_error_where_its_limit_is_set() -> None:
    found = {result["ruleId"]: result for result in results(samples.REFUSED_REPORT)}
    refused = found["guard-max-disconnects"]
    assert refused["level"] == "error"
    assert "--allow max-disconnects" in refused["message"]["text"]
    assert ":".join(map(str, place(refused))) == samples.SOURCES[GuardName.MAX_DISCONNECTS]


def test_what_is_unknown_is_a_warning_and_why_it_is_an_error() -> None:
    found = levels(samples.INCOMPLETE_REPORT)
    assert found["undetermined"] == "warning"
    assert found["incomplete-observation"] == "error"
    assert found["guard-complete-observation"] == "error"


def test_a_run_shows_what_is_not_done_and_nothing_that_is() -> None:
    found = levels(samples.RUN_REPORT)
    assert "outcome-verified" not in found
    assert {"outcome-failed", "outcome-unknown", "run-stopped-early"} <= found.keys()
    assert found["outcome-failed"] == found["outcome-unknown"] == "error"
    assert found["outcome-skipped-stale"] == found["outcome-not-attempted"] == "warning"


def test_an_invalid_manifest_is_at_its_column_with_what_helps() -> None:
    found = results(samples.VALIDATION_REPORT)
    for result, problem in zip(found, samples.VALIDATION_REPORT.diagnostics, strict=True):
        assert result["level"] == "error"
        if problem.hint:
            assert problem.hint in result["message"]["text"]


def test_a_command_without_a_result_did_not_succeed() -> None:
    (invocation,) = run_of(samples.ERROR_REPORT)["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == samples.ERROR_REPORT.status


def test_somebody_in_no_manifest_is_an_error_where_that_fails() -> None:
    report = structs.replace(samples.PLAN_REPORT, undeclared=UndeclaredPolicy.FAIL)
    assert levels(report)["undeclared"] == "error"


def test_a_finding_keeps_its_fingerprint_when_its_line_moves() -> None:
    before, after = results(at("a.yaml:1:1")), results(at("b.yaml:99:7"))
    assert [r["partialFingerprints"] for r in before] == [r["partialFingerprints"] for r in after]


def test_two_workspaces_have_findings_of_their_own() -> None:
    found = results(REPORTS["workspaces"])
    assert {result["properties"]["workspace"] for result in found} == {
        "acme",
        "globex",
        "initech",
    }


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("commit", "url", "known"),
    [
        (COMMIT, "https://git.test/team/fleet", True),
        (COMMIT, None, False),
        (f"{COMMIT}-dirty", "https://git.test/team/fleet", False),
        (None, "https://git.test/team/fleet", False),
    ],
)
def test_the_revision_is_named_where_it_is_surely_what_was_read(
    commit: str | None, url: str | None, *, known: bool
) -> None:
    report = at("a.yaml:1:1")
    made = structs.replace(report.plan.envelope, commit=commit)
    report = structs.replace(report, plan=structs.replace(report.plan, envelope=made))
    run = run_of(report, structs.replace(HERE, url=url))
    assert ("versionControlProvenance" in run) is known


def test_the_limits_are_those_of_github() -> None:
    assert (sarif.MOST_RESULTS, sarif.MOST_BYTES) == (25_000, 10_000_000)


def test_no_more_results_than_github_takes_and_the_last_counts_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 100)
    everybody = (disconnect(f"u{number:03}") for number in range(105))
    found = results(PlanReport(plan_with(*everybody), 0))
    assert len(found) == 100
    assert found[-1]["ruleId"] == "not-shown"
    assert found[-1]["message"]["text"].startswith("6 more findings are not shown here.")


def test_the_heaviest_findings_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)
    assert [r["level"] for r in results(samples.REFUSED_REPORT)] == ["error", "error", "note"]


def test_no_more_bytes_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_BYTES", 100_000)
    noise = random.Random(7)
    long = (disconnect(f"u{number:03}", note=noise.randbytes(490).hex()) for number in range(500))
    text = render(PlanReport(plan_with(*long), 0), Format.SARIF)
    assert 50_000 < len(gzip.compress(text.encode(), 6)) <= 100_000
    assert json.loads(text)["runs"][0]["results"][-1]["ruleId"] == "not-shown"


@pytest.mark.parametrize("kind", ["plan", "run", "story", "validation", "error"])
def test_hostile_text_stays_text(kind: str) -> None:
    hostile = 'a\x1b[2J"},{"level":"none\u202e\r\n::error::x ${{ secrets }}'
    found = render(reports(hostile)[kind], Format.SARIF)
    check(json.loads(found))
    assert not set("\x1b\r\u202e") & set(found)
