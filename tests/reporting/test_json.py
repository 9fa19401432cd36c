"""What the machine-readable formats hold."""

import json
from typing import Any

from msgspec import UNSET

from reconciler.planning import encode_plan
from reconciler.reporting import Format, PlanReport, Report, render
from reconciler.reporting.documents import ErrorReport
from tests.reporting import samples


def document(report: Report) -> dict[str, Any]:
    found = json.loads(render(report, Format.JSON))
    assert isinstance(found, dict)
    return found


def test_a_plan_is_in_its_document_as_it_is_in_its_file() -> None:
    plan = samples.rich_plan()
    found, saved = document(PlanReport(plan, 0)), json.loads(encode_plan(plan))
    assert found["content"] == saved["content"]
    assert found["envelope"] == saved["envelope"]
    assert found["digest"] == plan.content.digest()


def test_a_document_begins_with_its_kind_and_is_indented_by_two() -> None:
    assert render(samples.PLAN_REPORT, Format.JSON).startswith(
        '{\n  "kind": "plan",\n  "format": "reconciler/report/v1",\n  "status": 0,\n'
    )


def test_the_summary_of_a_plan_counts_each_kind() -> None:
    assert document(samples.PLAN_REPORT)["summary"] == {
        "disconnect": 4,
        "update_preferences": 1,
        "pending": 3,
        "not_found": 0,
        "blocked": 4,
        "undetermined": 0,
        "converged": 2,
        "spared": 5,
        "deselected": 0,
        "problems": 0,
        "reported": 0,
    }


def test_a_refusal_carries_its_limit_place_flag_and_remedy() -> None:
    guards = {guard["guard"]: guard for guard in document(samples.REFUSED_REPORT)["guards"]}
    refusal = guards["max-disconnects"]
    assert refusal["judgement"] == "refused"
    assert (refusal["actual"], refusal["limit"]) == (30, 10)
    assert refusal["limit_source"] == "reconciler.yaml:12:5"
    assert refusal["flag"] == "--allow max-disconnects"
    assert "maxDisconnects: 30" in refusal["remedy"]
    assert guards["empty-desired"]["remedy"] is None
    assert guards["complete-observation"]["flag"] is None


def test_verdicts_of_an_acting_run_leave_the_content_as_it_was_planned() -> None:
    found = document(PlanReport(samples.refused_plan(), 0, verdicts=()))
    assert found["guards"] == []
    assert found["content"]["guards"]


def test_a_run_holds_each_action_with_outcome_and_explanation() -> None:
    failed = document(samples.RUN_REPORT)["results"][3]
    action = failed.pop("action")
    assert failed == {
        "user": "u4",
        "kind": "disconnect",
        "platform": "microsoft",
        "outcome": "failed",
        "cause": "rejected",
        "message": "the API rejected the request",
        "detail": "400: no such platform",
        "next": "nothing was changed; fix the cause, then plan and apply again",
        "calls": 1,
        "carried": False,
        "source": None,
    }
    assert action["connection_id"] == "c-u4"


def test_preferences_have_no_platform_in_a_run() -> None:
    updated = document(samples.RUN_REPORT)["results"][1]
    assert (updated["kind"], updated["platform"]) == ("update_preferences", None)
    assert updated["action"]["preferences"] == {"bot_name": "New"}


def test_a_run_counts_its_outcomes_and_calls() -> None:
    counts = document(samples.RUN_REPORT)["summary"]
    assert counts.pop("calls") == 3
    assert set(counts.values()) == {1}


def test_a_run_says_why_it_stopped_early() -> None:
    halted = document(samples.RUN_REPORT)["halted"]
    assert (halted["cause"], halted["detail"], halted["signal"]) == (
        "interrupted",
        "asked to stop",
        15,
    )


def test_a_run_that_went_through_has_no_halt() -> None:
    report = samples.run_report(samples.result_of())
    assert document(report)["halted"] is None


def test_an_error_has_its_place_in_parts() -> None:
    first, second = document(samples.VALIDATION_REPORT)["diagnostics"]
    assert first == {
        "message": "unknown field `platfroms`",
        "hint": "did you mean `platforms`?",
        "file": "people.yaml",
        "line": 3,
        "column": 5,
    }
    assert second == {
        "message": "the file is empty",
        "hint": None,
        "file": "empty.yaml",
        "line": None,
        "column": None,
    }


def test_an_error_without_a_place_has_nulls() -> None:
    problem = document(samples.ERROR_REPORT)["problems"][0]
    assert (problem["file"], problem["line"], problem["column"]) == (None, None, None)


def test_an_error_names_the_plan_in_hand() -> None:
    assert document(samples.ERROR_REPORT)["plan"]["digest"] == samples.rich_plan().content.digest()
    assert document(ErrorReport(65, ()))["plan"] is None


def test_doctor_counts_its_checks() -> None:
    found = document(samples.DOCTOR_REPORT)
    assert found["summary"] == {"ok": 1, "warning": 1, "failed": 1, "skipped": 1}
    assert found["checks"][1]["hint"] == "synchronise it"


def test_a_file_name_that_is_no_text_does_not_break_the_document() -> None:
    plan = samples.plan_with(samples.update())
    report = PlanReport(plan, 0, saved_to="out/\udcff.json")
    assert document(report)["saved_to"] == "out/?.json"
    assert document(report)["content"]["actions"][0]["preferences"] == {"bot_name": "New"}
    assert str(UNSET) not in render(report, Format.JSON)


def test_an_incomplete_plan_holds_its_problems_and_who_is_undetermined() -> None:
    found = document(samples.INCOMPLETE_REPORT)
    assert found["content"]["problems"] == ["page 2 of the list: 503"]
    assert found["content"]["undetermined"] == [{"user": "zoe"}]
    assert found["envelope"]["sources"]["zoe"] == "people.yaml:1:5"


def test_every_action_has_its_place() -> None:
    found = document(samples.PLAN_REPORT)
    first = found["content"]["actions"][0]["user"]
    assert found["envelope"]["sources"][first] == "people.yaml:3:5"
