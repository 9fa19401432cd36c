"""Who is connected and in no manifest, in every format."""

import json

import pytest

from reconciler.domain import UndeclaredPolicy
from reconciler.reporting import Format, PlanReport, render
from tests.reporting import samples
from tests.reporting.samples import GOOGLE, declared, listed, plan_of

FAIL, REPORT = UndeclaredPolicy.FAIL, UndeclaredPolicy.REPORT


def strangers(
    number: int, policy: UndeclaredPolicy = REPORT, *, verbose: bool = False
) -> PlanReport:
    """So many users that no manifest names."""
    names = [f"stranger{n:02}" for n in range(number)]
    observed = [listed("alice", "google"), *(listed(name, "google", "zoom") for name in names)]
    return PlanReport(
        plan_of([declared("alice", GOOGLE)], observed), 0, verbose=verbose, undeclared=policy
    )


def section(report: PlanReport) -> list[str]:
    """The section in text: its heading and its lines."""
    lines = render(report, Format.TEXT).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("Connected and in no"))
    return lines[start : lines.index("", start)]


def test_text_names_the_first_ten_and_counts_the_others() -> None:
    heading, *listed_lines = section(strangers(12))
    assert heading == "Connected and in no manifest: 12"
    assert listed_lines[0] == "  = stranger00 (google, zoom)"
    assert len(listed_lines) == 11
    assert listed_lines[-1] == "  and 2 more; --verbose lists them"


@pytest.mark.parametrize("report", [strangers(12, FAIL), strangers(12, verbose=True)])
def test_text_names_everyone_where_they_fail_the_plan_or_on_request(report: PlanReport) -> None:
    assert len(section(report)) == 13


def test_a_failed_plan_says_so_in_its_last_line() -> None:
    assert section(strangers(1, FAIL))[0] == "Connected and in no manifest (`unmanaged: fail`): 1"
    assert render(strangers(1, FAIL), Format.TEXT).splitlines()[-1] == (
        "No changes. 1 converged, 1 left alone. Failed: 1 connected and in no manifest."
    )


@pytest.mark.parametrize("policy", UndeclaredPolicy)
@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
def test_nothing_is_said_where_nobody_is_undeclared(form: Format, policy: UndeclaredPolicy) -> None:
    assert "no manifest" not in render(strangers(0, policy), form)


def test_who_has_no_external_id_goes_by_the_id_of_recall() -> None:
    plan = plan_of([], [listed(None, "google", recall_id="r-1")])
    found = section(PlanReport(plan, 0))
    assert found[1:] == ["  = r-1 without an external id (google)"]


def test_markdown_names_the_first_ten_in_a_line() -> None:
    found = render(strangers(12), Format.MARKDOWN)
    assert "Connected and in no manifest: 12: `stranger00` (`google, zoom`), " in found
    assert "`stranger09` (`google, zoom`) and 2 more" in found
    assert "connected and in no manifest</summary>" not in found


def test_markdown_warns_and_lists_everyone_where_they_fail_the_plan() -> None:
    found = render(strangers(12, FAIL), Format.MARKDOWN)
    assert "> [!WARNING]\n> Connected and in no manifest (`unmanaged: fail`): 12" in found
    assert "<details><summary>12 connected and in no manifest</summary>" in found
    assert "- `stranger11` (`google, zoom`)" in found


@pytest.mark.parametrize("policy", UndeclaredPolicy)
def test_json_lists_them_with_the_policy(policy: UndeclaredPolicy) -> None:
    document = json.loads(render(strangers(2, policy), Format.JSON))
    assert document["undeclared"]["policy"] == policy
    assert [user["user"] for user in document["undeclared"]["users"]] == [
        "stranger00",
        "stranger01",
    ]
    assert json.loads(render(samples.CONVERGED_REPORT, Format.JSON))["undeclared"]["users"] == []
