"""What holds for every report in every format."""

import json

import pytest

from reconciler.reporting import Format, Report, render
from tests.reporting.every_report import REPORTS

every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS.keys())
every_format = pytest.mark.parametrize("form", Format)


@every_format
@every_report
def test_a_report_renders_the_same_twice(report: Report, form: Format) -> None:
    assert render(report, form) == render(report, form)


@every_format
@every_report
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
def test_the_last_json_line_is_the_summary_with_the_status(report: Report) -> None:
    lines = [json.loads(line) for line in render(report, Format.JSONL).splitlines()]
    assert lines[0]["format"] == "reconciler/report/v1"
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["status"] == report.status
    assert [line["type"] for line in lines].count("summary") == 1


@every_report
def test_the_summary_of_the_text_is_the_message_of_the_json_lines(report: Report) -> None:
    lines = render(report, Format.TEXT).splitlines()
    text = next(line for line in reversed(lines) if not line.startswith(("Next: ", "  or: ")))
    assert json.loads(render(report, Format.JSONL).splitlines()[-1])["message"] == text


@every_report
def test_text_without_colour_holds_no_escape(report: Report) -> None:
    assert "\x1b" not in render(report, Format.TEXT)


@every_report
def test_colour_changes_no_word(report: Report) -> None:
    import re

    painted = render(report, Format.TEXT, color=True)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render(report, Format.TEXT)
