"""What the machine-readable formats hold of the ledger and of what changed."""

import json
from typing import Any

import msgspec

from reconciler.planning import encode_plan
from reconciler.reporting import Format, PlanReport, Report, render
from tests.reporting import ledger_samples, samples
from tests.reporting.ledger_samples import DEAD, LATER, MOVED, PLACE, REPORTS, memory, summary


def document(report: Report) -> dict[str, Any]:
    found = json.loads(render(report, Format.JSON))
    assert isinstance(found, dict)
    return found


def test_a_command_without_a_ledger_or_a_saved_plan_has_nulls() -> None:
    found = document(samples.PLAN_REPORT)
    assert (found["memory"], found["changes"]) == (None, None)


def test_the_whole_memory_is_there_also_where_people_are_told_nothing() -> None:
    report = PlanReport(samples.converged_plan(), 0, ledger=memory())
    assert document(report)["memory"] == {
        "place": PLACE,
        "state": "read",
        "message": None,
        "detail": None,
        "dead": [],
        "settled": [],
        "used_by": None,
    }


def test_an_unreadable_ledger_says_why() -> None:
    found = document(REPORTS["plan with an unreadable ledger"])["memory"]
    assert found["state"] == "unreadable"
    assert found["detail"] == "it is not a database (move it away)"
    assert "were skipped" in found["message"]


def test_a_dead_run_is_there_with_all_that_is_recorded_of_it() -> None:
    report = PlanReport(samples.converged_plan(), 0, ledger=memory(dead=(summary(),)))
    (dead,) = document(report)["memory"]["dead"]
    assert dead == {
        "run": DEAD,
        "front": "apply",
        "workspace": "prod",
        "base_url": "https://us-west-2.recall.ai",
        "owner": "the command line",
        "state": "died",
        "message": "It died: its process ended or fell silent without closing it.",
        "opened": "2026-11-02T03:12:00Z",
        "ended": None,
        "who": {"user": "ops", "host": "runner-7", "pid": 4711, "machine": "boot-1"},
        "commit": "0123abcd4567ef890123abcd4567ef8901234567",
        "tool_version": "0.1.0",
        "plan_digest": f"sha256:{'0' * 64}",
        "actions": 4,
        "summary": {
            "verified": 1,
            "already_absent": 0,
            "skipped_stale": 0,
            "failed": 0,
            "unknown": 0,
            "not_attempted": 0,
            "calls": 3,
        },
        "in_doubt": 2,
        "never_begun": 1,
        "resumes": None,
        "resumed_by": None,
        "halted": None,
        "detail": None,
    }


def test_what_was_settled_names_its_run_and_how_it_ended() -> None:
    report = REPORTS["run that settled"]
    settled = document(report)["memory"]["settled"]
    assert [(entry["run"], entry["result"]["user"]) for entry in settled] == [
        (DEAD, "u2"),
        (DEAD, "u3"),
    ]
    assert [entry["result"]["cause"] for entry in settled] == ["seen_in_list", "not_seen_in_time"]


def test_a_run_says_which_it_resumes_and_which_results_it_took_over() -> None:
    report = REPORTS["run that resumes"]
    found = document(report)
    assert found["resumes"] == DEAD
    assert [result["carried"] for result in found["results"]] == [True] + [False] * 5
    assert found["summary"]["calls"] == 2


def test_a_run_that_resumes_nothing_has_null() -> None:
    assert document(samples.RUN_REPORT)["resumes"] is None


def test_changes_are_whole_in_the_document() -> None:
    report = document(REPORTS["plan with changes"])
    found = report["changes"]
    assert (found["manifests"], found["configuration"]) == (True, True)
    assert (found["then"]["declared"], found["now"]["declared"], found["kept"]) == (2, 4, 1)
    assert [action["user"] for action in found["added"]] == ["carol"]
    assert report["envelope"]["sources"]["carol"] == "people.yaml:7:5"
    assert found == json.loads(msgspec.json.encode(MOVED))
    assert found["gone"][0]["standing"] == "user_gone"


