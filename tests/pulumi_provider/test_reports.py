"""What a pipeline reads of a program: the command line's own reports, also of what went wrong."""

import atexit
import json
import os
import shutil
from pathlib import Path

import pulumi
import pytest

from reconciler.cli.exits import exit_status
from reconciler.domain import Diagnostic, InvalidInput
from reconciler.ledger import LedgerError, LedgerMissing, LedgerUnreachable, LockHeld
from reconciler.planning import PlanUnusable
from reconciler.pulumi_provider import Fleet
from reconciler.pulumi_provider.declaration import CompletionCheck
from reconciler.pulumi_provider.evaluation import EvaluationRequest, Failure
from reconciler.pulumi_provider.reports import ProgramReporter, ReportFile, failure_report
from reconciler.recall import CredentialsRefused, RecallError, Throttled
from reconciler.runs import Holder, JournalFailed, Who
from reconciler.sandbox import Fault, FaultKind, Match
from tests.pulumi_provider.evaluated import OWNER, approved
from tests.pulumi_provider.fleet_folder import FleetFolder
from tests.reporting.samples import PLAN_REPORT

HOLDER = Holder("trial", "r-1", Who("me", "here", 1, None), "then", "then", 1.0, dead=False)


def reported(folder: FleetFolder, monkeypatch: pytest.MonkeyPatch) -> object:
    """The report of a preview that fails."""
    monkeypatch.chdir(folder.folder)
    path = folder.write("report.json", "of an earlier run")
    environ = {"RECONCILER_REPORT": f"json={path}"}
    with pytest.raises(pulumi.RunError):
        approved(Fleet("trial"), EvaluationRequest(OWNER), update=False, environ=environ)
    return json.loads(path.read_text("utf-8"))


def test_an_api_that_fails_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = FleetFolder(tmp_path)
    listing = Match(endpoint="list_users")
    folder.fail(Fault(kind=FaultKind.STATUS, status=403, match=listing, times="forever"))
    shown = str(reported(folder, monkeypatch))
    assert "'kind': 'error'" in shown
    assert "'status': 69" in shown


def test_a_manifest_with_errors_is_reported_with_every_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FleetFolder(tmp_path)
    folder.declare("{id: a, platforms: [zoom]}", "{id: b, platforms: []}")
    shown = str(reported(folder, monkeypatch))
    assert "'status': 65" in shown
    assert "people.yaml" in shown


def test_a_configuration_that_cannot_be_read_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FleetFolder(tmp_path)
    folder.configure("nonsense: 1")
    assert "'status': 65" in str(reported(folder, monkeypatch))


def test_a_ledger_that_fails_at_the_end_of_an_update_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FleetFolder(tmp_path)
    monkeypatch.chdir(folder.folder)
    path = folder.write("report.json", "of an earlier run")
    one = approved(Fleet("trial"), EvaluationRequest(OWNER), update=True)
    reporter = ProgramReporter({"RECONCILER_REPORT": f"json={path}"}, ["trial"])
    check = CompletionCheck([one], reporter)
    atexit.unregister(check._leave)
    one.share_run()
    shutil.rmtree(folder.folder / ".reconciler")
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    with pytest.raises(SystemExit):
        check._check()
    assert "ledger" in str(said)
    shown = json.loads(path.read_text("utf-8"))
    assert (shown["kind"], shown["status"]) == ("error", 75)
    assert folder.disconnects() == []


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput(Diagnostic(None, "wrong")),
        LedgerMissing("none"),
        LedgerUnreachable("gone"),
        LedgerError("not ours"),
        LockHeld(HOLDER),
        JournalFailed("full"),
        Throttled("later"),
        CredentialsRefused("no"),
        RecallError("down"),
        PlanUnusable("expired"),
        ValueError("a defect"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_has_the_status_that_the_command_line_ends_with(error: Exception) -> None:
    with pytest.raises(type(error)):
        raise error
    assert failure_report(Failure(error)).status == exit_status(error)


def test_a_report_that_cannot_be_written_is_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FleetFolder(tmp_path)
    folder.configure("nonsense: 1")
    monkeypatch.chdir(tmp_path)
    environ = {"RECONCILER_REPORT": "json=no/such/folder"}
    with pytest.raises(pulumi.RunError, match="no/such/folder cannot be written"):
        approved(Fleet("trial"), EvaluationRequest(OWNER), update=False, environ=environ)


@pytest.mark.parametrize("option", ["report.json", "yaml=report.yaml", "json="])
def test_a_report_that_cannot_be_meant_is_refused(option: str) -> None:
    with pytest.raises(InvalidInput, match="write FORMAT=PATH, with one of"):
        ReportFile({"RECONCILER_REPORT": option}, ["trial"])


def test_a_format_that_there_is_not_is_refused() -> None:
    formats = "text, json, jsonl, markdown, csv, html, sarif, junit, github"
    with pytest.raises(InvalidInput, match=formats):
        ReportFile({"RECONCILER_REPORT": "nonsense=report"}, ["trial"])


def test_a_page_of_a_program_has_the_links_of_the_environment(tmp_path: Path) -> None:
    base = "https://git.test/{file}#L{line}"
    environ = {"RECONCILER_REPORT": f"html={tmp_path}/page.html", "RECONCILER_LINK_BASE": base}
    ReportFile(environ, ["trial"]).write("trial", PLAN_REPORT)
    written = (tmp_path / "page.html").read_text("utf-8")
    assert "https://git.test/" in written


def test_a_link_base_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    environ = {"RECONCILER_REPORT": f"html={tmp_path}/page.html", "RECONCILER_LINK_BASE": "git"}
    with pytest.raises(InvalidInput, match="RECONCILER_LINK_BASE 'git': it begins with neither"):
        ReportFile(environ, ["trial"])


def test_reports_of_several_workspaces_are_kept_apart(tmp_path: Path) -> None:
    both = ("trial", "other")
    with pytest.raises(InvalidInput, match=r"put \{workspace\} into the path"):
        ReportFile({"RECONCILER_REPORT": f"json={tmp_path}/report.json"}, both)
    each = ReportFile({"RECONCILER_REPORT": f"json={tmp_path}/{{workspace}}.json"}, both)
    each.write("other", failure_report(Failure(PlanUnusable("expired"))))
    assert [path.name for path in tmp_path.iterdir()] == ["other.json"]


@pytest.mark.parametrize("path", ["/nonexistent/x", "/", ".", "..", "x" * 300, "\0"])
def test_a_path_that_cannot_be_written_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be written"):
        ReportFile({"RECONCILER_REPORT": f"text={path}"}, ["trial"]).write(
            "trial", failure_report(Failure(PlanUnusable("expired")))
        )


def test_a_report_goes_where_a_link_leads_and_into_no_fifo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "report.txt")
    report = failure_report(Failure(PlanUnusable("expired")))
    with pytest.raises(InvalidInput, match="no regular file"):
        ReportFile({"RECONCILER_REPORT": f"text={tmp_path}/fifo"}, ["trial"]).write("trial", report)
    ReportFile({"RECONCILER_REPORT": f"text={tmp_path}/link"}, ["trial"]).write("trial", report)
    assert (tmp_path / "link").is_symlink()
    assert "expired" in (tmp_path / "report.txt").read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fifo", "link", "report.txt"]


def test_a_report_on_standard_output_is_refused_in_words() -> None:
    with pytest.raises(InvalidInput, match="standard output is Pulumi's; name a file"):
        ReportFile({"RECONCILER_REPORT": "json=-"}, ["trial"])
