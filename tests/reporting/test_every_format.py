"""What holds for every report in every format."""

import json

import pytest

from reconciler.reporting import ErrorReport, Format, Report, formats_of, render
from tests.reporting.every_report import REPORTS

every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS.keys())
every_text = pytest.mark.parametrize(
    ("report", "form"),
    [
        pytest.param(report, form, id=f"{name} {form}")
        for name, report in REPORTS.items()
        for form in Format
        if form is not Format.CSV
        and (isinstance(report, ErrorReport) or form in formats_of(type(report)))
    ],
)


@every_text
def test_a_report_renders_the_same_twice(report: Report, form: Format) -> None:
    assert render(report, form) == render(report, form)


@every_text
def test_a_report_ends_in_exactly_one_line_feed(report: Report, form: Format) -> None:
    text = render(report, form)
    assert text.strip()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@every_report
def test_a_json_report_names_its_format_and_status(report: Report) -> None:
    document = json.loads(render(report, Format.JSON))
    assert document["format"] == "reconciler/report/v1"
    assert document["status"] == report.status


@every_report
def test_the_last_json_line_is_the_json_document(report: Report) -> None:
    (line,) = render(report, Format.JSONL).splitlines()
    assert json.loads(line) == json.loads(render(report, Format.JSON))


@every_report
def test_text_without_colour_holds_no_escape(report: Report) -> None:
    assert "\x1b" not in render(report, Format.TEXT)


@every_report
def test_colour_changes_no_word(report: Report) -> None:
    import re

    painted = render(report, Format.TEXT, color=True)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render(report, Format.TEXT)