def test_a_plan_that_is_as_it_would_be_now_says_so() -> None:
    found = document(REPORTS["plan without changes"])["changes"]
    assert [found[name] for name in ("added", "gone", "blocked", "pending", "guards")] == [[]] * 5
    assert (found["manifests"], found["configuration"]) == (False, False)


def test_a_run_and_an_error_hold_changes_too() -> None:
    for name in ("run that settled", "error with memory and changes"):
        assert document(REPORTS[name])["changes"]["kept"] == 1
        assert len(document(REPORTS[name])["changes"]["gone"]) == 1


def test_runs_are_listed_newest_first_with_their_ledger() -> None:
    found = document(ledger_samples.RUNS_REPORT)
    assert (found["workspace"], found["place"], found["limit"]) == ("prod", PLACE, 20)
    assert [run["run"] for run in found["runs"]] == [LATER, DEAD, "run-of-the-day-before"]


def test_a_story_holds_the_whole_plan_and_every_step() -> None:
    shown = ledger_samples.story()
    found = document(ledger_samples.STORY_REPORT)
    assert shown.plan is not None
    saved = json.loads(encode_plan(shown.plan))
    assert found["plan"] == {"content": saved["content"], "envelope": saved["envelope"]}
    assert [len(action["steps"]) for action in found["actions"]] == [8, 2, 1, 0]
    assert found["actions"][1]["steps"][1] == {
        "at": "2026-11-03T04:00:02Z",
        "kind": "outcome",
        "call": None,
        "code": "seen_in_list",
        "no_effect": None,
        "outcome": "verified",
        "detail": None,
        "by": LATER,
    }


def test_a_story_tells_in_doubt_from_never_begun_and_from_ended() -> None:
    actions = document(ledger_samples.STORY_REPORT)["actions"]
    assert [(action["in_doubt"], action["result"] is None) for action in actions] == [
        (False, False),
        (False, False),
        (True, True),
        (False, True),
    ]


def test_a_story_says_what_was_seen_and_whether_it_was_accepted() -> None:
    found = document(ledger_samples.STORY_REPORT)
    assert (found["fleet"], found["accepted"]) == ({"declared": 10, "observed": 12}, True)
    guards = {guard["guard"]: guard["judgement"] for guard in found["guards"]}
    assert guards["observed-fleet-shrink"] == "not_judged"


def test_a_story_without_a_plan_has_nulls() -> None:
    found = document(REPORTS["story without a plan"])
    assert (found["plan"], found["fleet"], found["actions"]) == (None, None, [])


def test_an_unlock_holds_who_held_the_lock() -> None:
    found = document(ledger_samples.UNLOCK_REPORT)
    assert (found["workspace"], found["run"]) == ("prod", DEAD)
    assert found["holder"]["who"]["host"] == "runner-7"
    assert (found["holder"]["age"], found["holder"]["dead"]) == (31.5, True)


def test_a_guard_that_was_not_judged_says_so() -> None:
    guards = document(REPORTS["plan that was not judged"])["guards"]
    found = {guard["guard"]: guard for guard in guards}["observed-fleet-shrink"]
    assert (found["judgement"], found["limit"], found["total"]) == ("not_judged", 30, None)
    assert (found["actual"], found["remedy"]) == (1, None)
    assert "skipped: no earlier run is known" in found["message"]


def test_a_shrunken_fleet_says_what_would_let_it_pass() -> None:
    guards = document(REPORTS["shrunken plan"])["guards"]
    found = {guard["guard"]: guard for guard in guards}["observed-fleet-shrink"]
    assert (found["actual"], found["limit"], found["total"]) == (1, 30, 7)
    assert found["flag"] == "--allow observed-fleet-shrink"
    assert "maxFleetShrinkPercent: 86" in found["remedy"]
