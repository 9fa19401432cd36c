"""The events of JSON Lines: what each holds, and that the schema knows it."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.reporting import json_stream
from reconciler.reporting.json_stream import AnyEvent, StartedEvent, WaitingEvent, event_line
from reconciler.runs import HaltCause, Outcome
from tests.reporting import samples
from tests.reporting.test_hostile_text import HOSTILE

REPORT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "schemas" / "report.schema.json").read_text()
)
LINE = Draft202012Validator({**REPORT, "oneOf": [{"$ref": "#/$defs/Line"}]})
AT = "2026-11-02T08:00:00Z"
PLAN = samples.plan_with(samples.disconnect("alice"), samples.update("bob"))
ENDED = json_stream.ended(
    samples.ended(Outcome.VERIFIED, "read_back"), PLAN, 1, carried=frozenset(), at=AT
)
EVENTS: dict[str, AnyEvent] = {
    "started": StartedEvent(at=AT, tool_version="0.1.0"),
    "planned": json_stream.planned(PLAN, "run-1", AT),
    "outcome": ENDED,
    "waiting": WaitingEvent(at=AT, done=1, total=2, message="still applying after 30 s"),
    "waiting without a plan": WaitingEvent(at=AT, done=0, total=None, message="still starting"),
    "stopped": json_stream.stopped(HaltCause.INTERRUPTED, None, 15, AT),
}


def line(event: AnyEvent) -> dict[str, Any]:
    found = json.loads(event_line(event))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_an_event_is_one_line_as_the_schema_says(event: AnyEvent) -> None:
    text = event_line(event)
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert list(LINE.iter_errors(json.loads(text))) == []
    assert json.loads(text)["at"] == AT


def test_the_first_event_names_the_format() -> None:
    assert line(EVENTS["started"])["format"] == "reconciler/report/v1"


def test_a_plan_is_there_with_its_numbers_and_the_run_that_acts_on_it() -> None:
    found = line(EVENTS["planned"])
    assert (found["run"], found["plan"]["digest"]) == ("run-1", PLAN.content.digest())
    assert found["plan"]["summary"]["disconnect"] == 1


def test_an_outcome_says_how_far_the_run_is_and_how_the_action_ended() -> None:
    found = line(ENDED)
    assert (found["done"], found["total"]) == (1, 2)
    assert (found["result"]["user"], found["result"]["outcome"]) == ("alice", "verified")
    assert found["result"]["carried"] is False


def test_an_outcome_of_an_earlier_run_is_marked_as_carried() -> None:
    result = samples.ended(Outcome.VERIFIED, "read_back")
    event = json_stream.ended(result, PLAN, 1, carried=frozenset({result.action.key}), at=AT)
    assert event.result.carried


def test_a_stop_says_why_and_by_which_signal() -> None:
    halted = line(EVENTS["stopped"])["halted"]
    assert (halted["cause"], halted["signal"]) == ("interrupted", 15)
    assert halted["message"] == "The run stopped early: it was interrupted by SIGTERM."


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_the_data_an_event_stays_one_line(text: str) -> None:
    plan = samples.plan_with(samples.disconnect(text))
    result = samples.ended(Outcome.FAILED, "rejected", detail=text, action=samples.disconnect(text))
    found = event_line(json_stream.ended(result, plan, 1, carried=frozenset(), at=AT))
    assert found.splitlines() == [found.rstrip("\n")]
    assert list(LINE.iter_errors(json.loads(found))) == []
