"""Reports as a comment on a pull request."""

import pytest
from msgspec import structs

from reconciler.planning import Judgement
from reconciler.reporting import (
    Check,
    CheckState,
    DoctorReport,
    Format,
    PlanReport,
    Report,
    RunReport,
    ValidationReport,
    render,
)
from reconciler.reporting.documents import ErrorReport
from reconciler.runs.journal import Outcome
from tests.reporting import samples
from tests.reporting.hostile import KINDS, reports
from tests.reporting.samples import disconnect, ended, result_of

GITHUB = 65_536


def markdown(report: Report) -> str:
    return render(report, Format.MARKDOWN)


def test_a_plan_begins_with_its_workspace_and_summary() -> None:
    blocks = markdown(samples.PLAN_REPORT).split("\n\n")
    assert blocks[0] == "### Plan for `prod` at `https://us-west-2.recall.ai`"
    assert blocks[1].startswith("**Plan: 4 to disconnect, 1 to update,")


def test_actions_are_rows_with_sign_user_account_reason_note_and_place() -> None:
    found = markdown(samples.PLAN_REPORT)
    assert "|  | User | Action | Account | Why | Source |" in found
    assert (
        "| `-` | `carol` | disconnect google | `carol.google@mail.test` "
        "| the manifest wants nothing connected (`platforms: []`); "
        "note: `left 2026-10-31 (HR-1234)` "
        "| `people.yaml:9:5` |" in found
    )


def test_what_is_not_done_is_folded() -> None:
    found = markdown(samples.PLAN_REPORT)
    for title in ("4 held", "3 waiting for a person", "2 warnings", "5 left alone"):
        assert f"<details><summary>{title}</summary>" in found
    assert found.count("<details>") == found.count("</details>") == 4


def test_a_converged_plan_has_no_table() -> None:
    found = markdown(samples.CONVERGED_REPORT)
    assert "**No changes. 1 converged.**" in found
    assert "| User |" not in found


def test_a_refusal_is_a_warning_with_what_would_allow_it() -> None:
    found = markdown(samples.REFUSED_REPORT)
    assert "> [!WARNING]\n> max-disconnects refused: 30 disconnects" in found
    assert "`--allow max-disconnects`" in found
    assert found.index("> [!WARNING]") < found.index("| User |")


def test_an_allowance_is_reported_without_a_warning() -> None:
    plan = samples.refused_plan()
    allowed = tuple(structs.replace(v, judgement=Judgement.ALLOWED) for v in plan.content.refusals)
    found = markdown(PlanReport(plan, 0, verdicts=allowed))
    assert "> max-disconnects refused, but allowed for this run" in found
    assert "[!WARNING]" not in found


def test_an_incomplete_observation_is_a_warning_with_its_problems() -> None:
    found = markdown(samples.INCOMPLETE_REPORT)
    assert "The observation is incomplete." in found
    assert "- `page 2 of the list: 503`" in found
    assert "<details><summary>1 undetermined</summary>" in found


def test_a_selection_is_reported() -> None:
    plan = samples.rich_plan()
    content = structs.replace(plan.content, selection=("alice",), deselected=2)
    found = markdown(PlanReport(structs.replace(plan, content=content), 0))
    assert "Selected: `alice`; 2 actions of other users left out" in found


def test_a_run_tells_outcomes_halt_and_next_steps() -> None:
    found = markdown(samples.RUN_REPORT)
    assert "### Run for `prod`" in found
    assert "> [!CAUTION]\n> The run stopped early: it was interrupted by SIGTERM" in found
    assert "- 1 failed: nothing was changed; fix the cause" in found
    assert "| `✗` | `u4` | disconnect microsoft |  | failed: the API rejected the request" in found
    assert "Not acted on: 3 waiting for a person, 4 held." in found


def test_a_run_without_actions_has_no_table() -> None:
    found = markdown(samples.run_report(result_of()))
    assert "| User |" not in found
    assert "What to do next" not in found


def test_manifests_tell_their_errors() -> None:
    found = markdown(samples.VALIDATION_REPORT)
    assert "### Manifests of `prod`" in found
    assert "`people.yaml:3:5`:" in found
    assert "(``did you mean `platforms`?``)" in found


def test_manifests_without_a_workspace_are_just_manifests() -> None:
    assert markdown(ValidationReport(1, 1, None, (), 0)).startswith("### Manifests\n")


def test_doctor_tells_its_checks() -> None:
    found = markdown(samples.DOCTOR_REPORT)
    assert "### Doctor of `prod` at `https://us-west-2.recall.ai`" in found
    assert "- failed: `credentials` `the API key was refused` (`check the region`)" in found


def test_doctor_without_a_workspace_is_just_doctor() -> None:
    report = DoctorReport(None, None, (Check("key", CheckState.OK, "found"),), 0)
    assert markdown(report).startswith("### Doctor\n")


def test_an_error_tells_its_status_and_problems() -> None:
    found = markdown(ErrorReport(77, samples.ERROR_REPORT.problems))
    assert found.startswith("### Error\n")
    assert "> [!CAUTION]\n> Exit status 77: the credentials were refused." in found
    assert "- `the API key was refused` (`check the region`)" in found


def test_an_error_with_a_plan_names_it() -> None:
    assert markdown(samples.ERROR_REPORT).startswith("### Plan for `prod`")


def test_a_plan_beyond_githubs_limit_is_cut_where_the_reader_sees_it() -> None:
    plan = samples.plan_with(*(disconnect(f"user{n:05}", note="left") for n in range(5_000)))
    found = markdown(PlanReport(plan, 0))
    shown = found.count("\n| `-` |")
    assert 0 < shown < 5_000
    assert f"… and {5_000 - shown} more; see the JSON report" in found
    assert len(found) <= GITHUB
    assert "5000 to disconnect" in found


def test_sections_after_a_cut_still_say_how_much_they_hold() -> None:
    plan = samples.rich_plan()
    actions = tuple(disconnect(f"user{n:05}") for n in range(5_000))
    content = structs.replace(plan.content, actions=actions)
    found = markdown(PlanReport(structs.replace(plan, content=content), 0))
    assert "<details><summary>4 held</summary>" in found
    assert found.count("<details>") == found.count("</details>")


def test_a_comment_that_fits_is_not_cut() -> None:
    assert "more; see the JSON report" not in markdown(samples.REFUSED_REPORT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("character", ["x", "\x1b", "\U000e0041", "`", "|", "\\|", "@"])
def test_no_text_makes_a_comment_longer_than_github_takes(kind: str, character: str) -> None:
    found = markdown(reports(character * 50_000)[kind])
    assert len(found) <= GITHUB
    assert len(found.encode("utf-16-le")) // 2 <= GITHUB


def test_very_many_long_results_stay_within_githubs_limit() -> None:
    results = [
        ended(Outcome.FAILED, "rejected", disconnect(f"{n}" * 90), detail="\U0001f600" * 2_000)
        for n in range(1_000)
    ]
    report = RunReport(samples.converged_plan(), result_of(*results), 4)
    assert len(markdown(report).encode()) <= GITHUB
    assert "more; see the JSON report" in markdown(report)


def test_a_run_that_a_signal_stopped_ends_with_the_command_that_continues_it() -> None:
    report = structs.replace(samples.RUN_REPORT, continue_with=("reconciler", "resume", "run-1"))
    assert markdown(report).split("\n\n")[-1].strip() == (
        "To continue with what was not attempted: `reconciler resume run-1`"
    )
