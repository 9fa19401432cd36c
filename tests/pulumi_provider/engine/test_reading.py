"""What people, programs and pipelines read of it: outputs, JSON, reports, and files left behind."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.pulumi_provider.engine.programs import own
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH


def outputs(stack: Stack) -> Mapping[str, Any]:
    assert stack.run("stack", "output", "--json") == 0, stack.out
    found: Mapping[str, Any] = json.loads(stack.out)
    return found


@pytest.mark.sample
def test_a_program_is_told_who_has_to_connect_and_what_this_update_did(stack: Stack) -> None:
    own(stack)
    done = {"missing": [], "outcome": {"disconnect google": "verified"}}
    nothing: Mapping[str, Any] = {"missing": [], "outcome": {}}
    waiting = {"missing": ["microsoft"], "outcome": {}}
    assert stack.up("--skip-preview") == 0
    assert outputs(stack)["trial"] == {
        "leaver@example.com": done,
        "mover@example.com": done,
        "settled@example.com": nothing,
        "waiting@example.com": waiting,
    }
    assert stack.up("--skip-preview") == 0
    assert outputs(stack)["trial"] == {
        "leaver@example.com": nothing,
        "mover@example.com": nothing,
        "settled@example.com": nothing,
        "waiting@example.com": waiting,
    }
    assert stack.disconnects() == BOTH


def test_a_preview_in_json_is_one_document_with_the_plan_in_it(stack: Stack) -> None:
    assert stack.preview("--json") == 0
    shown = json.loads(stack.out)
    planned = [
        step["newState"]["inputs"]["plan"]["disconnect"]
        for step in shown["steps"]
        if "reconciler:Calendar" in step["urn"]
    ]
    assert sum("google" in str(plan) for plan in planned) == (
        2 if stack.granularity == "user" else 1
    )
    said = [found["message"] for found in shown["diagnostics"]]
    assert any("an update would disconnect 2: " in message for message in said)


def test_a_refusal_is_among_the_diagnostics_of_a_preview_in_json(stack: Stack) -> None:
    stack.configure("limits: {maxDisconnects: 1}")
    assert stack.preview("--json") != 0
    shown = json.loads(stack.out)
    refusals = [found for found in shown["diagnostics"] if "refused" in found["message"]]
    assert {found["severity"] for found in refusals} == {"error"}
    assert "max-disconnects refused: 2 disconnects; the limit is 1" in refusals[0]["message"]


def test_an_update_in_json_is_documents_one_after_the_other(stack: Stack) -> None:
    assert stack.up("--json") == 0
    read, decoder, text = [], json.JSONDecoder(), stack.out.strip()
    while text:
        document, end = decoder.raw_decode(text)
        read.append(document)
        text = text[end:].lstrip()
    assert "steps" in read[0]
    assert stack.disconnects() == BOTH


def test_a_pipeline_reads_the_command_lines_own_report(stack: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert stack.preview(RECONCILER_REPORT=f"json={report}") == 0
    assert json.loads(report.read_text())["summary"]["disconnect"] == 2
    assert stack.up("--skip-preview", RECONCILER_REPORT=f"json={report}") == 0
    assert json.loads(report.read_text())["summary"]["verified"] == 2
    assert stack.disconnects() == BOTH


def test_a_refusal_is_reported_too_for_the_comment_on_a_pull_request(
    stack: Stack, tmp_path: Path
) -> None:
    report = tmp_path / "report.md"
    stack.configure("limits: {maxDisconnects: 1}")
    assert stack.preview(RECONCILER_REPORT=f"markdown={report}") != 0
    assert "max-disconnects" in report.read_text()
    assert stack.mutations() == 0


def test_the_note_is_all_that_a_preview_leaves_and_the_next_command_sweeps_it(
    stack: Stack,
) -> None:
    places = (stack.folder, stack.records)
    before = contents(*places)
    assert stack.preview() == 0
    (record,) = contents(*places).keys() - before.keys()
    assert record.parent == stack.records
    assert record.stat().st_mode & 0o777 == 0o600
    assert {path: text for path, text in contents(*places).items() if path != record} == before
    assert stack.preview() == 0
    assert not record.exists()


def contents(*folders: Path) -> dict[Path, bytes]:
    """Every file but those of the sandbox, which is the outside, and Python's own."""
    return {
        path: path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not {"state", "__pycache__"} & set(path.parts)
    }
