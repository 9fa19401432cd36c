"""A run as it goes: JSON Lines on standard output, lines of text on standard error."""

import json
import re
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from reconciler.manifest import schema_text
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import Project, another_run
from tests.cli.test_processes import COMMAND, started

REPORT = json.loads(schema_text("report"))
LINE = {**REPORT, "oneOf": [{"$ref": "#/$defs/Line"}]}
REJECTED = Fault(kind=FaultKind.STATUS, status=400, match=Match(endpoint="disconnect"))
OUT_OF_CREDIT = Fault(kind=FaultKind.STATUS, status=402, match=Match(endpoint="disconnect"))


def lines(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        jsonschema.validate(line, LINE)
    return found


def types(found: list[dict[str, Any]]) -> list[str]:
    """The types of the events, and the kind of the document that ends them."""
    return [line.get("type") or line["kind"] for line in found]


def test_a_run_is_its_events_and_then_its_document(project: Project) -> None:
    assert project.run("apply", "--auto-approve", "--format", "jsonl") == 0
    found = lines(project.out)
    assert types(found) == ["started", "planned", "outcome", "outcome", "run"]
    assert [(event["done"], event["total"]) for event in found[2:4]] == [(1, 2), (2, 2)]
    assert found[1]["run"] == found[-1]["run"]
    streamed = sorted(event["result"]["user"] for event in found[2:4])
    assert streamed == sorted(result["user"] for result in found[-1]["results"])


def test_the_document_is_that_of_json(project: Project) -> None:
    assert project.run("plan", "--format", "jsonl", "--report", "json=plan.json") == 0
    beside = json.loads((project.folder / "plan.json").read_text())
    assert lines(project.out)[-1] == beside


def test_a_report_file_holds_the_same_lines(project: Project) -> None:
    project.run("apply", "--auto-approve", "--format", "jsonl", "--report", "jsonl=run.jsonl")
    assert (project.folder / "run.jsonl").read_text() == project.out


def test_a_report_file_holds_the_events_beside_text_too(project: Project) -> None:
    project.run("apply", "--auto-approve", "--report", "jsonl=run.jsonl")
    found = lines((project.folder / "run.jsonl").read_text())
    assert types(found) == ["started", "planned", "outcome", "outcome", "run"]


def _nothing(_: Project) -> None:
    pass


def _refused(project: Project) -> None:
    project.configure("limits: {maxDisconnects: 0}")


def _rejected(project: Project) -> None:
    project.fail(REJECTED)


APPLY = ("apply", "--auto-approve", "--parallelism", "1")


@pytest.mark.parametrize(
    ("arrange", "arguments", "expected"),
    [
        (_nothing, ("plan",), ["started", "plan"]),
        (_nothing, ("validate",), ["started", "validation"]),
        (_nothing, ("runs",), ["started", "runs"]),
        (_nothing, ("doctor",), ["started", "doctor"]),
        (_nothing, ("apply",), ["started", "error"]),
        (_refused, APPLY, ["started", "plan"]),
        (_rejected, APPLY, ["started", "planned", "outcome", "outcome", "run"]),
    ],
)
def test_every_command_ends_with_its_document(
    project: Project,
    arrange: Callable[[Project], None],
    arguments: tuple[str, ...],
    expected: list[str],
) -> None:
    arrange(project)
    project.run(*arguments, "--format", "jsonl")
    assert types(lines(project.out)) == expected


def test_a_run_that_stops_itself_says_so_before_its_end(project: Project) -> None:
    project.fail(OUT_OF_CREDIT)
    project.run("apply", "--auto-approve", "--parallelism", "1", "--format", "jsonl")
    found = lines(project.out)
    assert types(found).count("stopped") == 1
    stopped = next(line for line in found if line.get("type") == "stopped")
    assert stopped["halted"]["cause"] == found[-1]["halted"]["cause"] == "out_of_credit"


def test_the_first_line_is_there_while_the_command_still_waits(project: Project) -> None:
    with (
        another_run(project),
        started(
            project, "apply", "--auto-approve", "--lock-timeout", "600", "--format", "jsonl"
        ) as process,
    ):
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["type"] == "started"
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate()
    assert types(lines(rest.decode())) == ["error"]
    assert process.returncode == 143


def test_without_a_terminal_text_says_each_outcome_on_standard_error(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    found = [line for line in project.err.splitlines() if line.startswith("[")]
    assert [re.sub(r" \S+@.*", "", line) for line in found] == [
        "[1/2] verified: disconnect google",
        "[2/2] verified: disconnect google",
    ]


@pytest.mark.parametrize("option", ["--quiet", "--verbose", "--format=json", "--format=jsonl"])
def test_no_such_line_where_it_is_not_wanted_or_said_elsewhere(
    project: Project, option: str
) -> None:
    assert project.run("apply", "--auto-approve", option) == 0
    assert not [line for line in project.err.splitlines() if line.startswith("[")]


def test_a_terminal_shows_a_bar_and_no_such_line(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.run_on_a_terminal(monkeypatch, "", "apply", "--auto-approve") == 0
    assert "] verified:" not in project.err


def test_a_reader_who_goes_away_does_not_stop_the_run(project: Project) -> None:
    with started(project, "apply", "--auto-approve", "--format", "jsonl") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 0
    assert len(project.mutations()) == 2


def test_a_stream_that_cannot_be_written_is_said_when_all_is_done(project: Project) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        ended = subprocess.run(
            [*COMMAND, "apply", "--auto-approve", "--format", "jsonl"],
            cwd=project.folder,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ended.returncode == 4
    assert b"the result could not be written" in ended.stderr
    assert len(project.mutations()) == 2
