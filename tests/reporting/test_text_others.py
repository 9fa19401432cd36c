"""Validation, doctor and errors as text."""

from reconciler.domain import Diagnostic, SourceLocation
from reconciler.reporting import (
    Check,
    CheckState,
    DoctorReport,
    ErrorReport,
    Format,
    ValidationReport,
    render,
)
from tests.reporting import samples


def lines(report: ValidationReport | DoctorReport | ErrorReport) -> list[str]:
    return render(report, Format.TEXT).splitlines()


def test_every_error_of_a_manifest_stands_with_its_place_and_hint() -> None:
    assert lines(samples.VALIDATION_REPORT) == [
        "Manifests of workspace prod",
        "",
        "error: people.yaml:3:5: unknown field `platfroms`",
        "  did you mean `platforms`?",
        "error: empty.yaml: the file is empty",
        "",
        "Invalid: 2 errors in 2 files.",
    ]


def test_valid_manifests_are_one_line() -> None:
    assert lines(ValidationReport(1, 1, None, (), 0)) == ["Valid: 1 user in 1 file."]


def test_an_error_that_is_in_no_file_counts_none() -> None:
    report = ValidationReport(0, 0, None, (Diagnostic(None, "no manifests"),), 65)
    assert lines(report)[-1] == "Invalid: 1 error."


def test_a_long_path_keeps_its_line_and_column() -> None:
    place = SourceLocation("d/" * 500 + "people.yaml", 1234, 56)
    found = lines(ValidationReport(0, 1, None, (Diagnostic(place, "wrong"),), 65))
    assert found[0].startswith("error: d/d/")
    assert found[0].endswith("people.yaml:1234:56: wrong")
    assert len(found[0]) < 300


def test_each_check_stands_with_its_sign_and_hint() -> None:
    assert lines(samples.DOCTOR_REPORT) == [
        "Workspace prod at https://us-west-2.recall.ai",
        "",
        "  ✓ configuration: reconciler.yaml",
        "  ! clock: 4 s ahead of the API",
        "      synchronise it",
        "  ✗ credentials: the API key was refused",
        "      check the region",
        "  · list: needs credentials",
        "",
        "Doctor: 1 ok, 1 warning, 1 failed, 1 skipped.",
    ]


def test_a_workspace_without_an_address_is_named_alone() -> None:
    report = DoctorReport("prod", None, (Check("key", CheckState.OK, "found"),), 0)
    assert lines(report)[0] == "Workspace prod"


def test_doctor_without_checks_says_that_nothing_was_checked() -> None:
    assert lines(DoctorReport(None, None, (), 65)) == ["Doctor: nothing was checked."]


def test_an_error_says_what_helps_and_ends_with_its_status() -> None:
    assert lines(ErrorReport(77, samples.ERROR_REPORT.problems)) == [
        "error: the API key was refused",
        "  check the region",
        "",
        "Exit status 77: the credentials were refused.",
    ]


def test_an_error_with_a_plan_in_hand_says_which_and_what_it_holds() -> None:
    found = lines(samples.ERROR_REPORT)
    assert found[0] == "Plan for workspace prod at https://us-west-2.recall.ai"
    assert any(line.startswith("Plan: 4 to disconnect") for line in found)
    assert found[-1] == "Exit status 77: the credentials were refused."


def test_a_status_out_of_the_contract_is_still_shown() -> None:
    assert lines(ErrorReport(99, ()))[-1] == "Exit status 99."
