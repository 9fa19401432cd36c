"""What was checked, as text: manifests, and an installation."""

from reconciler.reporting.documents import DoctorReport, ValidationReport
from reconciler.reporting.entries import CHECK_SIGNS
from reconciler.reporting.page import Page
from reconciler.reporting.sign import Tone
from reconciler.reporting.text.parts import write_diagnostic
from reconciler.reporting.untrusted import one_line, visible
from reconciler.reporting.wording import summary


def write_validation(page: Page, report: ValidationReport) -> None:
    """Every error of the manifests."""
    if report.workspace is not None:
        page.line((f"Manifests of workspace {visible(report.workspace)}", Tone.HEADING))
        page.gap()
    for diagnostic in report.diagnostics:
        write_diagnostic(page, diagnostic)
    page.gap()
    page.prose(summary.of_validation(report), Tone.HEADING)


def write_doctor(page: Page, report: DoctorReport) -> None:
    """Every check with its sign, and what helps."""
    if report.workspace is not None:
        at = "" if report.address is None else f" at {visible(report.address)}"
        page.line((f"Workspace {visible(report.workspace)}{at}", Tone.HEADING))
        page.gap()
    for check in report.checks:
        sign = CHECK_SIGNS[check.state]
        page.sentence(
            ("  " + sign.mark, sign.tone),
            f" {visible(check.name)}: {one_line(check.message)}",
            rest="      ",
        )
        if check.hint is not None:
            page.prose(one_line(check.hint), Tone.FAINT, first="      ", rest="      ")
    page.gap()
    page.prose(summary.of_doctor(report), Tone.HEADING)
