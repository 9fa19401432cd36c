"""Workflow commands of GitHub: no text of others can make one, and none is dropped unseen."""

import re

import pytest
from msgspec import structs

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
from tests.reporting.samples import disconnect, envelope, plan_with

ANNOTATED = {
    name: report
    for name, report in REPORTS.items()
    if isinstance(report, ErrorReport) or Format.GITHUB in formats_of(type(report))
}
COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^:,\n]*,?)*)::([^\r\n]+)")


def lines(report: Report, checkout: Checkout | None = None) -> list[re.Match[str]]:
    text = render(report, Format.GITHUB, checkout=checkout or Checkout("/repo", "/repo"))
    found = [COMMAND.fullmatch(line) for line in text.splitlines()]
    assert None not in found, text
    return [match for match in found if match]


@pytest.mark.parametrize("report", ANNOTATED.values(), ids=ANNOTATED.keys())
def test_every_line_is_one_command_and_github_shows_them_all(report: Report) -> None:
    commands = [match[1] for match in lines(report)]
    assert max(commands.count(name) for name in ("error", "warning", "notice")) <= 10
    assert commands[-1] == "notice"


def test_an_error_is_at_its_line_and_column() -> None:
    first = lines(samples.VALIDATION_REPORT)[0]
    assert first[1] == "error"
    assert re.match(r"file=[^,]+,line=\d+,col=\d+,title=", first[2])


def test_a_file_is_named_as_the_repository_has_it() -> None:
    plan = plan_with(disconnect("alice"), disconnect("bob"))
    report = PlanReport(structs.replace(plan, envelope=envelope({"alice": "m/a.yaml:3:5"})), 0)
    alice, bob, _ = lines(report, Checkout("/repo", "/repo/eu"))
    assert alice[2].startswith("file=eu/m/a.yaml,line=3,col=5,")
    assert "file=" not in bob[2]


def test_the_place_of_a_row_of_an_input_is_in_the_message() -> None:
    plan = plan_with(disconnect("alice"), disconnect("bob"))
    sources = {"alice": "input directory:17"}
    report = PlanReport(structs.replace(plan, envelope=envelope(sources)), 0)
    assert lines(report)[0][3].startswith("input directory:17: alice")


def test_the_heaviest_come_first() -> None:
    order = ["error", "warning", "notice"]
    commands = [match[1] for match in lines(samples.REFUSED_REPORT)]
    assert commands == sorted(commands, key=order.index)
    assert commands[0] == "error"


def test_what_github_would_drop_is_counted() -> None:
    everybody = (disconnect(f"u{number:03}") for number in range(30))
    found = lines(PlanReport(plan_with(*everybody), 0))
    assert [match[1] for match in found] == ["warning"] * 10 + ["notice"]
    assert "20 more findings are not shown here." in found[-1][3]


@pytest.mark.parametrize("kind", ["plan", "run", "story", "validation", "error"])
@pytest.mark.parametrize(
    "text",
    [
        "x::set-output name=a::b",
        "\n::add-mask::a",
        "\r\n::error::a",
        "a,b:c%0A::stop-commands::x",
        "##[group]x",
        "\u2028::debug::x",
    ],
)
def test_hostile_text_makes_no_command(kind: str, text: str) -> None:
    for match in lines(reports(text)[kind]):
        assert match.string.count("\n") == 0
        assert not match.string.startswith("##[")


def test_a_percent_sign_stays_one() -> None:
    report = PlanReport(plan_with(disconnect("100%0A"), disconnect("bob")), 0)
    assert "100%250A" in lines(report)[0][3]
